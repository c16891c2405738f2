"""Letters about sessions that a ground takes away, may take away, or gives back.

What a patient reads is that the provider may no longer see people in a state, never what was found.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlmodel import Session, col, select

from accounts.models import Person
from booking.calendar.free_times import Viewer
from booking.calendar.requested_time import get_requested_time, is_time_free
from booking.letters.layout import AppointmentLetter, compose_letter
from booking.models import Appointment, AppointmentRow, Holder
from booking.rules.transitions import Status
from core import clock
from core.database import transaction
from core.jobs import LETTERS, RETRY, jobs
from core.mail import post
from core.settings import settings
from core.times import write_instant
from core.web import formats
from directory.credentials.closing import find_closing
from directory.models import Provider
from directory.taxonomy import STATES


@jobs.task(name="booking.letters.tell_provider", retry=RETRY, queue=LETTERS)
def tell_provider(provider_id: str, ids: list[str]) -> None:
    """Tell a provider, in one letter, which of their sessions were called off."""
    with transaction() as session:
        provider = session.get_one(Provider, UUID(provider_id))
        sessions = session.exec(
            select(Appointment)
            .where(col(Appointment.id).in_([UUID(one) for one in ids]))
            .order_by(col(Appointment.starts_at))
        ).all()
        is_closed = find_closing(session, provider.id) is not None
        number = formats.count(len(sessions), "session is", "sessions are")
        _tell(
            session,
            f"ended:{min(ids)}:{len(ids)}:provider",
            _provider_address(session, provider),
            f"{number} called off",
            f"{number} called off",
            [_said(one) for one in sessions],
            [
                *(["You closed your practice."] if is_closed else _reasons(sessions)),
                "Your patients have been told that these sessions cannot take place, and offered"
                " others who can see them.",
                _OPENED_AGAIN if is_closed else _PUT_RIGHT,
            ],
            (f"{settings().public_url}/provider/practice", "Open my practice")
            if is_closed
            else (f"{settings().public_url}/provider/credentials", "Open my credentials"),
        )


@jobs.task(name="booking.letters.offer_back", retry=RETRY, queue=LETTERS)
def offer_back(appointment_id: str, version: int) -> None:
    """Offer a session's old time to its patient, if it is theirs to take and still free."""
    with transaction() as session:
        now = clock.now()
        one = session.get(Appointment, UUID(appointment_id))
        if one is None or one.patient_id is None or one.version != version or one.starts_at <= now:
            return
        patient = session.get_one(Person, one.patient_id)
        if patient.deleted_at is not None or one.status != Status.CANCELLED:
            return
        wanted = get_requested_time(session, one.service_id, one.starts_at)
        state = one.patient_state or ""
        calendar = wanted.calendar
        if calendar.offer(one.service_id) is None or not calendar.is_listed(now):
            return
        if not calendar.ground.verdict(state, one.starts_at).allowed:
            return
        mine = Viewer(Holder(None, one.patient_id), state)
        is_free = is_time_free(session, wanted, now, mine)
        start = write_instant(one.starts_at)
        _tell(
            session,
            f"{one.id}:{version}:offered-back",
            patient.email,
            "You can have your appointment back",
            "Your session is possible again",
            [("With", wanted.provider.display_name), _when(one)],
            [
                "What ended it has been put right. Your old time is still free; it is yours once"
                " you book it again."
                if is_free
                else "What ended it has been put right. Your old time is taken by now, or you have"
                " another session then, but other times are open."
            ],
            (
                f"{settings().public_url}/book?service={one.service_id}&start={start}&state={state}",
                "Book this time again",
            )
            if is_free
            else (
                f"{settings().public_url}/providers/{wanted.provider.slug}?state={state}",
                "See other times",
            ),
        )


def warn_patient(session: Session, one: AppointmentRow, provider: Provider) -> None:
    """A week before a session whose licence has not been renewed yet; once for each time."""
    if one.patient_id is None:
        return
    patient = session.get_one(Person, one.patient_id)
    state = STATES[one.patient_state or ""].name
    _tell(
        session,
        f"{one.id}:{one.version}:lapse",
        patient.email,
        "Your appointment may have to be called off",
        "Your session waits for a renewal",
        [("With", provider.display_name), _when(one)],
        [
            f"{provider.display_name} has a licence in {state} that ends before this session,"
            " unless it is renewed. Most are in time, and then nothing changes for you.",
            "If it does not, we call the session off 24 hours before, and show you others who can"
            " see you. You can move it to an earlier day now, or cancel it.",
        ],
        (f"{settings().public_url}/appointments/{one.id}", "Open my appointment"),
    )


def warn_provider(
    session: Session,
    provider: Provider,
    credential_id: UUID,
    state: str,
    last_day: date,
    days: int,
    sessions: Sequence[AppointmentRow],
) -> None:
    """A licence runs out in at most `days` days; `sessions` lie beyond that."""
    lines = [
        f"It is good through {formats.full_date(last_day)}. Once you have the renewed one, enter it"
        " with its new last day; we check it at the board.",
        "These sessions lie after that day. Each is called off 24 hours before, unless the renewal"
        " is verified by then."
        if sessions
        else "No booked session lies after that day.",
    ]
    _tell(
        session,
        f"expires:{credential_id}:{last_day}:{days}",
        _provider_address(session, provider),
        "A licence needs renewing",
        f"Your licence in {STATES[state].name} expires soon",
        [_said(one) for one in sessions],
        lines,
        (f"{settings().public_url}/provider/credentials", "Enter the renewal"),
    )


_PUT_RIGHT = (
    "Please do not meet them over another link. If this is a mistake, write to us: what is put"
    " right within a day offers them their old times back."
)
_OPENED_AGAIN = (
    "If you did not mean to, open your practice again: within a day, they are offered their old"
    " times back."
)


def _reasons(sessions: Sequence[Appointment]) -> list[str]:
    return sorted({_for_provider(one.reason or "") for one in sessions})


def _for_provider(reason: str) -> str:
    """Why, as the provider reads it."""
    if reason.startswith("This provider may"):
        return reason.replace("This provider", "You", 1)
    return "Openchair has suspended you for that time; the reason is in our email to you."


def _provider_address(session: Session, provider: Provider) -> str:
    return session.get_one(Person, provider.person_id).email


def _when(one: Appointment | AppointmentRow) -> tuple[str, str]:
    return "When", formats.when(one.starts_at, one.patient_zone or one.zone)


def _said(one: Appointment | AppointmentRow) -> tuple[str, str]:
    return formats.when(one.starts_at, one.zone), one.title


def _tell(
    session: Session,
    key: str,
    recipient: str,
    subject: str,
    heading: str,
    facts: list[tuple[str, str]],
    lines: list[str],
    action: tuple[str, str],
) -> None:
    letter = AppointmentLetter(
        recipient=recipient,
        subject=subject,
        heading=heading,
        facts=facts,
        lines=lines,
        action=action,
    )
    post(session, key, compose_letter(letter))
