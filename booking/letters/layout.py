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


def compose_letter(letter: AppointmentLetter) -> Letter:
    """The letter as text and HTML."""
    parts = {
        "heading": letter.heading,
        "facts": letter.facts,
        "lines": letter.lines,
        "action_url": letter.action[0],
        "action_label": letter.action[1],
    }
    return Letter(
        recipient=letter.recipient,
        subject=letter.subject,
        text=templates.text("mail/appointment.txt", **parts),
        html=templates.text("mail/appointment.html", **parts),
        calendar=letter.calendar,
        calendar_method=letter.calendar_method,
    )
