"""What a directory of the whole country is made of.

`PEOPLE`: residents in thousands, July 2024 (US Census Bureau, Vintage 2024 estimates, NST-EST2024;
territories: 2020 census). `SPANISH`: percent of homes where Spanish is spoken, rounded (American
Community Survey). The other shares are plausible and invented.
"""

from random import Random

from demo import names
from demo.generate import OTHER_LANGUAGES, pick
from demo.made import CLOSED, EXPIRED, FULL, OPEN, OVERDUE, WAITING, Outline

PEOPLE = {
    "CA": 39_431, "TX": 31_290, "FL": 23_372, "NY": 19_867, "PA": 13_079, "IL": 12_710,
    "OH": 11_883, "GA": 11_181, "NC": 11_046, "MI": 10_140, "NJ": 9_501, "VA": 8_811,
    "WA": 7_958, "AZ": 7_583, "TN": 7_228, "MA": 7_136, "IN": 6_924, "MD": 6_263,
    "MO": 6_245, "WI": 5_961, "CO": 5_957, "MN": 5_793, "SC": 5_479, "AL": 5_158,
    "LA": 4_598, "KY": 4_588, "OR": 4_272, "OK": 4_095, "CT": 3_675, "UT": 3_504,
    "NV": 3_267, "IA": 3_241, "PR": 3_203, "AR": 3_088, "KS": 2_971, "MS": 2_943,
    "NM": 2_130, "NE": 2_005, "ID": 2_002, "WV": 1_770, "HI": 1_446, "NH": 1_409,
    "ME": 1_405, "MT": 1_137, "RI": 1_112, "DE": 1_052, "SD": 925, "ND": 797,
    "AK": 740, "DC": 702, "VT": 648, "WY": 588, "GU": 154, "VI": 87, "AS": 50, "MP": 47,
}  # fmt: skip
SPANISH = {
    "PR": 95, "TX": 28, "CA": 28, "NM": 25, "FL": 22, "NV": 21, "AZ": 20, "NJ": 16, "NY": 15,
    "IL": 13, "CT": 12, "RI": 12, "CO": 11, "UT": 10, "MA": 9, "WA": 9, "OR": 9,
}  # fmt: skip
PROFESSIONS = {
    "counselor": 335,
    "clinical_social_worker": 310,
    "psychologist": 115,
    "marriage_family_therapist": 85,
    "psychiatrist": 62,
    "pmhnp": 66,
    "child_psychiatrist": 15,
    "psychiatric_pa": 12,
}
FATES = {OPEN: 620, CLOSED: 190, FULL: 150, WAITING: 20, OVERDUE: 12, EXPIRED: 8}


def outline(rng: Random, number: int) -> Outline:
    """One of the country's; number 0 is the demo's own provider, in WA."""
    if number == 0:
        return Outline(OPEN, "clinical_social_worker", "Dana", "Whitaker", "WA", ["en"])
    home = pick(rng, PEOPLE)
    languages = ["en"]
    if rng.random() < SPANISH.get(home, 4) / 100:
        languages.append("es")
    if rng.random() < 0.08:
        languages.append(rng.choice([one for one in OTHER_LANGUAGES if one != "es"]))
    last = rng.choice(names.LAST)
    if rng.random() < 0.35:
        last = f"{last}-{rng.choice(names.LAST)}"
    return Outline(
        fate=pick(rng, FATES),
        profession=pick(rng, PROFESSIONS),
        first=rng.choice(names.FIRST),
        last=last,
        home=home,
        languages=languages,
    )
