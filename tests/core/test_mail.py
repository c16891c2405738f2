"""Letters reach a real SMTP server, whole; a server that is down only delays them."""

import email
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import Session, select

from accounts.browsers import Browser
from accounts.codes import request_code
from core import clock, mail
from core.mail import Letter, Mail, post
from core.settings import settings
from tests.factories import NOW
from tests.jobs import run_jobs

INVITE = "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nEND:VCALENDAR\r\n"
PLAIN = Letter("someone@example.com", "Your appointment", "Grüße", "<p>Grüße</p>")


class Sink:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 kept"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """A port that mail goes to; nobody listens there yet."""
    port = free_port()
    config = settings().model_copy(update={"smtp_url": SecretStr(f"smtp+plain://127.0.0.1:{port}")})
    monkeypatch.setattr(mail, "settings", lambda: config)
    return port


@pytest.fixture
def sink(port: int) -> Iterator[Sink]:
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    yield sink
    controller.stop()


class Answering(Sink):
    """Answers as told: to the recipient, or to the letter."""

    def __init__(self, to_recipient: str = "250 ok", to_letter: str = "250 kept") -> None:
        super().__init__()
        self.to_recipient, self.to_letter = to_recipient, to_letter

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append(email.message_from_bytes(envelope.content, policy=default))
        return self.to_letter


@contextmanager
def serving(handler: Sink, port: int) -> Iterator[None]:
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def jobs_left(session: Session) -> list[tuple[str, int]]:
    session.rollback()
    rows = session.connection().execute(text("SELECT status, attempts FROM procrastinate_jobs"))
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"to_recipient": "550 5.1.1 no such user"}, 550),
        ({"to_recipient": "553 not possible"}, 553),
        ({"to_letter": "554 5.7.1 unwanted"}, 554),
        ({"to_letter": "552 too large"}, 552),
    ],
)
def test_what_is_refused_for_good_is_not_tried_again(
    session: Session, port: int, answers: dict[str, str], code: int
) -> None:
    promise(session, PLAIN)
    with serving(Answering(**answers), port):
        run_jobs()
    assert jobs_left(session) == []
    refused = session.exec(select(Mail)).one()
    assert (refused.refusal_code, refused.sent_at) == (code, None)
    assert refused.refused_at is not None


@pytest.mark.parametrize(
    "answers",
    [
        {"to_recipient": "450 4.2.1 greylisted"},
        {"to_recipient": "452 mailbox is full just now"},
        {"to_letter": "451 try again"},
        {"to_letter": "421 closing"},
    ],
)
def test_what_is_refused_for_now_is_tried_again(
    session: Session, port: int, answers: dict[str, str]
) -> None:
    promise(session, PLAIN)
    with serving(Answering(**answers), port):
        run_jobs()
    assert jobs_left(session) == [("todo", 1)]
    assert session.exec(select(Mail.refused_at)).one() is None


@pytest.mark.parametrize(("minutes", "arrives"), [(9, True), (10, False), (60, False)])
def test_a_code_that_ran_out_is_not_sent(
    session: Session, sink: Sink, minutes: int, arrives: bool
) -> None:
    """The mail server was away meanwhile; who gets an old code tries it in vain."""
    with clock.at(NOW):
        request_code(session, "someone@example.com", Browser("", "192.0.2.1"), NOW)
        session.commit()
    with clock.at(NOW + timedelta(minutes=minutes)):
        run_jobs()
    assert len(sink.messages) == int(arrives)
    assert jobs_left(session) == []


def test_letters_that_ended_are_forgotten_after_a_month(session: Session) -> None:
    ends = {"sent_at": NOW, "refused_at": NOW, "expires_at": NOW, "nothing": None}
    for name, end in ends.items():
        row = Mail(
            key=name,
            sealed_recipient="a@example.com",
            subject="",
            text="",
            html="",
            created_at=NOW,
        )
        if end:
            setattr(row, name, end)
        session.add(row)
    session.flush()
    with clock.at(NOW + timedelta(days=31)):
        mail.forget_old(session)
    assert session.exec(select(Mail.key)).all() == ["nothing"]


def promise(session: Session, letter: Letter) -> None:
    post(session, "test", letter)
    session.commit()


def test_a_letter_has_text_html_and_calendar(session: Session, sink: Sink) -> None:
    promise(
        session,
        Letter(
            "someone@example.com", "Your appointment", "Grüße", "<p>Grüße</p>", INVITE, "CANCEL"
        ),
    )
    run_jobs()
    (message,) = sink.messages
    assert message["To"] == "someone@example.com"
    assert message["Subject"] == "Your appointment"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@openchair.example.com>")
    parts = {part.get_content_type(): part for part in message.walk()}
    assert parts["text/plain"].get_content().strip() == "Grüße"
    assert parts["text/html"].get_content().strip() == "<p>Grüße</p>"
    assert parts["text/calendar"].get_param("method") == "CANCEL"
    assert parts["text/calendar"].get_content().splitlines() == INVITE.splitlines()
    assert parts["application/ics"].get_filename() == "invite.ics"


def test_a_letter_without_calendar_is_plain(session: Session, sink: Sink) -> None:
    promise(session, PLAIN)
    run_jobs()
    kinds = [part.get_content_type() for part in sink.messages[0].walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]


def test_announcing_twice_sends_once(session: Session, sink: Sink) -> None:
    promise(session, PLAIN)
    promise(session, PLAIN)
    run_jobs()
    mail.send(mail_id=str(session.exec(select(Mail.id)).one()))  # a job that is run again
    assert len(sink.messages) == 1


def test_a_server_that_is_down_delays_mail_and_loses_none(session: Session, port: int) -> None:
    promise(session, PLAIN)
    run_jobs()
    waiting = "SELECT status, attempts, scheduled_at > now() AS later FROM procrastinate_jobs"
    row = session.connection().execute(text(waiting)).one()
    assert (row.status, row.attempts, row.later) == ("todo", 1, True)
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        session.connection().execute(text("UPDATE procrastinate_jobs SET scheduled_at = now()"))
        session.commit()
        run_jobs()
    finally:
        controller.stop()
    assert len(sink.messages) == 1
    assert (
        session.connection().execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar() == 0
    )


def test_letters_are_unreadable_at_rest(session: Session) -> None:
    promise(session, PLAIN)
    stored = session.connection().execute(text("SELECT text, html FROM mail")).one()
    assert "Grüße".encode() not in bytes(stored.text) + bytes(stored.html)


def test_text_letters_are_not_escaped_as_html() -> None:
    from core.web import templates

    made = templates.environment().from_string("{{ name }}")
    assert made.render(name="O'Hara") == "O&#39;Hara"
    words = {
        "heading": "O'Hara & Lee",
        "facts": [],
        "lines": [],
        "action_url": "",
        "action_label": "",
    }
    assert "O'Hara & Lee" in templates.text("mail/appointment.txt", **words)
    assert "O&#39;Hara &amp; Lee" in templates.text("mail/appointment.html", **words)
