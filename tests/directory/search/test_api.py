"""The search over HTTP, as a client sees it."""

import time
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from core.database import transaction
from directory.queries import credentials_of
from tests.directory.search.listings import add_listing, change_listing
from tests.factories import NOW, make_provider

pytestmark = pytest.mark.usefixtures("monday_at_ten")

FIND = "/api/v1/providers"


@pytest.fixture
def people(session: Session) -> None:
    hours = [NOW + timedelta(hours=n) for n in (4, 30, 60, 90)]
    add_listing(
        session,
        name="Dana Lee",
        facets={"condition": ["anxiety", "grief"], "profession": ["psychologist"]},
        openings=hours,
    )
    add_listing(
        session,
        name="Noor García",
        facets={"condition": ["grief"], "profession": ["counselor"]},
        fee_cents=9_000,
    )
    add_listing(
        session, name="Mei Price", states={"OR": None}, fee_cents=20_000, openings=hours[1:]
    )
    session.commit()


def found(client: TestClient, query: str) -> Any:
    answer = client.get(f"{FIND}?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def names(client: TestClient, query: str) -> list[str]:
    return [item["name"] for item in found(client, query)["items"]]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Dana Lee", "Mei Price", "Noor García"]),  # soonest; who has no opening comes last
        ("sort=fee", ["Noor García", "Dana Lee", "Mei Price"]),
        ("sort=name", ["Noor García", "Dana Lee", "Mei Price"]),
        ("state=WA", ["Dana Lee", "Noor García"]),
        ("state=OR", ["Mei Price"]),
        ("state=WA&state=OR&condition=grief", ["Dana Lee", "Noor García"]),
        ("condition=anxiety&condition=grief", ["Dana Lee", "Noor García"]),
        ("profession=counselor", ["Noor García"]),
        ("within_days=1", ["Dana Lee"]),
        ("max_fee=150", ["Dana Lee", "Noor García"]),
        ("q=garcia", ["Noor García"]),
        ("q=pryce", ["Mei Price"]),
        ("q=dana&state=OR", []),
        ("limit=1", ["Dana Lee"]),
    ],
)
def test_parameters_narrow_and_order(client: TestClient, query: str, expected: list[str]) -> None:
    assert names(client, query) == expected


@pytest.mark.usefixtures("people")
def test_an_item_says_what_a_card_needs(client: TestClient) -> None:
    item = found(client, "state=WA&condition=anxiety")["items"][0]
    assert item["url"] == f"/providers/{item['slug']}"
    assert item["profession"] == "psychologist"
    assert item["verified_on"] == "2026-11-12"
    assert [slot["starts_at"] for slot in item["next_slots"]] == [
        "2026-11-23T22:00:00Z",
        "2026-11-25T00:00:00Z",
        "2026-11-26T06:00:00Z",
    ]
    assert item["next_opening"] == item["next_slots"][0]["starts_at"]
    assert [state["code"] for state in item["states"]] == ["WA"]


@pytest.mark.usefixtures("people")
def test_counts_set_the_groups_own_choice_aside(client: TestClient) -> None:
    facets = found(client, "state=WA&profession=counselor")["facets"]
    assert (facets["profession"]["psychologist"], facets["profession"]["counselor"]) == (1, 1)
    assert (facets["state"]["WA"], facets["state"]["OR"]) == (1, 0)
    assert (facets["condition"]["grief"], facets["condition"]["anxiety"]) == (1, 0)
    assert facets["max_fee"]["100"] == 1
    assert facets["within_days"] == {"3": 0, "7": 0, "14": 0}


@pytest.mark.usefixtures("people")
def test_nothing_found_says_what_to_loosen(client: TestClient) -> None:
    answer = found(client, "state=OR&condition=grief&max_fee=100")
    assert answer["total"] == 0
    assert answer["loosen"] == [{"parameter": "state", "value": None, "total": 1}]
    wider = found(client, "state=OR&max_fee=100")["loosen"]
    assert {"parameter": "max_fee", "value": 200, "total": 1} not in wider  # no limit gives as many
    assert {"parameter": "max_fee", "value": None, "total": 1} in wider


@pytest.mark.usefixtures("people")
def test_pages_follow_each_other_while_openings_move(app: Any, session: Session) -> None:
    with TestClient(app) as client:  # with its feed, as in production
        seen, cursor = [], ""
        for _ in range(3):
            page = found(client, f"limit=1{cursor}")
            seen += [item["name"] for item in page["items"]]
            cursor = f"&cursor={page['next_cursor']}"
            with transaction() as other:
                for_all = [item["id"] for item in found(client, "")["items"]]
                change_listing(other, for_all[0], openings=[])
        assert seen == ["Dana Lee", "Mei Price", "Noor García"]
        assert page["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=XX", "state"),
        ("condition=anxiety&condition=gout", "condition"),
        ("colour=blue", "colour"),
        ("within_days=7.5", "within_days"),
        ("cursor=AAAA", "cursor"),
        ("q=%00", "q"),
        ("insurance=%00", "insurance"),
    ],
)
def test_what_is_unknown_is_refused_by_name(client: TestClient, query: str, field: str) -> None:
    answer = client.get(f"{FIND}?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_the_schema_names_every_parameter_and_value(client: TestClient) -> None:
    schema = client.get("/api/v1/openapi.json").json()
    parameters = {one["name"]: one for one in schema["paths"][FIND]["get"]["parameters"]}
    assert {"state", "condition", "within_days", "q", "cursor", "limit"} <= set(parameters)
    assert "WA" in parameters["state"]["schema"]["items"]["enum"]


@pytest.mark.usefixtures("people")
def test_readiness_waits_for_the_index(app: Any) -> None:
    with TestClient(app) as client:
        assert client.get("/readyz").status_code == 200
        app.state.readiness["search"] = lambda: False
        assert client.get("/readyz").text == "waiting for search\n"


def test_a_profile_tells_how_everything_was_checked_and_no_number(
    client: TestClient, session: Session
) -> None:
    provider = make_provider(session, now=NOW, profession="psychiatrist")
    answer = client.get(f"{FIND}/{provider.id}")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    checked = {one["kind"]: one for one in told["credentials"]}
    assert set(checked) == {"npi", "state_license", "board_certification", "dea"}
    assert checked["state_license"]["state"] == "WA"
    assert all(one["source"] and one["verified_on"] for one in checked.values())
    assert told["services"][0]["minutes"] == 50
    for credential in credentials_of(session, provider.id):
        assert credential.number not in answer.text


def test_who_is_not_listed_is_not_there(client: TestClient, session: Session) -> None:
    hidden = make_provider(session, now=NOW, verified=False)
    expired = add_listing(session, due_at=NOW)
    session.commit()
    for provider_id in (hidden.id, expired, hidden.person_id):
        assert client.get(f"{FIND}/{provider_id}").status_code == 404
    assert client.get(f"{FIND}/nobody").status_code == 422


def test_a_new_provider_is_found_with_times_that_can_be_booked(
    client: TestClient, session: Session
) -> None:
    provider = make_provider(session, now=NOW)
    for _ in range(100):
        items = found(client, "state=WA&profession=clinical_social_worker")["items"]
        if items:
            break
        time.sleep(0.01)
    assert [item["id"] for item in items] == [str(provider.id)]
    assert len(items[0]["next_slots"]) == 3
