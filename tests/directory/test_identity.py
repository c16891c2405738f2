"""Who a verified provider is said to be: shown as before until an admin has decided."""

import time
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import Session, col, select

from accounts.models import AuditEntry, Person
from core.mail import Mail, is_to
from core.web.caller import ADMIN
from directory.models import IdentityRequest, Listing, Provider
from directory.queries import credentials_of
from tests.factories import NOW, make_person, make_provider, sign_in
from tests.markup import markup, page, said

pytestmark = pytest.mark.usefixtures("monday_at_ten")

PROFILE = "/api/v1/me/provider"
IMPOSTOR = {"display_name": "Sigmund Impostor", "letters": "MD, PhD, ABPN"}
Headers = dict[str, str]


@pytest.fixture
def dana(session: Session) -> Provider:
    """A verified and listed nurse practitioner."""
    return make_provider(session, now=NOW, profession="pmhnp", email="dana@example.com")


@pytest.fixture
def as_dana(session: Session, dana: Provider) -> Headers:
    return sign_in(None, session, session.get_one(Person, dana.person_id))


@pytest.fixture
def as_admin(session: Session) -> Headers:
    return sign_in(None, session, make_person(session, "desk@example.com", [ADMIN]))


def put(client: TestClient, who: Headers, **changes: Any) -> dict[str, Any]:
    now = client.get(PROFILE, headers=who).json()["profile"]
    answer = client.put(PROFILE, headers=who, json={**now, **changes})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def decide(client: TestClient, who: Headers, request_id: str, **body: str) -> int:
    url = f"/api/v1/admin/identity-requests/{request_id}/decision"
    return client.post(url, headers=who, json=body).status_code


def everywhere(client: TestClient, dana: Provider) -> str:
    """All that anybody may see of a provider."""
    addresses = (
        f"/providers/{dana.slug}",
        f"/api/v1/providers/{dana.slug}",
        "/find?state=WA",
        "/find?q=dana",
        "/find?q=impostor",
        "/api/v1/providers?state=WA",
        "/api/v1/suggest?q=dana",
        "/api/v1/suggest?q=impostor",
        f"/compare?id={dana.id}",
    )
    return "".join(client.get(address).text for address in addresses)


def is_followed(client: TestClient, names: list[str]) -> None:
    """Waits for the search, which hears of what was committed a moment later."""
    ends = time.monotonic() + 2
    found: list[str] = []
    while found != names and time.monotonic() < ends:
        answer = client.get("/api/v1/providers?sort=name")
        found = [one["name"] for one in answer.json()["items"]]
    assert found == names


# ------------------------------------------------------------------------- asking


def test_a_verified_provider_is_shown_as_before_until_it_is_decided(
    client: TestClient, session: Session, dana: Provider, as_dana: Headers, as_admin: Headers
) -> None:
    is_followed(client, ["Dana Lee"])
    answer = put(client, as_dana, **IMPOSTOR)
    assert answer["profile"]["display_name"] == "Dana Lee"
    assert answer["profile"]["letters"] == "PMHNP"
    waiting = answer["identity_request"]
    assert {name: waiting[name] for name in IMPOSTOR} == IMPOSTOR
    seen = everywhere(client, dana)
    assert "Dana Lee" in seen
    for word in ("Sigmund", "MD, PhD", "ABPN"):
        assert word not in seen
    session.expire_all()
    listing = session.get_one(Listing, dana.id)
    assert (listing.name, listing.card["letters"]) == ("Dana Lee", "PMHNP")

    assert decide(client, as_admin, waiting["id"], outcome="accepted") == 204
    assert "Sigmund Impostor" in client.get(f"/providers/{dana.slug}").text


def test_a_title_in_a_name_is_refused_with_a_way_to_mend_it(
    client: TestClient, dana: Provider, as_dana: Headers
) -> None:
    now = client.get(PROFILE, headers=as_dana).json()["profile"]
    typed = {**now, "display_name": "Dr. Sigmund Impostor", "letters": "MD, PhD, ABPN"}
    answer = client.put(PROFILE, headers=as_dana, json=typed)
    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert problem["field"] == "display_name"
    assert problem["message"].startswith("Leave titles and letters out of the name")
    assert "Sigmund" not in everywhere(client, dana)
    assert "ABPN" not in everywhere(client, dana)


def test_a_plain_form_is_shown_at_once(
    client: TestClient, dana: Provider, as_dana: Headers
) -> None:
    answer = put(client, as_dana, display_name="Dana M. Lee", letters="APRN, PMHNP")
    assert answer["identity_request"] is None
    assert "Dana M. Lee" in client.get(f"/providers/{dana.slug}").text


def test_the_rest_of_the_profile_is_saved_though_the_name_waits(
    client: TestClient, dana: Provider, as_dana: Headers
) -> None:
    put(client, as_dana, **IMPOSTOR, headline="New words.")
    again = put(client, as_dana, headline="Newer words.")  # with the name that is shown
    assert again["profile"]["headline"] == "Newer words."
    assert again["identity_request"]["display_name"] == "Sigmund Impostor"


def test_a_newer_wish_takes_the_place_of_the_older_and_what_it_does_not_touch_stays(
    client: TestClient, session: Session, dana: Provider, as_dana: Headers
) -> None:
    put(client, as_dana, **IMPOSTOR)
    second = put(client, as_dana, display_name="Sky Lee")["identity_request"]
    assert (second["display_name"], second["letters"]) == ("Sky Lee", IMPOSTOR["letters"])
    third = put(client, as_dana, display_name="D. Lee")  # needs nobody
    assert third["profile"]["display_name"] == "D. Lee"
    assert third["identity_request"]["display_name"] is None
    rows = session.exec(select(IdentityRequest).order_by(col(IdentityRequest.id))).all()
    assert [row.outcome for row in rows] == ["withdrawn", "withdrawn", None]


def test_a_legal_name_changes_only_with_an_admin(
    client: TestClient, session: Session, dana: Provider, as_dana: Headers, as_admin: Headers
) -> None:
    answer = put(client, as_dana, legal_last_name="Kim", display_name="Dana Kim")
    assert answer["legal_last_name"] == "Lee"
    assert decide(client, as_admin, answer["identity_request"]["id"], outcome="accepted") == 204
    after = client.get(PROFILE, headers=as_dana).json()
    assert (after["legal_last_name"], after["profile"]["display_name"]) == ("Kim", "Dana Kim")


def test_before_the_first_verification_a_name_is_free(
    client: TestClient, session: Session, as_admin: Headers
) -> None:
    ari = make_provider(session, now=NOW, verified=False, name=("Ari", "Newland"))
    who = sign_in(None, session, session.get_one(Person, ari.person_id))
    answer = put(client, who, display_name="Sky Newland", letters="PhD", legal_first_name="Arian")
    assert answer["identity_request"] is None
    assert answer["profile"]["display_name"] == "Sky Newland"
    # Whoever verifies the licence sees what it does not bear.
    review = client.get(f"/api/v1/admin/providers/{ari.id}", headers=as_admin).json()
    licence = next(one for one in review["credentials"] if one["kind"] == "state_license")
    checks = {one["label"]: (one["outcome"], one["detail"]) for one in licence["checks"]}
    name = "“Sky Newland” is not a plain form of “Arian Newland”."
    assert checks["Name that patients see"] == ("warn", name)
    assert checks["Letters"] == ("warn", "No verified credential supports PHD.")


def test_who_once_was_verified_is_not_free_again(
    client: TestClient, session: Session, dana: Provider, as_dana: Headers
) -> None:
    licence = next(one for one in credentials_of(session, dana.id) if one.kind == "state_license")
    gone = client.delete(f"/api/v1/me/credentials/{licence.id}", headers=as_dana)
    assert gone.status_code == 204
    assert put(client, as_dana, **IMPOSTOR)["profile"]["display_name"] == "Dana Lee"


def test_a_name_that_differs_already_stays_shown(
    client: TestClient, session: Session, dana: Provider, as_dana: Headers
) -> None:
    dana.display_name, dana.letters = "Dr. Sky Moon", "PMHNP, PhD"
    session.add(dana)
    session.commit()
    answer = put(client, as_dana, headline="New words.")
    assert answer["profile"]["display_name"] == "Dr. Sky Moon"
    assert answer["profile"]["letters"] == "PMHNP, PhD"
    assert answer["identity_request"] is None


@pytest.mark.parametrize(
    "name", ["علی\u200cرضا کریمی", "ක්\u200dරිස්ටිනා පෙරේරා", "Wo " + "W" * 60, "O Ng", "山田 太郎"]
)
def test_anybody_can_apply_under_their_name(
    client: TestClient, session: Session, name: str
) -> None:
    who = sign_in(None, session, make_person(session, "new@example.com"))
    first, last = name.split(" ", 1)
    typed = {"profession": "psychologist", "legal_first_name": first, "legal_last_name": last}
    answer = client.post(PROFILE, headers=who, json={**typed, "npi": "1234567893"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["profile"]["display_name"] == name


def test_letters_go_with_the_licence_that_supported_them(
    client: TestClient, session: Session, as_admin: Headers
) -> None:
    rae = make_provider(session, now=NOW, name=("Rae", "Moss"), licences=["MA"])
    who = sign_in(None, session, session.get_one(Person, rae.person_id))
    there = next(one for one in credentials_of(session, rae.id) if one.state == "MA")
    there.license_type = "LICSW"
    session.add(there)
    session.commit()
    assert put(client, who, letters="LCSW, LICSW")["profile"]["letters"] == "LCSW, LICSW"
    revoked = {"outcome": "revoked", "source": "Board", "seen": "Revoked.", "reason": "Revoked."}
    url = f"/api/v1/admin/credentials/{there.id}/decision"
    assert client.post(url, headers=as_admin, json=revoked).status_code == 200
    assert client.get(PROFILE, headers=who).json()["profile"]["letters"] == "LCSW"
    assert "LICSW" not in client.get(f"/providers/{rae.slug}").text


def test_the_directory_is_sorted_by_the_name_that_is_shown(
    client: TestClient, session: Session, dana: Provider, as_dana: Headers, as_admin: Headers
) -> None:
    make_provider(session, now=NOW, name=("Rae", "Moss"))
    waiting = put(client, as_dana, display_name="Sky Zimmer")["identity_request"]
    decide(client, as_admin, waiting["id"], outcome="accepted")
    is_followed(client, ["Rae Moss", "Sky Zimmer"])


@pytest.fixture
def three(session: Session) -> None:
    for name in (("Todd", "O'Bryan"), ("Maria", "de la Cruz"), ("Nino", "Ng")):
        make_provider(session, now=NOW, name=name)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("O Bryan", "Todd O'Bryan"),
        ("OBryan", "Todd O'Bryan"),
        ("o’bryan", "Todd O'Bryan"),
        ("delacruz", "Maria de la Cruz"),
        ("de la cruz", "Maria de la Cruz"),
        ("Dr. Ng", "Nino Ng"),
        ("Nino Ng, LCSW", "Nino Ng"),
        ("Ng", "Nino Ng"),
    ],
)
def test_a_typed_name_finds_the_person(
    three: None, client: TestClient, typed: str, name: str
) -> None:
    words = unescape(said(client.get("/find", params={"q": typed}).text))
    assert name in words
    assert words.count("Clinical social worker · $") == 1
    (found,) = client.get("/api/v1/providers", params={"q": typed}).json()["items"]
    assert found["name"] == name


# ----------------------------------------------------------------------- deciding


def test_the_desk_decides_and_the_provider_is_told(
    client: TestClient, session: Session, dana: Provider, as_dana: Headers, as_admin: Headers
) -> None:
    waiting = put(client, as_dana, **IMPOSTOR)["identity_request"]
    (case,) = client.get("/api/v1/admin/queue?view=waiting", headers=as_admin).json()["items"]
    assert (case["name"], case["asks_for"]) == ("Dana Lee", "name that patients see and letters")
    review = client.get(f"/api/v1/admin/providers/{dana.id}", headers=as_admin).json()
    checks = {one["label"]: one["outcome"] for one in review["identity_request"]["checks"]}
    assert checks == {"Name that patients see": "warn", "Letters": "warn"}

    assert decide(client, as_admin, waiting["id"], outcome="declined") == 422  # without a reason
    said_why = {"outcome": "declined", "reason": "No board has you as a physician."}
    assert decide(client, as_admin, waiting["id"], **said_why) == 204
    assert decide(client, as_admin, waiting["id"], **said_why) == 409
    assert "Sigmund" not in everywhere(client, dana)
    assert client.get(PROFILE, headers=as_dana).json()["identity_request"] is None
    assert client.get("/api/v1/admin/queue?view=waiting", headers=as_admin).json()["total"] == 0
    (letter,) = session.exec(select(Mail).where(is_to("dana@example.com")))
    assert "No board has you as a physician." in letter.text
    assert "Patients go on seeing: Dana Lee, PMHNP" in letter.text


def test_a_chosen_name_is_accepted_and_its_reason_kept_private(
    client: TestClient, session: Session, dana: Provider, as_dana: Headers, as_admin: Headers
) -> None:
    waiting = put(client, as_dana, display_name="Sky Lee")["identity_request"]
    why = "Court papers of 2025 seen."
    assert decide(client, as_admin, waiting["id"], outcome="accepted", reason=why) == 204
    is_followed(client, ["Sky Lee"])
    seen = everywhere(client, dana)
    assert "Sky Lee" in seen
    assert "Dana Lee" not in seen  # nobody is outed
    (letter,) = session.exec(select(Mail).where(is_to("dana@example.com")))
    entries = session.exec(select(AuditEntry).where(AuditEntry.subject_id == dana.id)).all()
    assert [entry.action for entry in entries] == ["identity.asked", "identity.accepted"]
    everything = letter.text + letter.html + str([entry.detail for entry in entries])
    own = client.get("/provider/profile", headers=as_dana).text
    assert why not in seen + everything + own
    stored = session.connection().execute(text("SELECT reason FROM identity_request")).scalar_one()
    assert why.encode() not in bytes(stored)
    # It is known from now on.
    assert put(client, as_dana, display_name="S. Lee")["identity_request"] is None


def test_nobody_decides_about_their_own_name(
    client: TestClient, session: Session, dana: Provider, as_dana: Headers
) -> None:
    waiting = put(client, as_dana, **IMPOSTOR)["identity_request"]
    assert decide(client, as_dana, waiting["id"], outcome="accepted") == 403
    session.execute(
        text("INSERT INTO person_role (person_id, role) VALUES (:id, 'admin')"),
        {"id": dana.person_id},
    )
    session.commit()
    assert decide(client, as_dana, waiting["id"], outcome="accepted") == 409


def test_what_is_taken_back_does_not_wait(
    client: TestClient, dana: Provider, as_dana: Headers, as_admin: Headers
) -> None:
    waiting = put(client, as_dana, **IMPOSTOR)["identity_request"]
    gone = client.delete(f"{PROFILE}/identity-request", headers=as_dana)
    assert gone.status_code == 204
    assert decide(client, as_admin, waiting["id"], outcome="accepted") == 409
    assert client.get("/api/v1/admin/queue", headers=as_admin).json()["total"] == 0


# -------------------------------------------------------------------------- pages


def test_the_profile_says_what_waits_and_what_is_shown(
    client: TestClient, session: Session, dana: Provider
) -> None:
    sign_in(client, session, session.get_one(Person, dana.person_id))
    client.follow_redirects = False
    values = markup(client.get("/provider/profile").text).values
    typed = {name: values[name] for name in values if name not in ("photo", "remove")}
    answer = client.post("/provider/profile", data={**typed, **IMPOSTOR})
    assert answer.headers["location"] == "/provider/profile?notice=name_asked"
    words = page(client.get("/provider/profile"))
    assert "Waiting to be checked" in words
    assert "Sigmund Impostor (now: Dana Lee)" in words
    assert "MD, PhD, ABPN (now: PMHNP)" in words
    assert markup(client.get("/provider/profile").text).values["display_name"] == ["Dana Lee"]
    client.post("/provider/profile/identity-request/withdraw")
    assert "Waiting to be checked" not in page(client.get("/provider/profile"))


def test_the_desk_shows_the_request_and_keeps_what_was_typed(
    client: TestClient, session: Session, dana: Provider, as_dana: Headers
) -> None:
    waiting = put(client, as_dana, **IMPOSTOR)["identity_request"]
    sign_in(client, session, make_person(session, "desk@example.com", [ADMIN]))
    queue = said(client.get("/admin").text)
    assert "Change of name that patients see and letters: waiting for us." in queue
    case = page(client.get(f"/admin/providers/{dana.id}"))
    assert "Sigmund Impostor (now: Dana Lee)" in case
    assert "“Sigmund Impostor” is not a plain form of “Dana Lee”." in case
    url = f"/admin/identity-requests/{waiting['id']}/decision"
    long = "x" * 1001
    refused = client.post(url, data={"outcome": "declined", "identity_reason": long})
    assert refused.status_code == 422
    assert markup(refused.text).values["identity_reason"] == [long]
    done = client.post(url, data={"outcome": "accepted", "identity_reason": "Seen."})
    assert done.status_code == 200
    history = page(client.get(f"/admin/providers/{dana.id}"))
    assert "Accepted Seen." in history
