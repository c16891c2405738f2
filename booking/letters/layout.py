"""The shape of every letter about an appointment: a heading, facts, a few lines, one way on."""

from dataclasses import dataclass

from core.mail import Letter
from core.web import templates


@dataclass(frozen=True)
class AppointmentLetter:
    """What a letter says. `action`: (address, label)."""

    recipient: str
    subject: str
    heading: str
    facts: list[tuple[str, str]]
    lines: list[str]
    action: tuple[str, str]
    calendar: str | None = None
    calendar_method: str | None = None


def compose_letter(notice: AppointmentLetter) -> Letter:
    """The notice as text and HTML."""
    parts = {
        "heading": notice.heading,
        "facts": notice.facts,
        "lines": notice.lines,
        "action_url": notice.action[0],
        "action_label": notice.action[1],
    }
    return Letter(
        recipient=notice.recipient,
        subject=notice.subject,
        text=templates.text("mail/appointment.txt", **parts),
        html=templates.text("mail/appointment.html", **parts),
        calendar=notice.calendar,
        calendar_method=notice.calendar_method,
    )
