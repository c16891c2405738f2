"""Practice and desk over JSON, as clients of each role meet them."""

import io
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlmodel import Session, select

from accounts.models import Person
from core.web.caller import ADMIN
from directory.listings.portrait import SIDE
from directory.models import Credential, CredentialDecision, Provider
from directory.queries import credentials_of
from directory.rules.numbers import make_npi
from tests.factories import LICENCE, NOW, make_patient, make_person, make_provider, sign_in

pytestmark = pytest.mark.usefixtures("monday_at_ten")

ME = "/api/v1/me"
DESK = "/api/v1/admin"
APPLICATION = {
    "profession": "psychologist",
    "legal_first_name": "Rae",
    "legal_last_name": "Moss",
    "npi": make_npi("144444444"),
}
VERIFY = {"outcome": "verified", "source": "State board", "seen": "Active."}
PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture
def dana(session: Session) -> Provider:
    return make_provider(session, now=NOW, verified=False)


@pytest.fixture
def as_dana(session: Session, dana: Provider) -> dict[str, str]:
    return sign_in(None, session, session.get_one(Person, dana.person_id))


@pytest.fixture
def as_admin(session: Session) -> dict[str, str]:
    return sign_in(None, session, make_person(session, "desk@example.com", [ADMIN]))


def fields_of(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return [one["field"] for one in answer.json()["errors"]]


def picture(size: tuple[int, int] = (600, 400)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, "PNG")
    return out.getvalue()


def test_from_application_to_listed(
    client: TestClient, session: Session, as_admin: dict[str, str]
) -> None:
    me = sign_in(None, session, make_person(session, "rae@example.com"))
    made = client.post(f"{ME}/provider", json=APPLICATION, headers=me)
    assert made.status_code == 201, made.text
    assert made.json()["slug"].startswith("rae-moss-")
    codes = {one["code"] for one in made.json()["lacks"]}
    assert codes == {
        "npi_pending",
        "state_license_missing",
        "no_services",
        "no_hours",
        "no_meeting_link",
        "not_attested",
    }
    assert client.post(f"{ME}/provider", json=APPLICATION, headers=me).status_code == 409
    profile = {**made.json()["profile"], "meeting_url": "https://meet.example.com/rae"}
    assert client.put(f"{ME}/provider", json=profile, headers=me).status_code == 200
    claim = {**LICENCE, "license_type": "PhD", "name": "Rae Moss"}
    assert client.post(f"{ME}/credentials", json=claim, headers=me).status_code == 201
    service = {"title": "Talk", "kind": "individual", "minutes": 50, "fee_cents": 15000}
    assert client.post(f"{ME}/services", json=service, headers=me).status_code == 201
    hours = {
        "time_zone": "America/Los_Angeles",
        "weekly": [{"weekday": 0, "start": "09:00", "end": "17:00"}],
    }
    assert client.put(f"{ME}/availability", json=hours, headers=me).status_code == 200
    assert client.post(f"{ME}/attest", headers=me).json()["is_listed"] is False
    case = client.get(f"{DESK}/queue", headers=as_admin).json()["items"][0]
    assert case["pending"] == 2
    review = client.get(f"{DESK}/providers/{case['provider_id']}", headers=as_admin).json()
    for one in review["credentials"]:
        decided = client.post(
            f"{DESK}/credentials/{one['id']}/decision", json=VERIFY, headers=as_admin
        )
        assert decided.json()["status"] == "verified"
    mine = client.get(f"{ME}/provider", headers=me).json()
    assert mine["is_listed"] is True
    assert mine["lacks"] == []
    assert client.get(f"/api/v1/providers/{mine['id']}").status_code == 200


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"profession": "wizard"}, ["profession"]),
        ({"legal_first_name": " ", "legal_last_name": ""}, ["legal_first_name", "legal_last_name"]),
        ({"npi": "1234567890"}, ["npi"]),
        ({"display_name": "x" * 81}, ["display_name"]),
        ({"display_name": "Rae \u202e Moss"}, ["display_name"]),  # turns what follows around
        ({"legal_last_name": "Mo\u0000ss"}, ["legal_last_name"]),
        ({"letters": "x" * 41}, ["letters"]),
        (
            {"profession": "", "legal_first_name": "", "letters": "x" * 41, "npi": ""},
            ["profession", "legal_first_name", "letters", "npi"],
        ),
        ({"role": "admin"}, ["role"]),
    ],
)
def test_an_application_names_every_problem(
    client: TestClient, session: Session, changes: dict[str, str], fields: list[str]
) -> None:
    me = sign_in(None, session, make_person(session, "rae@example.com"))
    answer = client.post(f"{ME}/provider", json={**APPLICATION, **changes}, headers=me)
    assert fields_of(answer) == fields
    assert session.exec(select(Provider)).all() == []


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"display_name": ""}, ["display_name"]),
        ({"headline": "x" * 161}, ["headline"]),
        ({"conditions": ["anxiety", "sorcery"]}, ["conditions"]),
        ({"modalities": ["medication_management"]}, ["modalities"]),  # needs a prescriber
        ({"modalities": ["tms", "ect"]}, ["modalities", "modalities"]),  # need a physician
        ({"ages": [], "languages": []}, ["ages", "languages"]),
        ({"meeting_url": "http://meet.example.com/x"}, ["meeting_url"]),
        ({"meeting_url": "https://me:pw@meet.example.com/x"}, ["meeting_url"]),
        ({"meeting_url": "javascript:alert(1)"}, ["meeting_url"]),
        ({"meeting_url": "https://[broken"}, ["meeting_url"]),
        ({"meeting_url": ""}, []),
    ],
)
def test_a_profile_names_every_problem(
    client: TestClient, as_dana: dict[str, str], changes: dict[str, Any], fields: list[str]
) -> None:
    was = client.get(f"{ME}/provider", headers=as_dana).json()["profile"]
    answer = client.put(f"{ME}/provider", json={**was, **changes}, headers=as_dana)
    if fields:
        assert fields_of(answer) == fields
        assert client.get(f"{ME}/provider", headers=as_dana).json()["profile"] == was
    else:
        assert answer.status_code == 200


def test_claims_are_made_and_withdrawn(client: TestClient, as_dana: dict[str, str]) -> None:
    made = client.post(f"{ME}/credentials", json=LICENCE, headers=as_dana)
    assert made.status_code == 201
    assert made.json()["status"] == "pending"
    again = client.post(f"{ME}/credentials", json=LICENCE, headers=as_dana)
    assert fields_of(again) == ["number"]
    path = f"{ME}/credentials/{made.json()['id']}"
    assert client.delete(path, headers=as_dana).status_code == 204
    assert client.delete(path, headers=as_dana).status_code == 404
    listed = client.get(f"{ME}/credentials", headers=as_dana).json()["items"]
    assert made.json()["id"] not in {one["id"] for one in listed}


def test_a_decision_with_evidence(
    client: TestClient, session: Session, dana: Provider, as_admin: dict[str, str]
) -> None:
    one = credentials_of(session, dana.id)[0]
    files = {"evidence": ("../../etc/passwd.pdf", PDF, "text/html")}
    kept = client.post(f"{DESK}/evidence", files=files, headers=as_admin)
    assert kept.status_code == 201
    assert kept.json()["name"] == "passwd.pdf"
    assert kept.json()["content_type"] == "application/pdf"
    body = {**VERIFY, "evidence_id": kept.json()["id"]}
    path = f"{DESK}/credentials/{one.id}/decision"
    assert client.post(path, json=body, headers=as_admin).status_code == 200
    history = client.get(f"{DESK}/providers/{dana.id}", headers=as_admin).json()["history"]
    assert history[0]["evidence"] == kept.json()
    assert history[0]["admin"] == "desk@example.com"
    back = client.get(kept.json()["url"], headers=as_admin)
    assert back.content == PDF
    assert back.headers["content-disposition"] == 'attachment; filename="passwd.pdf"'
    assert back.headers["x-content-type-options"] == "nosniff"
    assert back.headers["cache-control"] == "no-store"


def test_rejecting_needs_a_reason_and_revoking_something_verified(
    client: TestClient, session: Session, dana: Provider, as_admin: dict[str, str]
) -> None:
    path = f"{DESK}/credentials/{credentials_of(session, dana.id)[0].id}/decision"
    rejected = client.post(path, json={**VERIFY, "outcome": "rejected"}, headers=as_admin)
    assert fields_of(rejected) == ["reason"]
    body = {**VERIFY, "outcome": "revoked", "reason": "Suspended."}
    assert client.post(path, json=body, headers=as_admin).status_code == 409
    assert session.exec(select(CredentialDecision)).all() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{DESK}/queue"),
        ("GET", f"{DESK}/providers/{{provider}}"),
        ("POST", f"{DESK}/evidence"),
        ("POST", f"{DESK}/credentials/{{credential}}/decision"),
        ("GET", "/admin"),
        ("GET", "/admin/providers/{provider}"),
        ("POST", "/admin/credentials/{credential}/decision"),
    ],
)
def test_the_desk_is_for_admins_only(
    client: TestClient, session: Session, dana: Provider, method: str, path: str
) -> None:
    one = credentials_of(session, dana.id)[0]
    url = path.format(provider=dana.id, credential=one.id)
    owner = session.get_one(Person, dana.person_id)
    for person in (make_patient(session), owner):
        headers = sign_in(None, session, person)
        send: dict[str, Any] = {"json": VERIFY} if url.startswith("/api") else {"data": VERIFY}
        if method == "GET" or url.endswith("evidence"):
            send = {}
        answer = client.request(method, url, headers=headers, **send)
        assert answer.status_code == 403
    assert session.get_one(Credential, one.id, populate_existing=True).status == "pending"


def test_a_portrait_is_kept_and_taken_down(
    client: TestClient, as_dana: dict[str, str], dana: Provider, session: Session
) -> None:
    files = {"photo": ("me.png", picture(), "image/png")}
    photo = client.put(f"{ME}/photo", files=files, headers=as_dana).json()["photo"]
    shown = client.get(photo)
    assert shown.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(shown.content)) as image:
        assert image.size == (SIDE, SIDE)
    bad = client.put(f"{ME}/photo", files={"photo": ("me.png", b"GIF89a")}, headers=as_dana)
    assert fields_of(bad) == ["photo"]
    assert client.delete(f"{ME}/photo", headers=as_dana).status_code == 204
    assert client.get(f"{ME}/provider", headers=as_dana).json()["photo"] is None


def test_numbers_are_never_public(client: TestClient, session: Session) -> None:
    listed = make_provider(session, now=NOW, profession="psychiatrist")
    pages = (
        f"/providers/{listed.slug}",
        f"/api/v1/providers/{listed.id}",
        "/find?state=WA",
        "/api/v1/providers?state=WA",
    )
    said = "".join(client.get(path).text for path in pages)
    assert listed.display_name in said
    for one in credentials_of(session, listed.id):
        assert one.number not in said
    assert "meet.example.com" not in said
