"""Sign-in, account, audit and mailbox as pages, without JavaScript."""

import re
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlmodel import Session, select

from accounts import audit
from accounts.models import AuditEntry, Person
from accounts.people import erase
from core import clock
from core.database import uuid7
from core.mail import Letter, Mail, post
from core.settings import settings
from core.web import templates as web_templates
from core.web.caller import ADMIN, PATIENT, PROVIDER
from main import create_app
from tests import factories
from tests.accounts.test_sign_in import EMAIL, newest_code, other_than
from tests.markup import said

FORM = {"Sec-Fetch-Site": "same-origin"}
HERE = {"Host": "localhost"}


def sign_in(client: TestClient, session: Session, email: str = EMAIL, next: str = "") -> str:
    """All the way; where one is led to."""
    client.get(f"/sign-in?next={next}")
    sent = client.post(
        "/sign-in", data={"email": email, "next": next}, headers=FORM, follow_redirects=False
    )
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in/code")
    code = newest_code(session, email)
    answer = client.post("/sign-in/code", data={"code": code}, headers=FORM, follow_redirects=False)
    assert answer.status_code == 303
    return answer.headers["location"]


@pytest.mark.parametrize(
    ("roles", "wanted", "led_to"),
    [
        ([], "", "/appointments"),  # someone new
        ([PATIENT], "", "/appointments"),
        ([PROVIDER], "", "/provider"),
        ([ADMIN, PATIENT], "", "/admin"),
        ([PATIENT], "/find?state=WA", "/find?state=WA"),
        ([ADMIN], "/admin/audit", "/admin/audit"),
        ([PATIENT], "https://evil.example.com", "/appointments"),
        ([PATIENT], "//evil.example.com", "/appointments"),
    ],
)
def test_after_signing_in_one_is_where_one_wanted_to_be(
    client: TestClient, session: Session, roles: list[str], wanted: str, led_to: str
) -> None:
    if roles:
        factories.make_person(session, EMAIL, roles)
    assert sign_in(client, session, next=wanted) == led_to
    assert client.get("/account").status_code == 200


def test_the_way_back_survives_a_mistake(client: TestClient, session: Session) -> None:
    refused = client.post("/sign-in", data={"email": "some one", "next": "/account"}, headers=FORM)
    assert refused.status_code == 422
    assert 'value="some one"' in refused.text
    assert 'name="next" value="/account"' in refused.text
    assert 'href="#email"' in refused.text


def test_a_wrong_code_says_so_and_keeps_the_address(client: TestClient, session: Session) -> None:
    client.post("/sign-in", data={"email": EMAIL}, headers=FORM)
    wrong = other_than(newest_code(session))
    answer = client.post("/sign-in/code", data={"code": wrong}, headers=FORM)
    assert answer.status_code == 422
    assert EMAIL in answer.text
    assert "not right" in answer.text
    assert client.get("/account", follow_redirects=False).status_code == 303


def test_the_code_page_needs_an_address_first(client: TestClient) -> None:
    for cookie in ("", "nonsense", "AAAA"):
        client.cookies.set("sign-in", cookie)
        answer = client.get("/sign-in/code", follow_redirects=False)
        assert answer.headers["location"] == "/sign-in"


def test_the_address_is_not_readable_in_the_cookie(client: TestClient) -> None:
    answer = client.post("/sign-in", data={"email": EMAIL}, headers=FORM, follow_redirects=False)
    assert "someone" not in answer.headers["set-cookie"]
    assert EMAIL not in answer.headers["location"]


def test_signing_out(client: TestClient, session: Session) -> None:
    sign_in(client, session)
    client.cookies.update({"draft": "what was typed", "zone": "America/Chicago"})
    answer = client.post("/sign-out", headers=FORM, follow_redirects=False)
    assert answer.headers["location"] == "/?notice=signed-out"
    dropped = [line.split("=")[0] for line in answer.headers.get_list("set-cookie")]
    assert sorted(dropped) == ["draft", "session"]
    again = client.post("/sign-out", headers=FORM, follow_redirects=False)
    assert again.status_code == 303


def test_a_get_does_not_sign_out(client: TestClient, session: Session) -> None:
    sign_in(client, session)
    assert client.get("/sign-out").status_code == 405
    assert client.get("/account").status_code == 200


def test_the_account_lists_devices_and_ends_them(client: TestClient, session: Session) -> None:
    person = factories.make_patient(session, EMAIL)
    elsewhere = factories.sign_in(None, session, person)
    sign_in(client, session)
    page = client.get("/account").text
    assert EMAIL in page
    assert "(this one)" in page
    assert 'href="/account/data"' in page
    ends = re.findall(r'action="(/account/sign-ins/[^"]+/end)"', page)
    assert len(ends) == 2
    client.post("/account/sign-ins/end-others", headers=FORM)
    client.cookies.clear()
    assert client.get("/api/v1/me", headers=elsewhere).status_code == 401


def test_ending_the_session_one_is_in_signs_out(client: TestClient, session: Session) -> None:
    sign_in(client, session)
    (end,) = re.findall(r'action="(/account/sign-ins/[^"]+/end)"', client.get("/account").text)
    answer = client.post(end, headers=FORM, follow_redirects=False)
    assert answer.headers["location"] == "/?notice=signed-out"
    assert client.get("/account", follow_redirects=False).status_code == 303


def record(session: Session, action: str, actor: Person | str, subject: UUID | None = None) -> None:
    audit.record(
        session,
        actor=actor if isinstance(actor, str) else actor.id,
        action=action,
        subject_kind="provider",
        subject_id=subject,
        detail={"kind": "npi", "state": "WA"},
        now=clock.now(),
    )


def test_admins_read_and_filter_the_audit_log(client: TestClient, session: Session) -> None:
    factories.sign_in(client, session, factories.make_person(session, "a@example.com", [ADMIN]))
    first, second = (
        factories.make_person(session, f"{name}@example.com", [ADMIN]) for name in ("b", "c")
    )
    dana = factories.make_provider(session, now=clock.now(), email="dana@example.com")
    kim = factories.make_provider(session, now=clock.now(), name=("Kim", "100%"))
    record(session, "credential.verified", first, dana.id)
    record(session, "credential.rejected", second, kim.id)
    session.commit()
    everything = client.get("/admin/audit").text
    assert everything.index("c@example.com") < everything.index("b@example.com")  # newest first
    assert f'href="/admin/providers/{dana.id}"' in everything
    today = clock.now().date().isoformat()
    both = ["Dana Lee", "Kim 100%"]
    for query, found in [
        ("action=credential.verified", ["Dana Lee"]),
        ("actor=B@example.com", ["Dana Lee"]),
        (f"actor={second.id}", ["Kim 100%"]),
        ("actor=b@", []),  # exactly
        ("actor=system", []),
        ("subject=kim", ["Kim 100%"]),
        ("subject=Dan", ["Dana Lee"]),
        ("subject=dana@example.com", ["Dana Lee"]),
        (f"subject={kim.id}", ["Kim 100%"]),
        ("subject=%25", []),  # a sign, not a pattern
        (f"since={today}&until={today}", both),
        ("until=2020-01-01", []),
        ("until=9999-12-31", both),
        ("before=1&actor=b@example.com", []),
        ("action=nothing", []),
    ]:
        table = client.get(f"/admin/audit?{query}").text.partition("<tbody>")[2]
        assert [name for name in both if name in table] == found, query
    assert client.get("/admin/audit?since=yesterday").status_code == 422


def test_names_are_those_of_today_and_what_was_erased_is_gone(
    client: TestClient, session: Session
) -> None:
    factories.sign_in(client, session, factories.make_person(session, "a@example.com", [ADMIN]))
    other = factories.make_person(session, "gone@example.com", [ADMIN])
    dana = factories.make_provider(session, now=clock.now())
    record(session, "credential.verified", other, dana.id)
    dana.display_name = "Dana Lee-Ray"
    session.add(dana)
    erase(session, other.id, clock.now())
    session.commit()
    table = client.get("/admin/audit").text.partition("<tbody>")[2]
    assert "Dana Lee-Ray" in table
    assert "gone@example.com" not in table
    stored = session.connection().exec_driver_sql("SELECT a::text FROM audit_entry a").scalars()
    assert not any("@" in row or "Dana" in row for row in stored)


def test_the_audit_log_goes_on_where_the_page_ended(client: TestClient, session: Session) -> None:
    admin = factories.make_person(session, "a@example.com", [ADMIN])
    factories.sign_in(client, session, admin)
    ids = [uuid7() for _ in range(53)]
    for one in ids:
        record(session, "credential.verified", admin, one)
    session.commit()
    first = client.get("/admin/audit?actor=a@example.com")
    (more,) = re.findall(r'href="([^"]+before=[^"]+)"', first.text)
    second = client.get(more.replace("&amp;", "&")).text
    seen = [set(re.findall(r"provider ([0-9a-f-]{36})", page)) for page in (first.text, second)]
    assert [len(found) for found in seen] == [50, 3]
    assert set.union(*seen) == {str(one) for one in ids}


def test_that_somebody_looked_is_recorded_once_an_hour(session: Session) -> None:
    admin, other = (factories.make_person(session, f"{n}@example.com", [ADMIN]) for n in "ab")
    subjects = [uuid7(), uuid7()]
    ten = datetime.fromisoformat("2026-11-26T10:00:00Z")
    looks = ((admin.id, 0), (admin.id, 59), (other.id, 30), (admin.id, 60), (None, 61), (None, 62))
    for actor, minutes in looks:
        audit.record_once_an_hour(
            session,
            actor=actor,
            action="credential.verified",
            subject_kind="provider",
            subject_ids=subjects,
            now=ten + timedelta(minutes=minutes),
        )
    rows = session.exec(select(AuditEntry)).all()
    told = Counter((row.actor_id, row.hour) for row in rows)
    assert told == {
        (admin.id, ten): 2,
        (other.id, ten): 2,
        (admin.id, ten + timedelta(hours=1)): 2,
        (None, ten + timedelta(hours=1)): 2,
    }


# Every action that is recorded, with a detail as it is recorded: how it reads.
SENTENCES = [
    (
        "admin.signed_in",
        {"device": "Firefox on Linux"},
        "Admin signed in",
        "signed in, with Firefox on Linux.",
    ),
    ("role.granted", {"role": "admin"}, "Role granted", "gave {} the role of admin."),
    (
        "factor.added",
        {"kind": "passkey"},
        "Passkey or app added",
        "added a second step at sign-in of {}: passkey.",
    ),
    (
        "factor.removed",
        {"kind": "app"},
        "Passkey or app removed",
        "removed a second step at sign-in of {}: authenticator app.",
    ),
    (
        "factor.refused",
        {"kind": "recovery_code"},
        "Second step refused",
        "gave a second step of {} that was refused: recovery code.",
    ),
    ("recovery_code.used", {}, "Recovery code used", "used a recovery code of {}."),
    (
        "passkey.copied",
        {},
        "Passkey may be copied",
        "was refused with a passkey of {}: its counter went back.",
    ),
    (
        "factors.reset_asked",
        {},
        "Removal of second step asked for",
        "asked for the removal of the second step of {}.",
    ),
    (
        "factors.reset_stopped",
        {},
        "Removal of second step stopped",
        "stopped the removal of the second step of {}.",
    ),
    (
        "factors.reset",
        {"how": "command"},
        "Second step removed",
        "removed the second step of {}. By the command line.",
    ),
    (
        "address.changed",
        {"how": "own"},
        "Email address changed",
        "changed the address of {}. With codes to both addresses.",
    ),
    (
        "credential.verified",
        {"kind": "state_license", "state": "WA", "credential": "0"},
        "Credential verified",
        "verified the State licence, Washington, of {}.",
    ),
    (
        "credential.rejected",
        {"kind": "npi", "state": ""},
        "Credential rejected",
        "rejected the National Provider Identifier (NPI) of {}.",
    ),
    (
        "credential.revoked",
        {"kind": "dea", "state": "OR"},
        "Credential revoked",
        "revoked the DEA registration, Oregon, of {}.",
    ),
    (
        "provider.suspended",
        {"from": "2026-11-23 18:00 UTC", "until": ""},
        "Provider suspended",
        "suspended {} from 2026-11-23 18:00 UTC until further notice.",
    ),
    ("provider.reinstated", {}, "Provider reinstated", "reinstated {}."),
    (
        "identity.changed",
        {"fields": ["letters"]},
        "Name or letters changed",
        "changed letters of {}.",
    ),
    (
        "identity.asked",
        {"request": "0", "fields": ["display_name", "letters"]},
        "Change of identity asked for",
        "asked for a change of the name that patients see and letters of {}.",
    ),
    (
        "identity.withdrawn",
        {"fields": []},
        "Change of identity taken back",
        "took back a change of a name or letters of {}.",
    ),
    (
        "identity.accepted",
        {"fields": ["legal_last_name"]},
        "Change of identity accepted",
        "accepted a change of the legal last name of {}.",
    ),
    (
        "identity.declined",
        {},
        "Change of identity declined",
        "declined a change of a name or letters of {}.",
    ),
    ("appointment.opened", {}, "Appointment opened", "opened an appointment of {}."),
    ("patients.listed", {}, "Appointments listed", "listed appointments of {}."),
    ("patients.exported", {}, "Patients exported", "took a copy of appointments of {}."),
    ("case.opened", {}, "Case opened", "opened the case of {}."),
    ("case.taken", {}, "Case taken", "took the case of {}."),
    ("case.given_back", {}, "Case given back", "gave back the case of {}."),
    ("evidence.opened", {}, "Evidence opened", "opened evidence about {}."),
    ("person.opened", {}, "Account looked up", "looked up the account of {}."),
    ("data.exported", {}, "Data exported", "took a copy of the data of {}."),
    ("data.deleted", {}, "Data deleted", "deleted the data of {}."),
    ("meeting_link.changed", {}, "Meeting link changed", "changed the meeting link of {}."),
    (
        "sign_in.failed",
        {},
        "Sign-in failed",
        "failed to sign in as {}, with a code that was not right.",
    ),
    (
        "sign_in.refused",
        {},
        "Sign-in refused",
        "tried too often to sign in as {}, and was refused.",
    ),
    ("practice.closed", {}, "Practice closed", "closed the practice of {}."),
    ("practice.opened", {}, "Practice opened again", "opened the practice of {} again."),
    # What an older version wrote, in another way or with less.
    ("practice.merged", {"why": "It was."}, "Practice merged", "Practice merged: {}"),
    ("role.granted", {}, "Role granted", "Role granted: {}"),
]


@pytest.mark.parametrize(("action", "detail", "title", "sentence"), SENTENCES)
def test_the_audit_log_is_written_in_sentences(
    client: TestClient,
    session: Session,
    action: str,
    detail: dict[str, str],
    title: str,
    sentence: str,
) -> None:
    session.add(
        AuditEntry(
            at=clock.now(),
            actor=audit.COMMAND,
            action=action,
            subject_kind="provider",
            subject="Dana Lee",
            detail=detail,
        )
    )
    factories.sign_in(client, session, factories.make_person(session, "a@example.com", [ADMIN]))
    answer = client.get("/admin/audit").text
    assert f'<option value="{action}">{title}</option>' in answer
    row = said(answer.split("<tbody>")[1].split("</tbody>")[0])
    assert row.partition(" The command line ")[2] == sentence.format("Dana Lee")


def test_every_action_that_can_be_recorded_is_in_the_table() -> None:
    assert audit.declared() == {action for action, *_ in SENTENCES} - {"practice.merged"}


def test_what_nobody_declared_is_not_recorded(session: Session) -> None:
    with pytest.raises(ValueError, match="how does it read"):
        record(session, "credential.invented", audit.SYSTEM)


def test_the_audit_log_is_for_admins(client: TestClient, session: Session) -> None:
    for roles, status in (([PATIENT], 403), ([PROVIDER], 403), ([ADMIN], 200)):
        email = f"{roles[0]}@example.com"
        headers = factories.sign_in(None, session, factories.make_person(session, email, roles))
        assert client.get("/admin/audit", headers=headers).status_code == status


def test_the_demo_mailbox_shows_codes_before_any_worker_ran(
    client: TestClient, session: Session
) -> None:
    client.post("/sign-in", data={"email": EMAIL}, headers=FORM)
    page = client.get("/demo/mailbox", headers=HERE)
    assert page.headers["cache-control"] == "no-store"
    assert f"<b>{newest_code(session)}</b>" in page.text
    assert "only in the demo" in page.text


def test_the_demo_mailbox_shows_one_recipient_and_their_calendar(
    client: TestClient, session: Session
) -> None:
    invite = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    post(session, "1", Letter("a@example.com", "For A", "<b>text</b>", "<p></p>", invite, "CANCEL"))
    post(session, "2", Letter("b@example.com", "For B", "text", "<p></p>"))
    session.commit()
    page = client.get("/demo/mailbox?to=A@example.com", headers=HERE).text
    assert "For A" in page
    assert "For B" not in page
    assert "&lt;b&gt;text" in page
    (link,) = re.findall(r'href="(/demo/mailbox/[^"]+/calendar.ics)"', page)
    download = client.get(link, headers=HERE)
    assert download.text == invite
    assert download.headers["content-type"] == "text/calendar; charset=utf-8; method=CANCEL"
    assert "attachment" in download.headers["content-disposition"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("openchair.localhost:8000", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("rebound.example.com", 404),
        ("rebound.example.com:8000", 404),
        ("127.0.0.1.example.com", 404),
        ("localhost@example.com", 404),
        ("[", 404),
        ("", 404),
    ],
)
def test_a_name_that_leads_here_does_not_read_the_mailbox(
    client: TestClient, session: Session, host: str, status: int
) -> None:
    post(session, "1", Letter("a@example.com", "For A", "text", "<p></p>", "BEGIN:VCALENDAR"))
    session.commit()
    (letter,) = session.exec(select(Mail)).all()
    for path in ("/demo/mailbox", f"/demo/mailbox/{letter.id}/calendar.ics"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == status
        assert ("For A" in answer.text or "VCALENDAR" in answer.text) is (status == 200)


def test_outside_the_demo_there_is_no_mailbox(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings().model_copy(update={"demo": False, "smtp_url": SecretStr("smtp://a")})
    monkeypatch.setattr("main.settings", lambda: config)
    app = create_app()
    client = TestClient(app)
    assert client.get("/demo/mailbox").status_code == 404
    address = "/demo/mailbox/01a20ab5-2dca-705f-94b8-99a27baa1a20/calendar.ics"
    assert client.get(address).status_code == 404
    assert not [one for one in app.routes if "mailbox" in getattr(one, "path", "")]


def test_admins_see_which_letters_were_refused_and_not_for_whom(
    client: TestClient, session: Session
) -> None:
    for code, domain in ((550, "one.example.com"), (571, "other.example.com")):
        session.add(
            Mail(
                key=f"letter to {domain}",
                sealed_recipient=f"robin@{domain}",
                subject="Your appointment",
                text="words",
                html="words",
                created_at=clock.now(),
                refused_at=clock.now(),
                refusal_code=code,
            )
        )
    admin = factories.make_person(session, "admin@example.com", [ADMIN])
    factories.sign_in(client, session, admin)
    assert "Emails refused 2" in said(client.get("/admin").text)
    words = said(client.get("/admin/letters").text)
    assert "one.example.com 550 There is no such mailbox" in words
    assert "other.example.com 571 Refused for good." in words
    assert "robin" not in words
    assert "Your appointment" not in words


@pytest.mark.parametrize("contact", ["", "help@example.com"])
def test_nobody_is_told_to_write_without_an_address(
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    contact: str,
) -> None:
    configured = settings().model_copy(update={"contact": contact})
    monkeypatch.setattr(web_templates, "settings", lambda: configured)
    page = client.get("/no-such-page").text
    assert ("write to" in page) == bool(contact)
    assert "write to us" not in page
    assert ('href="mailto:help@example.com"' in page) == bool(contact)
