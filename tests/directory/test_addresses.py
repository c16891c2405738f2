"""A clean address and the search it asks are the same thing said twice."""

import re
from itertools import product
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.addresses import (
    ANYWHERE,
    TOPICS,
    WHERE,
    WHO,
    Place,
    address_from,
    address_of,
    find_place,
)
from directory.pages.home import ROBOTS
from directory.search import GROUPS, SearchQuery, pairs_of, read_query
from directory.taxonomy import CONDITIONS, MODALITIES, PROFESSIONS, STATES
from main import create_app
from tests.whole.routes import routes_of

EVERY = [
    Place(who, state, topic)
    for who, state, topic in product(WHO, ["", *STATES], [None, *TOPICS.values()])
]


def test_every_place_is_found_again_at_its_address() -> None:
    for place in EVERY:
        query = read_query(place.pairs)
        words = place.path.strip("/").split("/")
        assert address_of(query) == address_from(place.pairs) == place.path
        assert find_place(*words) == place


def test_no_two_places_share_an_address() -> None:
    assert len({place.path for place in EVERY}) == len(EVERY) == len(WHO) * 57 * 45
    assert len(WHERE) == len(STATES)
    assert len(TOPICS) == len(CONDITIONS) + len(MODALITIES)
    assert len(WHO) == len(PROFESSIONS) + 2
    assert ANYWHERE not in WHERE


@pytest.mark.parametrize("slug", [*WHO, *WHERE, *TOPICS])
def test_words_of_an_address_are_plain(slug: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)


def test_no_address_is_another_pages_or_closed_to_robots() -> None:
    routes = {route.path.split("/")[1] for route in routes_of(create_app())}
    assert not routes & WHO.keys()
    closed = re.findall(r"Disallow: /(\S+)", ROBOTS)
    assert closed
    assert not [slug for slug in WHO if slug.startswith(tuple(closed))]


WELL_KNOWN = {
    "/psychiatrists/washington": [("state", "WA"), ("profession", "psychiatrist")],
    "/psychologists": [("profession", "psychologist")],
    "/psychologists/district-of-columbia/emdr": [
        ("profession", "psychologist"),
        ("modality", "emdr"),
        ("state", "DC"),
    ],
    "/marriage-and-family-therapists/anywhere/ocd": [
        ("condition", "ocd"),
        ("profession", "marriage_family_therapist"),
    ],
    "/therapists/california/anxiety": [
        *(("profession", key) for key, entry in PROFESSIONS.items() if entry.kind == "therapy"),
        ("state", "CA"),
        ("condition", "anxiety"),
    ],
    "/prescribers/us-virgin-islands": [
        *(("profession", key) for key, entry in PROFESSIONS.items() if entry.kind == "psychiatry"),
        ("state", "VI"),
    ],
    "/psychologists/oregon?cursor=abc": [
        ("profession", "psychologist"),
        ("state", "OR"),
        ("cursor", "abc"),
    ],
}


@pytest.mark.parametrize("address", WELL_KNOWN)
def test_addresses_that_are_out_in_the_world_stay(address: str) -> None:
    assert address_from(WELL_KNOWN[address]) == address


@pytest.mark.parametrize(
    "asked",
    [
        "",  # everyone
        "state=WA",  # nobody in particular
        "state=WA&state=OR&profession=psychologist",
        "profession=psychologist&profession=psychiatrist",  # neither one nor a whole kind
        "profession=psychologist&condition=ocd&condition=adhd",
        "profession=psychologist&condition=ocd&modality=cbt",
        "profession=psychologist&sort=fee",
        "profession=psychologist&limit=5",
        "profession=psychologist&name=lee",
        "profession=psychologist&max_fee=100",
        "profession=psychologist&language=es",
        "profession=psychologist&state=XX",
        "profession=dentist",
    ],
)
def test_all_else_keeps_its_parameters(asked: str) -> None:
    assert address_from(parse_qsl(asked)) == (f"/find?{asked}" if asked else "/find")


def test_a_name_is_not_read_again_as_words() -> None:
    query = SearchQuery({"state": ("OR",)}, q="Virginia")
    assert address_of(query) == "/find?state=OR&name=Virginia"


@pytest.mark.parametrize(
    "words",
    [
        ("dentists",),
        ("psychologists", "atlantis"),
        ("psychologists", "wa"),
        ("psychologists", "anxiety"),  # a topic is the third word
        ("psychologists", "washington", "magic"),
        ("psychologists", "washington", "oregon"),
        ("Psychologists",),
        ("",),
    ],
)
def test_unknown_words_name_no_place(words: tuple[str, ...]) -> None:
    assert find_place(*words) is None


_SOME = {
    group: st.lists(st.sampled_from(sorted(keys)), max_size=3, unique=True)
    for group, keys in GROUPS.items()
    if group in ("state", "profession", "condition", "modality", "language")
}


@given(
    choices=st.fixed_dictionaries(_SOME),
    within_days=st.none() | st.just(7),
    sort=st.sampled_from(["soonest", "fee"]),
)
def test_whatever_is_asked_the_address_asks_the_same(
    choices: dict[str, list[str]], within_days: int | None, sort: str
) -> None:
    pairs = [(group, key) for group, keys in choices.items() for key in keys]
    pairs += [("within_days", "7")] if within_days else []
    query = read_query([*pairs, ("sort", sort)])
    path, _, parameters = address_of(query).partition("?")
    if path == "/find":
        again = read_query(parse_qsl(parameters))
    else:
        found = find_place(*path.strip("/").split("/"))
        assert found is not None
        again = read_query(found.pairs)
    assert sorted(pairs_of(again)) == sorted(pairs_of(query))
