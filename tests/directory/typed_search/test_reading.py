"""What typed words are taken to mean. A table of cases, then what holds for any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.search.query import GROUPS
from directory.taxonomy import (
    AGE_GROUPS,
    CONDITIONS,
    INSURANCE,
    LANGUAGES,
    MODALITIES,
    PROFESSIONS,
    SERVICE_KINDS,
    STATES,
)
from directory.typed_search import Reading, read_words
from directory.typed_search.lexicon import (
    LETTERS,
    LIMITS,
    PARTICLES,
    PHRASES,
    STOPS,
    TITLES,
    URGENT,
    is_slip,
    words_of,
)
from directory.typed_search.reading import pieces_of

THERAPY = "psychologist clinical_social_worker counselor marriage_family_therapist"


def asked(text: str) -> dict[str, str]:
    """Choices with keys joined by blanks, and `rest` where there is one."""
    reading = read_words(text)
    choices = {group: " ".join(keys) for group, keys in reading.choices.items()}
    choices |= {name: str(limit) for name, limit in reading.limits.items()}
    return choices | ({"rest": reading.rest} if reading.rest else {})


UNDERSTOOD: list[tuple[str, dict[str, str]]] = [
    ("psychiatrist in washington", {"state": "WA", "profession": "psychiatrist"}),
    ("Psychiatrists, Washington", {"state": "WA", "profession": "psychiatrist"}),
    ("panic attacks texas", {"state": "TX", "condition": "panic"}),
    ("cbt for teens", {"modality": "cbt", "ages": "teens"}),
    ("CBT", {"modality": "cbt"}),
    ("cbt-i", {"modality": "cbt_i"}),  # the longest phrase wins
    ("cbt for insomnia", {"modality": "cbt_i"}),
    ("social anxiety", {"condition": "social_anxiety"}),  # not anxiety
    ("child psychiatrist", {"profession": "child_psychiatrist"}),
    ("marriage counseling in Ohio", {"state": "OH", "modality": "couples"}),
    ("therapist", {"profession": THERAPY}),
    ("shrink", {"profession": "psychiatrist"}),
    ("LCSW near Oregon", {"state": "OR", "profession": "clinical_social_worker"}),
    ("psych np", {"profession": "pmhnp"}),
    ("bcbs therapist", {"profession": THERAPY, "insurance": "anthem_bcbs"}),
    ("someone who takes medicaid and speaks spanish", {"language": "es", "insurance": "medicaid"}),
    ("ESPAÑOL", {"language": "es"}),
    ("中文", {"language": "zh"}),
    ("fear of flying", {"condition": "phobias"}),  # a small word inside a phrase
    ("can't sleep", {"condition": "insomnia"}),  # an apostrophe
    ("self-esteem", {"condition": "self_esteem"}),  # a hyphen
    ("anxiety or depression", {"condition": "anxiety depression"}),  # any of them
    ("California Texas", {"state": "CA TX"}),
    ("new york", {"state": "NY"}),
    ("west virginia", {"state": "WV"}),  # not Virginia
    ("washington dc", {"state": "DC"}),
    ("therapist in Seattle", {"state": "WA", "profession": THERAPY}),
    ("saturday evening", {"weekday": "sat", "time": "evening"}),
    ("weekends", {"weekday": "sat sun"}),
    ("accepting new patients", {"accepts_new": "yes"}),
    ("trans", {"condition": "gender"}),
    ("mental health help near me", {}),  # all small
    ("", {}),
    (" ,.- ", {}),
    # a slip in a word from five letters on
    ("anxeity", {"condition": "anxiety"}),  # two letters changed places
    ("psychatrist", {"profession": "psychiatrist"}),  # one too few
    ("psychiatrisst", {"profession": "psychiatrist"}),  # one too many
    ("depresion washingtun", {"state": "WA", "condition": "depression"}),  # one in each
    ("panic atacks", {"condition": "panic"}),  # inside a phrase
    ("kbt", {"rest": "kbt"}),  # too short for a slip
    ("anxxxiety", {"rest": "anxxxiety"}),  # two slips
    ("unxiety", {"rest": "unxiety"}),  # another first letter
    # states by their letters
    ("psychiatrist in wa", {"state": "WA", "profession": "psychiatrist"}),
    ("TX therapist", {"state": "TX", "profession": THERAPY}),
    ("therapist in or", {"state": "OR", "profession": THERAPY}),
    ("in me", {"state": "ME"}),
    ("help me", {}),  # not Maine
    ("depression or anxiety", {"condition": "depression anxiety"}),  # not Oregon
    ("hi", {}),  # not Hawaii
    ("lopez, WA", {"state": "WA", "rest": "lopez"}),  # behind a comma
    # names
    ("dr maria lopez", {"rest": "maria lopez"}),  # Maria is no slip of mania
    ("Dr. Virginia Woods", {"rest": "Virginia Woods"}),
    ("Virginia Woods", {"rest": "Virginia Woods"}),
    ("Georgia O'Keefe", {"rest": "Georgia O'Keefe"}),
    ("Kerry Washington", {"rest": "Kerry Washington"}),
    ("Carolina Hope", {"rest": "Carolina Hope"}),
    ("Dallas Grace", {"rest": "Dallas Grace"}),
    ("Oscar Molina", {"rest": "Oscar Molina"}),  # both insurers, and both names
    ("Lee Child", {"rest": "Lee Child"}),
    ("Angel Tran", {"rest": "Angel Tran"}),  # neither anger nor trans
    ("tran", {"rest": "tran"}),
    ("Georgina", {"rest": "Georgina"}),  # no slip of Georgia
    ("panik lopez", {"rest": "panik lopez"}),  # a short slip beside a name is a name
    ("Núñez-O'Brien", {"rest": "Núñez-O'Brien"}),  # as typed
    ("J. A. Smith", {"rest": "J. A. Smith"}),
    ("Maria A Lopez", {"rest": "Maria A Lopez"}),
    ("an nguyen", {"rest": "an nguyen"}),  # a small word that is a name
    ("Jack Ma", {"rest": "Jack Ma"}),
    ("Dana Lee, MA", {"rest": "Dana Lee"}),  # letters behind a comma
    ("Dana Lee PhD", {"rest": "Dana Lee"}),
    ("Dana Lee, LCSW", {"profession": "clinical_social_worker", "rest": "Dana Lee"}),
    ("dr virginia", {"rest": "virginia"}),  # a title makes it a name
    # a name and choices
    ("anxiety lopez", {"condition": "anxiety", "rest": "lopez"}),
    ("maria lopez in washington", {"state": "WA", "rest": "maria lopez"}),
    ("therapist Virginia Woods", {"profession": THERAPY, "rest": "Virginia Woods"}),
    ("anxeity lopez", {"condition": "anxiety", "rest": "lopez"}),  # too long to be a name
    # words of ours that are names, and stand alone or beside words of ours
    ("virginia", {"state": "VA"}),
    ("therapist in georgia", {"state": "GA", "profession": THERAPY}),
    ("oscar health", {"insurance": "oscar"}),
    ("therapist for my son", {"profession": THERAPY, "ages": "children"}),
    # numbers
    ("1234567893", {"rest": "1234567893"}),
    ("NPI 123-456-7893", {"rest": "123-456-7893"}),
    ("psychiatrist 98101", {"state": "WA", "profession": "psychiatrist"}),  # a ZIP code
    ("98101-1234", {"state": "WA"}),
    ("00000", {"rest": "00000"}),  # none
    ("1234567893", {"rest": "1234567893"}),  # an NPI
    # money
    ("under $100 texas", {"state": "TX", "max_fee": "100"}),
    ("less than 120 dollars", {"max_fee": "120"}),
    ("$80-150", {"max_fee": "150"}),
    ("between $80 and $150 a session", {"max_fee": "150"}),
    ("80 to 150 dollars", {"max_fee": "150"}),
    ("up to $1,200", {"max_fee": "1200"}),
    ("max 90 bucks per hour", {"max_fee": "90"}),
    ("menos de 100 dólares", {"max_fee": "100"}),
    ("therapist under 150", {"profession": THERAPY, "max_fee": "150"}),
    ("under 18", {"rest": "18"}),  # an age
    ("under 50 years", {"rest": "50"}),
    ("more than $60", {"rest": "60"}),  # no search asks for a least fee
    # days and times
    ("thursday 3pm", {"weekday": "thu", "time": "afternoon"}),
    ("mondays after 5", {"weekday": "mon", "time": "evening"}),
    ("before 10am", {"time": "morning"}),
    ("after 3 pm", {"time": "afternoon evening"}),
    ("2-4pm", {"time": "afternoon"}),
    ("between 11 and 1pm", {"time": "morning afternoon"}),
    ("at 9", {"time": "morning"}),
    ("a las 7", {"time": "evening"}),
    ("18:30", {"time": "evening"}),
    ("after 2 years of therapy", {"profession": THERAPY, "rest": "2"}),  # no time of day
    ("tonight", {"time": "evening", "within_days": "1"}),
    ("this weekend", {"weekday": "sat sun", "within_days": "7"}),
    ("after work", {"time": "evening"}),
    ("tomorrow morning", {"time": "morning", "within_days": "2"}),
    ("mañana", {"within_days": "2"}),
    ("los lunes por la tarde", {"weekday": "mon", "time": "afternoon evening"}),
    # places
    ("near Houston TX", {"state": "TX"}),
    ("st. louis", {"state": "MO"}),
    ("Saint Louis", {"state": "MO"}),
    ("therapist in Springfield", {"state": "IL MA MO", "profession": THERAPY}),
    ("Springfield, Missouri", {"state": "MO"}),
    ("near Pflugerville TX", {"state": "TX"}),  # small, but after "near" and before its state
    ("wichita anxiety", {"state": "KS", "condition": "anxiety"}),
    ("Madison Wilson", {"rest": "Madison Wilson"}),  # two cities, and a name
    ("Wilson", {"rest": "Wilson"}),  # a city too small to be meant first
    ("Charlotte Okafor", {"rest": "Charlotte Okafor"}),
    # everyday words, in English and in Spanish
    ("I cannot sleep and I am scared", {"condition": "insomnia anxiety"}),
    (
        "psychiatrist near Houston TX thursday 3pm",
        {"state": "TX", "profession": "psychiatrist", "weekday": "thu", "time": "afternoon"},
    ),
    ("sad all the time", {"condition": "depression"}),
    ("my husband is drinking too much", {"condition": "substance_use"}),
    ("i keep having panic atacks at night", {"condition": "panic", "time": "evening"}),
    ("ansiedad", {"condition": "anxiety"}),
    ("ansiedd", {"condition": "anxiety"}),
    (
        "terapeuta de ansiedad en Miami",
        {"state": "FL", "condition": "anxiety", "profession": THERAPY},
    ),
    ("busco psicóloga que hable español", {"profession": "psychologist", "language": "es"}),
    ("no puedo dormir y tengo miedo", {"condition": "insomnia anxiety"}),
    ("therapist de", {"state": "DE", "profession": THERAPY}),  # no Spanish word beside it
    ("dr nina ng", {"rest": "nina ng"}),  # no girl
    ("Ira Weed", {"rest": "Ira Weed"}),
]


@pytest.mark.parametrize(("text", "meant"), UNDERSTOOD, ids=[text for text, _ in UNDERSTOOD])
def test_words_are_understood(text: str, meant: dict[str, str]) -> None:
    assert asked(text) == meant


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("virginia", Reading({}, "virginia")),
        ("Virginia Woods", Reading({"state": ("VA",)}, "Woods")),
        ("Oscar Molina", Reading({"insurance": ("oscar", "molina")})),
        ("panik", Reading({}, "panik")),
        ("psychiatrist in washington", None),
        ("maria lopez", None),
        ("J. A. Smith", None),
        ("therapist in virginia", None),
        ("anxeity", None),
    ],
)
def test_where_it_could_be_a_name_or_not_both_are_offered(text: str, other: Reading | None) -> None:
    assert read_words(text).other == other


@pytest.mark.parametrize(
    "text", ["suicidal thoughts", "i want to die", "self-harm", "therapist suicidle"]
)
def test_danger_is_recognised_and_narrows_nothing(text: str) -> None:
    reading = read_words(text)
    assert reading.is_urgent
    assert URGENT not in reading.choices
    assert reading.rest == ""
    assert not read_words("anxiety").is_urgent


TITLES_OF = {
    "profession": {key: entry.title for key, entry in PROFESSIONS.items()},
    "condition": {key: entry.title for key, entry in CONDITIONS.items()},
    "modality": {key: entry.title for key, entry in MODALITIES.items()},
    "state": {key: entry.name for key, entry in STATES.items()},
    "language": {key: entry.title for key, entry in LANGUAGES.items()},
    "insurance": {key: entry.title for key, entry in INSURANCE.items()},
    "ages": {key: entry.title for key, entry in AGE_GROUPS.items()},
    "kind": {
        key: entry.title
        for key, entry in SERVICE_KINDS.items()
        if entry.title not in {modality.title for modality in MODALITIES.values()}
    },
}
EVERY_TITLE = [(group, key, title) for group, of in TITLES_OF.items() for key, title in of.items()]


@pytest.mark.parametrize(("group", "key", "title"), EVERY_TITLE)
def test_a_title_of_the_taxonomy_means_itself(group: str, key: str, title: str) -> None:
    for text in (title, title.upper(), f"  {title.lower()}, "):
        reading = read_words(text)
        assert (reading.choices, reading.rest) == ({group: (key,)}, "")


def test_every_way_of_saying_something_is_understood() -> None:
    for phrase in PHRASES:
        reading = read_words(phrase.text)
        meanings = {one.group: one.keys for one in (phrase.meaning, *phrase.meaning.also)}
        limits = {name: int(meanings.pop(name)[0]) for name in LIMITS if name in meanings}
        assert (reading.choices, reading.limits) == (meanings, limits), phrase
        assert reading.rest == "", phrase


@pytest.mark.parametrize(
    ("typed", "meant", "expected"),
    [
        ("anxety", "anxiety", True),  # one too few
        ("anxiiety", "anxiety", True),  # one too many
        ("anxiery", "anxiety", True),  # one wrong
        ("anxitey", "anxiety", True),  # two swapped
        ("naxiety", "anxiety", True),  # the first two swapped
        ("anxiety", "anxiety", False),  # none
        ("anxitte", "anxiety", False),
        ("anxty", "anxiety", False),  # two
        ("herman", "german", False),  # the first letter
        ("erman", "german", False),  # it is missing
        ("agerman", "german", False),  # one before it
        ("ba", "aba", False),  # it is missing, though two look as if they had changed places
        ("aadhd", "adhd", True),  # it is there twice
        ("ixnaety", "anxiety", False),  # two that changed places were not neighbours
        ("panic", "panics", True),  # the last one
        ("", "a", False),
    ],
)
def test_a_slip_is_one_letter(typed: str, meant: str, *, expected: bool) -> None:
    assert is_slip(typed, meant) is expected


# Words of ours, small ones, names, numbers and anything at all, in any order.
some_words = st.one_of(
    st.sampled_from([phrase.text for phrase in PHRASES]),
    st.sampled_from(sorted(STOPS | TITLES | LETTERS)),
    st.sampled_from(["lopez", "Woods", "de", "la", "Núñez", "1234567893", "wa", "J.", "-", ","]),
    st.sampled_from(["$100", "under", "3pm", "77002", "Houston", "Springfield", "die", "live"]),
    st.text(max_size=12),
)
texts = st.lists(some_words, max_size=8).map(" ".join)


@given(texts)
def test_reading_never_fails_and_always_reads_the_same(text: str) -> None:
    reading = read_words(text)
    assert reading == read_words(text)
    for one in filter(None, (reading, reading.other)):
        assert list(one.choices) == [group for group in GROUPS if group in one.choices]
        for group, keys in one.choices.items():
            assert keys
            assert len(set(keys)) == len(keys)
            assert set(keys) <= GROUPS[group].keys()


@given(texts)
def test_every_word_is_understood_small_or_in_the_rest(text: str) -> None:
    reading = read_words(text)
    rest = words_of(reading.rest)
    pieces = pieces_of(text)
    assert [one.plain for piece in pieces for one in piece.tokens] == words_of(text)
    for piece in pieces:
        is_in_rest = {one.plain for one in piece.tokens} <= set(rest)
        if piece.role in ("unknown", "number"):
            assert is_in_rest
        elif piece.meaning is not None and piece.meaning.group not in (URGENT, *LIMITS):
            chosen = reading.choices.get(piece.meaning.group, ())
            assert is_in_rest or set(piece.meaning.keys) <= set(chosen)
        else:
            is_small = piece.plain in STOPS | TITLES | LETTERS | PARTICLES
            assert is_small or piece.meaning is not None


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz '-.,", max_size=60))
def test_the_rest_is_as_typed(text: str) -> None:
    rest = read_words(text).rest
    assert all(part in text for part in rest.split())
