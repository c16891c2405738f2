"""The admin's desk, as an admin meets it."""

import re
from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from core.web.caller import ADMIN
from directory.models import Credential, CredentialDecision, EvidenceFile, Provider
from directory.queries import credentials_of
from tests.factories import NOW, make_person, make_provider, sign_in
from tests.markup import said

pytestmark = pytest.mark.usefixtures("monday_at_ten")

PDF = b"%PDF-1.7\n%%EOF\n"
VERIFY = {"outcome": "verified", "source": "State board", "seen": "Active.", "expires_on": ""}


@pytest.fixture
def desk(client: TestClient, session: Session) -> TestClient:
    sign_in(client, session, make_person(session, "desk@example.com", [ADMIN]))
    return client


@pytest.fixture
def dana(session: Session) -> Provider:
    """Applied 99 days ago; NPI and licence wait."""
    return make_provider(session, now=NOW, verified=False)


def claims(session: Session, provider: Provider) -> dict[str, Credential]:
    return {one.kind: one for one in credentials_of(session, provider.id)}


def decision(one: Credential) -> str:
    return f"/admin/credentials/{one.id}/decision"


def test_an_empty_desk_says_so(desk: TestClient) -> None:
    answer = desk.get("/admin")
    assert answer.status_code == 200
    assert "Nothing waits here" in said(answer.text)


def test_the_oldest_case_comes_first_with_what_is_missing(
    desk: TestClient, session: Session, dana: Provider
) -> None:
    newer = make_provider(session, now=NOW, verified=False, name=("Rae", "Moss"))
    for one in credentials_of(session, newer.id):
        one.submitted_at = NOW - timedelta(days=1)
        session.add(one)
    session.commit()
    html = desk.get("/admin").text
    assert html.index("Dana Lee") < html.index("Rae Moss")
    assert "National Provider Identifier (NPI): waiting for us." in said(html)
    assert html.count("data-desk-item") == 2
    assert html.count('class="is-late"') == 2  # the line, and the figures


@pytest.mark.parametrize("view", ["waiting", "expiring", "overdue", "everyone"])
def test_each_view_can_be_opened(
    desk: TestClient, session: Session, dana: Provider, view: str
) -> None:
    make_provider(session, now=NOW, expires_on=date(2026, 12, 1), name=("Rae", "Moss"))
    late = make_provider(session, now=NOW, name=("Ivo", "Berg"))
    late.attested_at = NOW - timedelta(days=91)
    session.add(late)
    session.commit()
    shown = {
        "waiting": {"Dana Lee"},
        "expiring": {"Rae Moss"},
        "overdue": {"Ivo Berg"},
        "everyone": {"Dana Lee", "Rae Moss", "Ivo Berg"},
    }
    html = desk.get(f"/admin?view={view}").text
    assert {name for name in shown["everyone"] if name in html} == shown[view]
    assert desk.get("/admin?view=other").status_code == 404


def test_a_case_shows_claim_checks_and_decision_side_by_side(
    desk: TestClient, session: Session, dana: Provider
) -> None:
    one = claims(session, dana)["state_license"]
    words = said(desk.get(f"/admin/providers/{dana.id}?credential={one.id}").text)
    assert one.number in words
    assert "No other provider has given this number." in words
    assert "Decision" in words
    assert "Washington: provider credential search" in words
    assert "OIG exclusions" in words
    assert "No decision has been recorded yet." in words


def test_after_a_decision_the_next_claim_is_there_then_the_next_case(
    desk: TestClient, session: Session, dana: Provider
) -> None:
    other = make_provider(session, now=NOW, verified=False, name=("Rae", "Moss"))
    mine = claims(session, dana)
    first = desk.post(decision(mine["npi"]), data=VERIFY, follow_redirects=False)
    assert first.status_code == 303
    assert first.headers["location"] == f"/admin/providers/{dana.id}?notice=decided"
    second = desk.post(decision(mine["state_license"]), data=VERIFY)
    assert second.url.path == f"/admin/providers/{other.id}"
    assert "The decision is recorded." in said(second.text)
    assert "That was Dana Lee . This is the next case." in said(second.text)
    for one in claims(session, other).values():
        last = desk.post(decision(one), data=VERIFY)
    assert last.url.path == "/admin"
    assert "That was Rae Moss ." in said(last.text)
    assert "That was" not in said(desk.get("/admin?decided=nobody").text)


def test_a_case_that_was_opened_before_another_decision_decides_nothing(
    desk: TestClient, session: Session, dana: Provider
) -> None:
    """A rejected credential may be verified again, but not by who did not see that it was."""
    one = claims(session, dana)["state_license"]
    refused = {"outcome": "rejected", "source": "Board", "seen": "Expired.", "reason": "Expired."}
    desk.post(decision(one), data={**refused, "was": "pending"})
    late = desk.post(decision(one), data={**VERIFY, "was": "pending"})
    assert late.status_code == 422
    assert "It was rejected meanwhile." in said(late.text)
    assert VERIFY["seen"] in late.text
    session.refresh(one)
    assert one.status == "rejected"
    assert desk.post(decision(one), data={**VERIFY, "was": "rejected"}).status_code == 200


def test_errors_keep_everything_that_was_typed(
    desk: TestClient, session: Session, dana: Provider
) -> None:
    typed = {
        "outcome": "rejected",
        "source": "<Board>",
        "seen": "x" * 4001,
        "expires_on": "soon",
        "reason": " ",
    }
    one = claims(session, dana)["state_license"]
    answer = desk.post(decision(one), data=typed, files={"evidence": ("a.exe", b"MZ")})
    assert answer.status_code == 422
    for field in ("seen", "expires_on", "reason", "evidence"):
        assert f'href="#{field}"' in answer.text
    assert "&lt;Board&gt;" in answer.text
    assert "x" * 4001 in answer.text
    assert 'value="soon"' in answer.text
    assert session.exec(select(CredentialDecision)).all() == []
    assert session.exec(select(EvidenceFile)).all() == []


def test_evidence_can_be_had_back_from_the_history(
    desk: TestClient, session: Session, dana: Provider
) -> None:
    one = claims(session, dana)["npi"]
    desk.post(decision(one), data=VERIFY, files={"evidence": ("seen.pdf", PDF)})
    html = desk.get(f"/admin/providers/{dana.id}").text
    assert "desk@example.com" in html
    link = re.findall(r'href="(/admin/evidence/[^"]+)"', html)[0]
    assert desk.get(link).content == PDF


def test_what_is_verified_can_be_revoked_with_a_reason(desk: TestClient, session: Session) -> None:
    listed = make_provider(session, now=NOW)
    one = claims(session, listed)["state_license"]
    assert desk.get(f"/providers/{listed.slug}").status_code == 200
    page = desk.get(f"/admin/providers/{listed.id}?credential={one.id}").text
    assert 'value="revoked"' in page
    revoke = {**VERIFY, "outcome": "revoked"}
    assert desk.post(decision(one), data=revoke).status_code == 422
    assert desk.post(decision(one), data={**revoke, "reason": "Suspended."}).status_code == 200
    assert desk.get(f"/providers/{listed.slug}").status_code == 404
    assert desk.get(f"/api/v1/providers/{listed.id}").status_code == 404


def test_history_keeps_what_was_withdrawn(
    desk: TestClient, session: Session, dana: Provider
) -> None:
    one = claims(session, dana)["npi"]
    desk.post(decision(one), data={**VERIFY, "outcome": "rejected", "reason": "Not theirs."})
    one = session.get_one(Credential, one.id, populate_existing=True)
    one.withdrawn_at = NOW
    session.add(one)
    session.commit()
    assert "Not theirs." in said(desk.get(f"/admin/providers/{dana.id}").text)
    assert desk.post(decision(one), data=VERIFY).status_code == 409


def test_a_decision_that_someone_else_took_first_is_told(
    desk: TestClient, session: Session, dana: Provider
) -> None:
    one = claims(session, dana)["npi"]
    reject = {**VERIFY, "outcome": "rejected", "reason": "Not theirs."}
    assert desk.post(decision(one), data=reject).status_code == 200
    assert desk.post(decision(one), data=reject).status_code == 409
