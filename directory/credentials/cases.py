"""Who needs an admin, and by when: claims to be decided, what expires, what is to be confirmed."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, or_, select

from directory.credentials import queues, views
from directory.credentials.assignments import holder_names
from directory.credentials.queues import Asker
from directory.credentials.views import Asked
from directory.listings.identity import asks_for, change_of
from directory.models import (
    Credential,
    CredentialKind,
    CredentialStatus,
    IdentityRequest,
    Listing,
    Provider,
    RenewalDue,
    Service,
    Suspension,
    SuspensionKind,
)
from directory.queries import fact_of
from directory.rules.days import end_of_day, local_day, working_days_after
from directory.rules.requirements import (
    Lack,
    Mark,
    Readiness,
    attestation_due,
    marks_of,
    missing_for_listing,
)
from directory.taxonomy import PROFESSIONS

WORKING_DAYS: Final = 5
"""Within how many working days a claim is to be decided."""


@dataclass(frozen=True)
class Case:
    """A provider on the desk. `waiting_since`: what has waited, or stood, longest. `due`: the end
    of the time in which something is to be done, and `due_on` its last day. `pending`: how many
    claims wait for a decision, `asks_for`: of name or letters what does; where nothing does, the
    next step is the provider's. `states`: where they have claimed a licence; `marks`: how each
    kind of credential stands; `holder`: the address of the admin who has the case, if one has.
    `session_at`: the first booked session that a renewal decides about, where it is near
    (`RenewalDue`)."""

    provider_id: UUID
    name: str
    letters: str
    profession: str
    states: list[str]
    marks: list[Mark]
    missing: list[Lack]
    waiting_since: datetime
    due: datetime
    pending: int
    asks_for: str
    is_shown: bool
    holder: str
    session_at: datetime | None = None

    @property
    def is_urgent(self) -> bool:
        """A renewal waits for us, and its first session comes soon."""
        return self.pending > 0 and self.session_at is not None

    @property
    def due_on(self) -> date:
        return local_day("", self.due - timedelta(microseconds=1))


@dataclass(frozen=True)
class Page:
    """Some of the cases of a view, in its order, and how many there are in all."""

    cases: list[Case]
    total: int


def find_cases(session: Session, view: str, now: datetime, after: int, most: int) -> Page:
    """At most `most` cases of a view, without its first `after`. KeyError: no such view."""
    asked, asker = Asked(view), Asker(now)
    total = sum(queues.count(session, asked.queues, asker))
    return Page(list_cases(session, asked, asker, after, most).cases, total)


def list_cases(session: Session, asked: Asked, asker: Asker, after: int, most: int) -> Page:
    """As `find_cases`, sorted and narrowed; `total` is -1 where it is the whole view's."""
    ids, total = views.find_page(session, asked, asker, after, most)
    return Page(cases_of(session, ids, asker.now, asked.view), -1 if total is None else total)


def find_urgent(session: Session, now: datetime) -> list[Case]:
    """Renewals that wait for a decision while a booked session draws near, the nearest first; at
    most 20."""
    ids = session.exec(
        select(RenewalDue.provider_id)
        .where(RenewalDue.session_at > now)
        .order_by(col(RenewalDue.session_at))
        .limit(20)
    ).all()
    return [one for one in cases_of(session, ids, now) if one.is_urgent]


def count_cases(session: Session, asker: Asker) -> dict[str, int]:
    """How many there are in each view; of "expiring" also by days ahead ("expiring-60")."""
    wanted = {
        **views.VIEWS,
        **{f"expiring-{days}": (one,) for days, one in queues.EXPIRING.items()},
    }
    places = [(name, queue) for name, view in wanted.items() for queue in view]
    counted = queues.count(session, [queue for _, queue in places], asker)
    counts = dict.fromkeys(wanted, 0)
    for (name, _), number in zip(places, counted, strict=True):
        counts[name] += number
    return counts


_Times = tuple[datetime, datetime]  # waiting since, due


@dataclass(frozen=True)
class _Held:
    """What is known of one on the desk. `asked`: a name or letters that wait for a decision."""

    provider: Provider
    credentials: Sequence[Credential]
    asked: IdentityRequest | None


_When = Callable[[_Held], _Times]


def _for_decision(held: _Held) -> _Times:
    """Since the oldest that is open, or the application where nothing is."""
    provider, credentials = held.provider, held.credentials
    waiting = [one.submitted_at for one in credentials if one.status == CredentialStatus.PENDING]
    waiting += [held.asked.asked_at] if held.asked else []
    since = min(waiting, default=provider.submitted_at or provider.created_at)
    return since, end_of_day("", working_days_after(since.date(), WORKING_DAYS))


def _by_expiry(held: _Held) -> _Times:
    """Since it was last decided; due when its last good day ends."""
    provider, credentials = held.provider, held.credentials
    ends = [
        (end_of_day(one.state, one.expires_on), one.decided_at or one.submitted_at)
        for one in credentials
        if one.expires_on and one.status == CredentialStatus.VERIFIED
    ]
    due, since = min(ends, default=(provider.created_at, provider.created_at))
    return since, due


def _by_attestation(held: _Held) -> _Times:
    since = held.provider.attested_at or held.provider.created_at
    return since, attestation_due(since)


_WHEN: Final[dict[str, _When]] = {"expiring": _by_expiry, "overdue": _by_attestation}
"""Since when a case waits, and when it is due, where that is not by what is to be decided."""


def cases_of(
    session: Session, ids: Sequence[UUID], now: datetime, view: str = "ours"
) -> list[Case]:
    """In the order of `ids`, as they stand in that view; some nine statements however many there
    are."""
    if not ids:
        return []
    providers = {
        one.id: one for one in session.exec(select(Provider).where(col(Provider.id).in_(ids)))
    }
    shown = set(
        session.exec(
            select(Listing.provider_id).where(
                col(Listing.provider_id).in_(ids), col(Listing.published_at).is_not(None)
            )
        )
    )
    offering = set(
        session.exec(
            select(Service.provider_id).where(
                col(Service.provider_id).in_(ids), col(Service.retired_at).is_(None)
            )
        )
    )
    standing = set(
        session.exec(
            select(Suspension.provider_id, Suspension.kind).where(
                col(Suspension.provider_id).in_(ids),
                Suspension.starts_at <= now,
                or_(col(Suspension.ends_at).is_(None), col(Suspension.ends_at) > now),
            )
        )
    )
    due_renewals = {
        one.provider_id: one.session_at
        for one in session.exec(select(RenewalDue).where(col(RenewalDue.provider_id).in_(ids)))
        if one.session_at > now
    }
    credentials = _credentials(session, ids)
    holders = holder_names(session, ids)
    asked = {
        one.provider_id: one
        for one in session.exec(
            select(IdentityRequest).where(
                col(IdentityRequest.provider_id).in_(ids), col(IdentityRequest.ended_at).is_(None)
            )
        )
    }
    return [
        _case(
            _Held(providers[one], credentials[one], asked.get(one)),
            one in offering,
            one in shown,
            {kind for who, kind in standing if who == one},
            due_renewals.get(one),
            holders.get(one, ""),
            now,
            _WHEN.get(view, _for_decision),
        )
        for one in ids
    ]


def _credentials(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[Credential]]:
    held: dict[UUID, list[Credential]] = defaultdict(list)
    for one in session.exec(
        select(Credential)
        .where(col(Credential.provider_id).in_(ids), col(Credential.withdrawn_at).is_(None))
        .order_by(col(Credential.submitted_at), col(Credential.id))
    ):
        held[one.provider_id].append(one)
    return held


def _case(
    held: _Held,
    has_services: bool,
    is_shown: bool,
    standing: set[str],
    session_at: datetime | None,
    holder: str,
    now: datetime,
    when: _When,
) -> Case:
    provider, credentials = held.provider, held.credentials
    readiness = Readiness(
        attested_at=provider.attested_at,
        has_services=has_services,
        has_hours=provider.keeps_hours,
        has_meeting_link=bool(provider.meeting_url),
        is_suspended=SuspensionKind.SUSPENSION in standing,
        is_closed=SuspensionKind.CLOSING in standing,
    )
    facts = [fact_of(one) for one in credentials]
    lacks = missing_for_listing(provider.profession, facts, readiness, now)
    since, due = when(held)
    return Case(
        provider_id=provider.id,
        name=provider.display_name,
        letters=provider.letters,
        profession=PROFESSIONS[provider.profession].title,
        states=sorted({one.state for one in facts if one.kind == CredentialKind.STATE_LICENSE}),
        marks=marks_of(provider.profession, facts, now),
        missing=lacks,
        waiting_since=since,
        due=due,
        pending=sum(one.status == CredentialStatus.PENDING for one in credentials),
        asks_for=asks_for(change_of(held.asked)) if held.asked else "",
        is_shown=is_shown,
        holder=holder,
        session_at=session_at,
    )
