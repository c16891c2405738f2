"""Mail, written in the caller's transaction and sent by a job. Bodies are encrypted at rest."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from urllib.parse import unquote, urlsplit
from uuid import UUID

import structlog
from sqlalchemy import Column, ColumnElement, Index, String, func, or_, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, Session, SQLModel, col, delete, select, update

from core import clock
from core.crypto import Encrypted
from core.database import transaction, uuid7
from core.jobs import MAIL, RETRY, defer, jobs
from core.lookup import is_found, kept_plain, keyed_digest
from core.settings import settings

log = structlog.get_logger("openchair.mail")


class MailDelayed(Exception):
    """The mail server did not take it; the job tries again later."""


class Mail(SQLModel, table=True):
    """One message. `key` names what it announces, so that announcing twice sends once."""

    __tablename__ = "mail"
    __table_args__ = (
        Index("ix_mail_created_at_id", "created_at", "id"),
        Index("ix_mail_refused_at", "refused_at", postgresql_where=text("refused_at IS NOT NULL")),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    key: str = Field(unique=True)
    sealed_recipient: str | None = Field(default=None, sa_type=Encrypted)
    recipient_hash: bytes | None = Field(default=None, index=True)
    plain_recipient: str | None = Field(
        default=None, sa_column=Column("recipient", String, key="plain_recipient", index=True)
    )
    subject: str
    text: str = Field(sa_type=Encrypted)
    html: str = Field(sa_type=Encrypted)
    calendar: str | None = Field(default=None, sa_type=Encrypted)
    calendar_method: str | None = None
    unsubscribe_url: str | None = Field(default=None, sa_type=Encrypted)
    created_at: datetime
    sent_at: datetime | None = None
    expires_at: datetime | None = None  # not sent from then on
    refused_at: datetime | None = None  # for good, by the mail server
    refusal_code: int | None = None  # the server's: 550 …

    @property
    def recipient(self) -> str:
        """The address."""
        return self.sealed_recipient or self.plain_recipient or ""


@dataclass(frozen=True)
class Letter:
    """What to say. Subjects name no profession, condition or modality (a shoulder reads them).

    `unsubscribe_url`, for letters that come unasked: a POST to it must end them without another
    question, a GET must only ask (RFC 8058). `expires_at`: from then on it would only mislead, and
    is not sent.
    """

    recipient: str
    subject: str
    text: str
    html: str
    calendar: str | None = None
    calendar_method: str | None = None
    unsubscribe_url: str | None = None
    expires_at: datetime | None = None


def post(session: Session, key: str, letter: Letter) -> None:
    """Promise a letter with this transaction. The same `key` again does nothing."""
    mail_id = uuid7()
    said = {name: value for name, value in vars(letter).items() if name != "recipient"}
    row = (
        insert(Mail)
        .values(
            id=mail_id,
            key=key,
            created_at=clock.now(),
            sealed_recipient=letter.recipient,
            recipient_hash=keyed_digest("email", letter.recipient),
            plain_recipient=kept_plain(letter.recipient),
            **said,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(col(Mail.id))
    )
    if session.connection().execute(row).first():
        defer(session, send, mail_id=str(mail_id))


@jobs.task(name="core.mail.send", retry=RETRY, queue=MAIL)
def send(mail_id: str) -> None:
    """Hand one letter to the mail server. A server that is down, or says "later", is tried again
    later; one that refuses for good is not."""
    with transaction() as session:
        mail = session.get(Mail, UUID(mail_id), with_for_update=True)
        if mail is None or not _is_due(mail, clock.now()):
            return
        if settings().smtp_url.get_secret_value():
            try:
                _deliver(compose(mail))
            except (OSError, smtplib.SMTPException) as error:
                mail.refusal_code = _refusal_code(error)
                if mail.refusal_code is None:
                    # Only the kind: an answer can repeat the recipient's address in the log.
                    raise MailDelayed(type(error).__name__) from None
                mail.refused_at = clock.now()
                log.warning("letter_refused", code=mail.refusal_code)
                return
        mail.sent_at = clock.now()


def _is_due(mail: Mail, now: datetime) -> bool:
    has_ended = mail.expires_at is not None and mail.expires_at <= now
    return mail.sent_at is None and mail.refused_at is None and not has_ended


def _refusal_code(error: Exception) -> int | None:
    """The code with which the server refuses this recipient or this letter for good (RFC 5321,
    4.2.1: 5yz). What it has against ourselves is for the operator to mend, so it can wait."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
        case smtplib.SMTPDataError():
            codes = [error.smtp_code]
        case _:
            return None
    return codes[0] if codes and all(500 <= code <= 599 for code in codes) else None


def compose(mail: Mail) -> EmailMessage:
    """The message with text, HTML and, where there is one, the iMIP calendar part (RFC 6047)."""
    message = EmailMessage()
    message["From"] = settings().mail_from
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    domain = parseaddr(settings().mail_from)[1].partition("@")[2]
    # The id is stable, so that a repeated attempt is recognised as the same letter.
    message["Message-ID"] = f"<{mail.id}@{domain}>" if domain else make_msgid()
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    if mail.calendar:
        message.add_alternative(
            mail.calendar, subtype="calendar", params={"method": mail.calendar_method or "REQUEST"}
        )
        message.add_attachment(
            mail.calendar.encode(), maintype="application", subtype="ics", filename="invite.ics"
        )
    return message


def _deliver(message: EmailMessage) -> None:
    with _connected() as server:
        server.send_message(message)


def greet_server() -> None:
    """Sign in at the mail server and leave. Raises OSError or SMTPException."""
    with _connected() as server:
        server.ehlo_or_helo_if_needed()


@contextmanager
def _connected() -> Iterator[smtplib.SMTP]:
    url = urlsplit(settings().smtp_url.get_secret_value())
    host, port = url.hostname or "localhost", url.port
    context = ssl.create_default_context()
    if url.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port or 465, timeout=20, context=context)
    else:
        server = smtplib.SMTP(host, port or 587, timeout=20)
    with server:
        if url.scheme == "smtp":
            server.starttls(context=context)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        yield server


def find_letter(session: Session, mail_id: UUID) -> Mail | None:
    return session.get(Mail, mail_id)


def find_letters(session: Session, recipient: str, most: int) -> list[Mail]:
    """The newest, of one recipient where one is named."""
    query = select(Mail).order_by(col(Mail.created_at).desc(), col(Mail.id).desc()).limit(most)
    if recipient:
        query = query.where(is_to(recipient))
    return list(session.exec(query).all())


def is_to(recipient: str) -> ColumnElement[bool]:
    """SQL: letters to this address."""
    return is_found(col(Mail.recipient_hash), col(Mail.plain_recipient), "email", recipient)


def readdress(session: Session, before: str, after: str) -> None:
    """Whoever had the address `before` has `after` from now on: their letters are found by it.
    Those that wait still go to where they were written to."""
    session.exec(
        update(Mail).where(is_to(before)).values(recipient_hash=keyed_digest("email", after))
    )


def find_refused(session: Session, most: int) -> list[Mail]:
    """Those that were refused for good, the latest first."""
    query = select(Mail).where(col(Mail.refused_at).is_not(None))
    return list(session.exec(query.order_by(col(Mail.refused_at).desc()).limit(most)).all())


def count_refused(session: Session) -> int:
    """How many were refused for good, of the last 30 days."""
    return session.exec(
        select(func.count()).select_from(Mail).where(col(Mail.refused_at).is_not(None))
    ).one()


def forget_old(session: Session) -> None:
    """Letters are kept 30 days after they were sent, refused or of no more use, then dropped."""
    before = clock.now() - timedelta(days=30)
    written = col(Mail.created_at) < before  # what ended by then; it has the index
    ends = (Mail.sent_at, Mail.refused_at, Mail.expires_at)
    session.exec(delete(Mail).where(written, or_(*(col(end) < before for end in ends))))
