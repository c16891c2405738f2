"""The synthetic directory, as plain values: the same seed makes the same people.

Pure: no database, no clock. `demo.load` writes what this describes.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from random import Random

from core.web.formats import listed
from demo import names
from demo.made import (
    CLOSED,
    EXPIRED,
    FULL,
    OPEN,
    OVERDUE,
    WAITING,
    MadeCredential,
    MadeProvider,
    MadeService,
    Outline,
)
from directory.rules.numbers import make_dea, make_npi
from directory.rules.offerings import offered_modalities, offered_services
from directory.taxonomy import (
    CONDITIONS,
    INSURANCE,
    LANGUAGES,
    MODALITIES,
    PROFESSIONS,
    SERVICE_KINDS,
    STATES,
    Profession,
)

PROFESSION_WEIGHTS = {
    "psychiatrist": 15,
    "child_psychiatrist": 7,
    "pmhnp": 14,
    "psychiatric_pa": 5,
    "psychologist": 16,
    "clinical_social_worker": 17,
    "counselor": 16,
    "marriage_family_therapist": 10,
}
POPULOUS = ("CA", "TX", "FL", "NY", "PA", "IL", "OH", "GA", "NC", "MI", "WA", "MA", "AZ", "VA")
OTHER_LANGUAGES = [key for key in LANGUAGES if key != "en"]


def make_providers(count: int, seed: int, today: date) -> Iterator[MadeProvider]:
    """`count` people over all states and professions; the first is the demo's own, in WA."""
    rng = Random(seed)  # nosec B311  # reproducible, not secret
    taken: set[str] = set()
    for number in range(count):
        yield make_provider(rng, number, _outline(rng, number, taken), today)


def make_provider(rng: Random, number: int, outline: Outline, today: date) -> MadeProvider:
    """The rest of a person. `number`: from 0, no two the same; identifiers follow from it."""
    key, first, last = outline.profession, outline.first, outline.last
    profession = PROFESSIONS[key]
    license_type = _license_type(rng, profession, number)
    conditions = _conditions(rng, profession)
    modalities = _modalities(rng, profession, conditions)
    return MadeProvider(
        email=f"{first}.{last}.{number}@example.com".lower() if number else "provider@example.com",
        fate=outline.fate,
        profession=key,
        first=first,
        last=last,
        letters=license_type,
        pronouns=rng.choice(names.PRONOUNS[names.manner_of(first)]),
        headline=rng.choice(names.HEADLINES[profession.kind]),
        approach=_approach(rng, profession, conditions, modalities),
        conditions=conditions,
        modalities=modalities,
        ages=_ages(rng, key),
        languages=outline.languages,
        insurance=_insurance(rng),
        sliding_scale=rng.random() < 0.35,
        time_zone=STATES[outline.home].zone,
        credentials=_credentials(rng, profession, license_type, outline, number, today),
        services=_services(rng, profession, modalities),
        weekly=_weekly(rng, outline.fate),
        busy=1.0 if outline.fate == FULL else rng.choice((0.15, 0.4, 0.7, 0.96)),
    )


def _outline(rng: Random, number: int, taken: set[str]) -> Outline:
    first, last = ("Dana", "Whitaker") if number == 0 else _name(rng, taken)
    home = "WA" if number == 0 else _home(rng, number)
    languages = ["en"] + (rng.sample(OTHER_LANGUAGES, 1) if rng.random() < 0.34 else [])
    if home == "PR" and "es" not in languages:
        languages.append("es")
    return Outline(
        fate=_fate(number),
        profession="clinical_social_worker" if number == 0 else pick(rng, PROFESSION_WEIGHTS),
        first=first,
        last=last,
        home=home,
        languages=languages,
    )


def _fate(number: int) -> str:
    for every, offset, fate in (
        (24, 5, WAITING),
        (40, 11, EXPIRED),
        (30, 17, FULL),
        (60, 23, OVERDUE),
        (26, 13, CLOSED),
    ):
        if number % every == offset:
            return fate
    return OPEN


def pick(rng: Random, weights: Mapping[str, int]) -> str:
    """One of the keys, as often as its weight says."""
    return rng.choices(list(weights), list(weights.values()))[0]


def _name(rng: Random, taken: set[str]) -> tuple[str, str]:
    while True:
        first, last = rng.choice(names.FIRST), rng.choice(names.LAST)
        if f"{first} {last}" not in taken:
            taken.add(f"{first} {last}")
            return first, last


def _home(rng: Random, number: int) -> str:
    codes = list(STATES)
    if number <= len(codes):  # every state has someone
        return codes[number - 1]
    return rng.choice(POPULOUS) if rng.random() < 0.6 else rng.choice(codes)


def _license_type(rng: Random, profession: Profession, number: int) -> str:
    usual = [t for t in profession.licences if len(t) <= 6]
    return "LICSW" if number == 0 else rng.choice(usual[:2])


def _conditions(rng: Random, profession: Profession) -> list[str]:
    leaning = [k for k, c in CONDITIONS.items() if c.start_with in (profession.kind, "either")]
    others = [k for k in CONDITIONS if k not in leaning]
    chosen = set(rng.sample(leaning, min(len(leaning), rng.randint(3, 7))))
    chosen |= set(rng.sample(others, min(len(others), rng.randint(1, 3))))
    chosen |= {k for k in ("anxiety", "depression") if rng.random() < 0.7}
    return [k for k in CONDITIONS if k in chosen]


def _modalities(rng: Random, profession: Profession, conditions: Sequence[str]) -> list[str]:
    offered = _modalities_of(profession.key)
    fitting = [m for c in conditions for m in CONDITIONS[c].methods if m in offered]
    chosen = set(rng.sample(offered, min(len(offered), rng.randint(2, 4)))) | set(fitting[:4])
    if profession.is_prescriber:
        chosen |= {"psychiatric_evaluation", "medication_management"}
    return [m for m in MODALITIES if m in chosen]


@cache
def _modalities_of(profession: str) -> tuple[str, ...]:
    return tuple(offered_modalities(profession))


@cache
def _services_of(profession: str) -> tuple[str, ...]:
    return tuple(offered_services(profession))


def _ages(rng: Random, profession: str) -> list[str]:
    if profession == "child_psychiatrist":
        return ["children", "teens", "adults"]
    ages = ["adults"]
    if rng.random() < 0.35:
        ages.insert(0, "teens")
    if rng.random() < 0.5:
        ages.append("older_adults")
    return ages


def _insurance(rng: Random) -> list[str]:
    plans = [key for key in INSURANCE if key != "self_pay"]
    return ["self_pay", *(p for p in plans if rng.random() < 0.28)]


def _approach(
    rng: Random, profession: Profession, conditions: Sequence[str], modalities: Sequence[str]
) -> str:
    focus = listed([_in_a_sentence(CONDITIONS[c].title) for c in rng.sample(conditions, 3)])
    tools = [MODALITIES[m].short_title for m in rng.sample(modalities, min(3, len(modalities)))]
    first = rng.choice(names.OPENINGS[profession.kind])
    second = rng.choice(names.MIDDLES).format(focus=focus)
    third = rng.choice(names.WAYS).format(methods=listed([_in_a_sentence(t) for t in tools]))
    return f"{first} {second}\n\n{third} {rng.choice(names.ENDINGS)}"


def _in_a_sentence(title: str) -> str:
    """Lower case but for abbreviations: "Grief and loss" → "grief and loss", "CBT" stays."""
    return title if title[1:2].isupper() else title[0].lower() + title[1:]


def _credentials(
    rng: Random,
    profession: Profession,
    license_type: str,
    outline: Outline,
    number: int,
    today: date,
) -> list[MadeCredential]:
    verified = outline.fate != WAITING
    later = today + timedelta(days=rng.randint(200, 900))
    states = [outline.home]
    if outline.fate == OPEN and number and rng.random() < 0.4:
        states += [c for c in rng.sample(POPULOUS, rng.randint(1, 3)) if c != outline.home]
    made = [MadeCredential("npi", "", "", _npi(number), None, verified)]
    for place, state in enumerate(states):
        expires = today - timedelta(days=20) if outline.fate == EXPIRED else later
        licence = f"{license_type[:2].upper()}{_scattered(4 * number + place, 10**7):07d}"
        made.append(
            MadeCredential("state_license", state, license_type, licence, expires, verified)
        )
    if "board_certification" in profession.requires:
        board = f"{_scattered(number, 10**7):07d}"
        made.append(MadeCredential("board_certification", "", "ABPN", board, later, verified))
    if "dea" in profession.requires:
        letters = f"{'BFM'[number % 3]}{outline.last[0].upper()}"
        dea = make_dea(letters, f"{_scattered(number, 10**6):06d}")
        made.append(MadeCredential("dea", outline.home, "", dea, later, verified))
    return made


def _npi(number: int) -> str:
    return make_npi(f"{1 + number % 2}{_scattered(number, 10**8):08d}")


def _scattered(number: int, size: int) -> int:
    """A number below `size`, a power of ten, that looks like chance; the first `size` differ."""
    return (number * 48_271 + 16_807) % size


def _services(rng: Random, profession: Profession, modalities: Sequence[str]) -> list[MadeService]:
    offered = _services_of(profession.key)
    base = rng.choice((16000, 18500, 21000, 25000)) if profession.is_prescriber else 0
    fee = base or rng.choice((9000, 11000, 12500, 14000, 15500, 17500))

    def made(kind: str, minutes: int, cents: int, new: bool, returning: bool) -> MadeService:
        return MadeService(kind, SERVICE_KINDS[kind].title, minutes, cents, new, returning)

    services = []
    if profession.is_prescriber:
        services.append(made("psychiatric_evaluation", 60, fee * 2, True, False))
        services.append(made("medication_management", 30, fee, False, True))
    if "individual" in offered and (not profession.is_prescriber or rng.random() < 0.3):
        services.append(made("individual", 50, fee, True, True))
    if "couples" in offered and "couples" in modalities:
        services.append(made("couples", 75, fee * 14 // 10 // 500 * 500, True, True))
    if "tms_consultation" in offered and "tms" in modalities:
        services.append(made("tms_consultation", 45, fee, True, True))
    if "psychological_testing" in offered and rng.random() < 0.3:
        services.append(made("psychological_testing", 90, fee * 2, True, True))
    if rng.random() < 0.3:
        services.append(made("consultation", 15, 0, True, False))
    return services


def _weekly(rng: Random, fate: str) -> list[dict[str, object]]:
    days = 1 if fate == FULL else rng.choice((2, 3, 4, 5))
    blocks = (
        (("09:00", "12:00"),)
        if fate == FULL
        else rng.choice(
            (
                (("09:00", "12:00"), ("13:00", "17:00")),
                (("10:00", "15:00"),),
                (("08:00", "12:00"),),
                (("12:00", "16:00"), ("17:00", "20:00")),
                (("16:00", "21:00"),),
            )
        )
    )
    weekdays = sorted(rng.sample(range(6 if rng.random() < 0.2 else 5), days))
    return [{"weekday": d, "start": s, "end": e} for d in weekdays for s, e in blocks]
