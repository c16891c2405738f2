"""Letters reach a real SMTP server, whole; a server that is down only delays them."""

import email
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import Session, select

from core import mail
from core.mail import Letter, Mail, post
from core.settings import settings
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
