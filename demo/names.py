"""Invented people's names and the words they use of themselves. Nobody here exists."""

FIRST = (
    "Amara Ana Andre Anika Arjun Beatriz Ben Bianca Caleb Camille Carlos Carmen Chidi Clara Dana "
    "Daniel Darius Deborah Desmond Diego Dolores Elena Eli Emeka Emily Esther Ethan Fatima Felix "
    "Frances Gabriel Grace Hana Hannah Hector Helen Hugo Imani Ines Isaac Ivy Jamal James Jasmine "
    "Joel Jonah Joy Juan June Kai Karen Keisha Kenji Kofi Laila Lena Leo Lila Linh Lucia Luis "
    "Maya Malik Mara Marcus Margaret Maria Mateo Mei Mira Miriam Nadia Naomi Nathan Nia Noah Nora "
    "Olivia Omar Oscar Paula Peter Priya Quinn Rachel Rafael Rania Rebecca Ren Rosa Ruth Samira "
    "Samuel Sara Silas Simone Sofia Soren Tamar Tariq Teresa Theo Thuy Tobias Uma Vera Victor "
    "Walter Wanda Xavier Yara Yusuf Zara Zoe"
).split()

LAST = (
    "Abara Acosta Adler Akande Alvarez Anders Ayala Bailey Banerjee Barros Becker Bell Benitez "
    "Bergman Blake Boateng Brandt Bui Calder Campos Castillo Chan Choi Clarke Cohen Cortez Cruz "
    "Dalton Das Delgado Diaz Dixon Doyle Duarte Ellison Eze Farrow Fernandez Fields Fischer Flores "
    "Foster Franklin Gallo Garcia Gibbs Greene Gupta Haddad Hale Harlan Hayes Herrera Hoang Holt "
    "Hughes Ibarra Iqbal Jensen Jordan Kaplan Keller Khan Kim Klein Kowalski Lam Larsen Lee Levin "
    "Lopez Lund Madden Malik Marsh Mbeki Mendez Meyer Moreno Morris Murphy Nakamura Navarro Nguyen "
    "Nolan Novak Obi Okafor Olsen Ortega Osei Park Patel Pena Perez Pham Pierce Quintero Rahman "
    "Ramos Reyes Rivera Rosen Ruiz Saito Salazar Santos Sato Schultz Shah Silva Singh Soto Stone "
    "Suarez Tanaka Thorne Torres Tran Vance Vargas Vega Walsh Ward Weiss West Whitaker Wong Wright "
    "Yang Yates Young Zamora Zhang"
).split()

HEADLINES = {
    "therapy": (
        "We go at your pace, and you decide what we talk about first.",
        "Practical tools you can use the same week, and room for what hurts.",
        "You do not have to find the right words. We look for them together.",
        "Warm, direct, and on your side. I give honest feedback and homework you will want to do.",
        "I help people who look fine from outside and are worn out inside.",
        "Small steps, kept up, change more than big plans. I help you keep them up.",
        "A steady hour each week in which nothing is too small to say.",
        "I listen closely, ask plainly, and tell you what I think would help and why.",
    ),
    "psychiatry": (
        "Careful with medication: as little as helps, explained in plain words.",
        "I start with your whole story, then we decide together what to try first.",
        "You will leave each visit knowing what we do next and what to watch for.",
        "Unhurried visits, clear plans, and a message back when something changes.",
        "I work closely with therapists, so that you tell your story once.",
        "Evidence first, and your own goals before mine.",
    ),
}

OPENINGS = {
    "therapy": (
        "Most people who write to me have been putting it off for a while. That is fine.",
        "My work begins with what you would like to be different, in your own words.",
        "I have worked in clinics, schools and on my own, and I still find people good company.",
    ),
    "psychiatry": (
        "A first visit with me takes its time: your history, your sleep, your body, your worries.",
        "I trained in medicine because I like to know how body and mind pull on each other.",
        "I prescribe when it helps, and I also say so when it would not.",
    ),
}

MIDDLES = (
    "I work mostly with {focus}.",
    "Much of my week is about {focus}.",
    "People come to me for {focus}, and often for what lies beside it.",
)

WAYS = (
    "I draw on {methods}, and I tell you why I suggest what I suggest.",
    "My tools are {methods}; which of them we use depends on you.",
    "We might use {methods}. Nothing happens that you have not agreed to.",
)

ENDINGS = (
    "After three sessions we look together at whether it helps, and change course if it does not.",
    "If I am not the right person, I help you find who is.",
    "Between sessions you can write me a short note; I answer on working days.",
    "You can stop at any time, and you need not say why.",
)

SHE, HE, THEY = "she", "he", "they"
_HE = frozenset(
    "Andre Arjun Ben Caleb Carlos Chidi Daniel Darius Desmond Diego Eli Emeka Ethan Felix Gabriel "
    "Hector Hugo Isaac Jamal James Joel Jonah Juan Kenji Kofi Leo Luis Malik Marcus Mateo Nathan "
    "Noah Omar Oscar Peter Rafael Samuel Silas Soren Tariq Theo Tobias Victor Walter Xavier "
    "Yusuf".split()
)
_THEY = frozenset("Dana Joy June Kai Quinn Ren".split())
PRONOUNS = {
    SHE: ("she/her", "she/her", "she/they", "", "", ""),
    HE: ("he/him", "he/him", "he/they", "", "", ""),
    THEY: ("they/them", "they/them", "she/her", "", "", ""),
}


def manner_of(first: str) -> str:
    """What most people with this name are called by: `SHE`, `HE`, or `THEY` for either."""
    if first in _HE:
        return HE
    return THEY if first in _THEY else SHE
