"""The kinds of session a provider offers. The row is the directory's; slots follow from it."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from booking.calendar.queries import Offer, calendar_of_provider, read_calendar
from booking.calendar.slot_cache import write_all_slots
from core.database import lock, lock_statement, run_together
from core.errors import Invalid, NotFound
from core.versions import ANY_VERSION, Expected, version_of
from directory.listings.listing import refresh_listing
from directory.models import Provider, Service
from directory.rules.offerings import may_offer_service

SHORTEST, LONGEST = 10, 480  # minutes
MOST = 20
LONGEST_TITLE = 80
DEAREST = 500_000  # US cents


@dataclass(frozen=True)
class ServiceForm:
    """What a provider says of a service. Minutes; fee in US cents."""

    title: str
    kind: str
    minutes: int
    fee_cents: int
    for_new: bool
    for_returning: bool


def create(session: Session, provider: Provider, form: ServiceForm, now: datetime) -> Service:
    """Offer a new kind of session. Raises Invalid."""
    values = _checked(provider, form)
    known = session.exec(
        select(func.count(), func.coalesce(func.max(Service.position), -1)).where(
            col(Service.provider_id) == provider.id, col(Service.retired_at).is_(None)
        )
    ).one()
    if known[0] >= MOST:
        raise Invalid([("title", f"At most {MOST} services. Retire one first.")])
    service = Service(provider_id=provider.id, position=known[1] + 1, **values)
    session.add(service)
    _follow(session, provider.id, now)
    return service


def form_of(service: Service) -> ServiceForm:
    """The service as it stands, to be changed."""
    return ServiceForm(**{one.name: getattr(service, one.name) for one in fields(ServiceForm)})


def offer_of(service_id: UUID, form: ServiceForm) -> Offer:
    """The service as the calendar would know it."""
    return Offer(
        service_id,
        form.title,
        form.kind,
        form.minutes,
        form.for_new,
        form.for_returning,
        form.fee_cents,
    )


def service_version(service: Service) -> str:
    """Which state of a service this is."""
    return version_of(vars(form_of(service)))


def update(
    session: Session,
    provider: Provider,
    service_id: UUID,
    form: ServiceForm,
    now: datetime,
    expected: Expected = ANY_VERSION,
) -> Service:
    """Change a service; what is booked keeps its length and fee. Raises NotFound, Invalid, and
    VersionChanged where what stands is not as expected."""
    values = _checked(provider, form)
    lock(session, provider.id)
    service = get_own(session, provider.id, service_id)
    expected.check(service_version(service))
    for name, value in values.items():
        setattr(service, name, value)
    session.add(service)
    _follow(session, provider.id, now)
    return service


def retire(session: Session, provider: Provider, service_id: UUID, now: datetime) -> None:
    """Offer it no longer; what is booked stays booked. Raises NotFound."""
    service = get_own(session, provider.id, service_id)
    service.retired_at = now
    session.add(service)
    _follow(session, provider.id, now)


def get_own(session: Session, provider_id: UUID, service_id: UUID) -> Service:
    """A service of this provider that is still offered. Raises NotFound."""
    service = session.get(Service, service_id, populate_existing=True)
    if service is None or service.provider_id != provider_id or service.retired_at is not None:
        raise NotFound
    return service


def _checked(provider: Provider, form: ServiceForm) -> dict[str, Any]:
    title = " ".join(form.title.split())
    wrong = []
    if not title or len(title) > LONGEST_TITLE or not title.isprintable():
        wrong.append(("title", f"Give it a title, at most {LONGEST_TITLE} characters."))
    answer = may_offer_service(provider.profession, form.kind)
    if not answer.allowed:
        wrong.append(("kind", answer.reason))
    if not SHORTEST <= form.minutes <= LONGEST:
        wrong.append(("minutes", f"Between {SHORTEST} and {LONGEST} minutes."))
    if not 0 <= form.fee_cents <= DEAREST:
        wrong.append(("fee_cents", f"Between $0 and ${DEAREST // 100:,}."))
    if not (form.for_new or form.for_returning):
        wrong.append(("for_new", "Say who may book it: new patients, returning ones, or both."))
    if wrong:
        raise Invalid(wrong)
    return {**vars(form), "title": title}


def _follow(session: Session, provider_id: UUID, now: datetime) -> None:
    session.flush()
    _, calendars = run_together(
        session, lock_statement(provider_id), calendar_of_provider(provider_id)
    )
    openings = write_all_slots(session, read_calendar(calendars), now)
    refresh_listing(session, provider_id, now, openings)
