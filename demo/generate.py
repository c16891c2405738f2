"""The synthetic directory, as plain values: the same seed makes the same people.

Pure: no database, no clock. `demo.load` writes what this describes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from core.web.words import listed
from demo import names
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

OPEN, WAITING, EXPIRED, FULL, OVERDUE, CLOSED = (
    "open",
    "waiting",
    "expired",
    "full",
    "overdue",
    "closed",
)
"""What a made provider shows: bookable, in the admin's queue, a licence run out, no time left,
attestation overdue, not taking new people."""


@dataclass(frozen=True)
class MadeCredential:
    kind: str
    state: str
    license_type: str
    number: str
    expires_on: date | None
    verified: bool


@dataclass(frozen=True)
class MadeService:
    kind: str
    title: str
    minutes: int
    fee_cents: int
    for_new: bool
    for_returning: bool


@dataclass(frozen=True)
class MadeProvider:
    """One person of the directory, whole."""

    email: str
    fate: str
    profession: str
    first: str
    last: str
    letters: str
    pronouns: str
    headline: str
    approach: str
    conditions: list[str]
    modalities: list[str]
    ages: list[str]
    languages: list[str]
    insurance: list[str]
    sliding_scale: bool
    time_zone: str
    credentials: list[MadeCredential]
    services: list[MadeService]
    weekly: list[dict[str, object]]
    busy: float  # share of the coming two weeks' times that are taken


def make_providers(count: int, seed: int, today: date) -> Iterator[MadeProvider]:
    """`count` people over all states and professions; the first is the demo's own, in WA."""
    rng = Random(seed)
    taken: set[str] = set()
    for number in range(count):
        yield _provider(rng, number, today, taken)


def _provider(rng: Random, number: int, today: date, taken: set[str]) -> MadeProvider:
    fate = _fate(number)
    key = "clinical_social_worker" if number == 0 else _pick(rng, PROFESSION_WEIGHTS)
    profession = PROFESSIONS[key]
    first, last = ("Dana", "Whitaker") if number == 0 else _name(rng, taken)
    home = "WA" if number == 0 else _home(rng, number)
    license_type = _license_type(rng, profession, number)
    conditions = _conditions(rng, profession)
    modalities = _modalities(rng, profession, conditions)
    languages = ["en"] + (rng.sample(OTHER_LANGUAGES, 1) if rng.random() < 0.34 else [])
    if home == "PR" and "es" not in languages:
        languages.append("es")
    return MadeProvider(
        email=f"{first}.{last}.{number}@example.com".lower() if number else "provider@example.com",
        fate=fate,
        profession=key,
        first=first,
        last=last,
        letters=license_type,
        pronouns=rng.choice(names.PRONOUNS),
        headline=rng.choice(names.HEADLINES[profession.kind]),
        approach=_approach(rng, profession, conditions, modalities),
        conditions=conditions,
        modalities=modalities,
        ages=_ages(rng, key),
        languages=languages,
        insurance=_insurance(rng),
        sliding_scale=rng.random() < 0.35,
        time_zone=STATES[home].zone,
        credentials=_credentials(rng, profession, license_type, home, last, number, fate, today),
        services=_services(rng, profession, modalities),
        weekly=_weekly(rng, fate),
        busy=1.0 if fate == FULL else rng.choice((0.15, 0.4, 0.7, 0.96)),
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


def _pick(rng: Random, weights: dict[str, int]) -> str:
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
    offered = offered_modalities(profession.key)
    fitting = [m for c in conditions for m in CONDITIONS[c].methods if m in offered]
    chosen = set(rng.sample(offered, min(len(offered), rng.randint(2, 4)))) | set(fitting[:4])
    if profession.is_prescriber:
        chosen |= {"psychiatric_evaluation", "medication_management"}
    return [m for m in MODALITIES if m in chosen]


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
    home: str,
    last: str,
    number: int,
    fate: str,
    today: date,
) -> list[MadeCredential]:
    verified = fate != WAITING
    later = today + timedelta(days=rng.randint(200, 900))
    states = [home]
    if fate == OPEN and number and rng.random() < 0.4:
        states += [c for c in rng.sample(POPULOUS, rng.randint(1, 3)) if c != home]
    npi = make_npi(f"{1 + number % 2}{rng.randint(0, 99_999_999):08d}")
    made = [MadeCredential("npi", "", "", npi, None, verified)]
    for state in states:
        expires = today - timedelta(days=20) if fate == EXPIRED else later
        licence = f"{license_type[:2].upper()}{rng.randint(10_000, 999_999)}"
        made.append(
            MadeCredential("state_license", state, license_type, licence, expires, verified)
        )
    if "board_certification" in profession.requires:
        board = f"{rng.randint(10_000, 99_999)}"
        made.append(MadeCredential("board_certification", "", "ABPN", board, later, verified))
    if "dea" in profession.requires:
        dea = make_dea(f"{rng.choice('BFM')}{last[0].upper()}", f"{rng.randint(0, 999_999):06d}")
        made.append(MadeCredential("dea", home, "", dea, later, verified))
    return made


def _services(rng: Random, profession: Profession, modalities: Sequence[str]) -> list[MadeService]:
    offered = offered_services(profession.key)
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
