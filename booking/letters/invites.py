"""Calendar entries (RFC 5545, sent as iMIP, RFC 6047).

The UID never changes and SEQUENCE is the appointment's version, so that a calendar replaces
instead of doubling. Entries are neutral: no profession, condition or name in the summary.
"""

from datetime import datetime
from email.utils import parseaddr
from urllib.parse import quote

from icalendar import Calendar, Event, vCalAddress, vText

from booking.models import Appointment, AppointmentRow
from core.settings import settings

REQUEST, CANCEL, PUBLISH = "REQUEST", "CANCEL", "PUBLISH"
SUMMARY = "Online appointment"
_PLAIN = "!$'()*+:"  # RFC 6068 lets them stand


def uid_of(appointment: Appointment | AppointmentRow) -> str:
    """The same for the whole life of the appointment."""
    domain = parseaddr(settings().mail_from)[1].partition("@")[2] or "openchair.example.com"
    return f"{appointment.id}@{domain}"


def invite(
    appointment: Appointment | AppointmentRow, attendee: str, method: str, now: datetime
) -> str:
    """The entry as text. `method`: REQUEST, CANCEL, or PUBLISH for a download."""
    url = f"{settings().public_url}/appointments/{appointment.id}"
    event = Event()
    event.add("uid", uid_of(appointment))
    event.add("dtstamp", now)
    event.add("dtstart", appointment.starts_at)
    event.add("dtend", appointment.ends_at)
    event.add("summary", SUMMARY)
    event.add("description", f"Details, changes and joining: {url}")
    event.add("location", "Online")
    event.add("url", url)
    event.add("sequence", appointment.version)
    event.add("status", "CANCELLED" if method == CANCEL else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    event["organizer"] = _address(parseaddr(settings().mail_from)[1], "Openchair")
    if method != PUBLISH:  # RFC 5546: what is published has an organizer and no attendee
        person = _address(attendee, "")
        person.params["ROLE"] = vText("REQ-PARTICIPANT")
        person.params["PARTSTAT"] = vText("ACCEPTED")
        event.add("attendee", person, encode=False)
    calendar = Calendar()
    calendar.add("prodid", "-//Openchair//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    text: str = calendar.to_ical().decode()
    return text


def mailto(email: str) -> str:
    """The address as a URI (RFC 6068, 2): "%", "?", "#", "&" and their like are encoded."""
    local, _, domain = email.rpartition("@")
    return f"mailto:{quote(local, safe=_PLAIN)}@{quote(domain)}"


def _address(email: str, name: str) -> vCalAddress:
    address = vCalAddress(mailto(email))
    if name:
        address.params["CN"] = vText(name)
    return address
