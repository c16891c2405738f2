"""Suggestions over HTTP, with the names of people who may be shown."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from directory.models import CredentialKind
from directory.queries import credentials_of
from tests.directory.search.listings import add_listing
from tests.factories import NOW, make_provider

pytestmark = pytest.mark.usefixtures("monday_at_ten")


@pytest.fixture
def people(session: Session) -> None:
    for name in ("Virginia Woods", "Anna Lindqvist", "Luis García Márquez", "Mara One"):
        add_listing(session, name=name, facets={"profession": ["psychologist"]})
    for name in ("Mara Two", "Mara Three", "Mara Four"):
        add_listing(session, name=name)
    add_listing(session, name="Lindqvist Hidden", published=False)
    add_listing(session, name="Lindqvist Overdue", due_at=NOW - timedelta(hours=1))
    add_listing(session, name="Lindqvist Lapsed", states={"WA": "2026-11-01"})
    session.commit()


def items(client: TestClient, q: str) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/suggest", params={"q": q})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def labels(client: TestClient, q: str) -> list[str]:
    return [item["label"] for item in items(client, q)]


@pytest.mark.usefixtures("people")
def test_words_lead_to_searches(client: TestClient) -> None:
    assert items(client, "psychiatrist in wa")[0] == {
        "label": "Psychiatrist in Washington",
        "detail": "",
        "url": "/psychiatrists/washington",
    }
    assert items(client, "anx")[0] == {
        "label": "Anxiety",
        "detail": "Help with",
        "url": "/find?condition=anxiety",
    }


@pytest.mark.usefixtures("people")
def test_names_lead_to_profiles_of_those_who_may_be_shown(client: TestClient) -> None:
    (found,) = items(client, "lindq")
    assert (found["label"], found["detail"]) == ("Anna Lindqvist", "Psychologist")
    assert found["url"].startswith("/providers/anna-lindqvist-")
    assert client.get(found["url"]).status_code in (200, 404)  # a listing without its provider


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("Márq", ["Luis García Márquez"]),  # accents, with or without
        ("garcia mar", ["Luis García Márquez"]),
        ("lindkvist", ["Anna Lindqvist"]),  # a typo, once nothing begins so
        ("dr woods", ["Virginia Woods"]),
        ("xu", []),  # too short
        ("%%%", []),
        ("qvist", []),  # no beginning
    ],
)
def test_who_is_meant(client: TestClient, q: str, found: list[str]) -> None:
    assert labels(client, q) == found


@pytest.mark.usefixtures("people")
def test_at_most_three_people_and_eight_in_all(client: TestClient) -> None:
    assert len([label for label in labels(client, "mara") if label.startswith("Mara ")]) == 3
    both = labels(client, "virginia")
    assert both[0] == "Virginia"  # the state
    assert both[-1] == "Virginia Woods"  # and the name
    assert len(both) <= 8


def test_an_npi_finds_whose_it_is(client: TestClient, session: Session) -> None:
    provider = make_provider(session, now=NOW)
    (credential,) = (
        one for one in credentials_of(session, provider.id) if one.kind == CredentialKind.NPI
    )
    npi = credential.number
    assert labels(client, npi) == [provider.display_name]
    assert labels(client, f"npi {npi[:4]}-{npi[4:]}") == [provider.display_name]
    assert labels(client, npi[::-1]) == []
    page = client.get("/find", params={"q": f"npi {npi}"}).text
    assert f"/providers/{provider.slug}" in page
    assert f"NPI {npi}" in page
    assert client.get("/api/v1/providers", params={"q": npi}).json()["total"] == 1


@pytest.mark.usefixtures("people")
def test_danger_is_met_with_a_number_to_call(client: TestClient) -> None:
    first = items(client, "suicidal thoughts")[0]
    assert (first["label"], first["url"]) == ("Call or text 988 now", "/crisis")


@pytest.mark.usefixtures("people")
def test_what_is_typed_is_not_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        labels(client, "Lindqvist panic")
    assert "lindq" not in caplog.text.lower()
    assert "panic" not in caplog.text.lower()


def test_anything_typed_is_answered(client: TestClient) -> None:
    for q in ("", " ", "\x00abc", "'; --", "\\%_", "💜💜💜", "\u202eabc", "a" * 80):
        assert isinstance(items(client, q), list)
    assert client.get("/api/v1/suggest").json() == {"items": []}
    assert client.get("/api/v1/suggest", params={"q": "a" * 81}).status_code == 422
    assert client.get("/api/v1/suggest?word=x").status_code == 422
