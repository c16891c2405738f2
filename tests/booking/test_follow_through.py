"""A promise made is kept, or people are told in time: what follows when a ground is lost."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from accounts.models import Person
from booking import periodic, web
from booking.appointments.queries import booked_ahead
from booking.calendar.free_times import Viewer, free_starts
from booking.models import Appointment
from core import clock
from core.mail import Mail, is_to
from core.web.caller import ADMIN, Caller
from directory.credentials.claims import CredentialForm, submit_credential, withdraw_credential
from directory.credentials.decisions import DecisionForm, decide
from directory.credentials.suspensions import reinstate, suspend
from directory.models import Credential, Listing, Provider, RenewalDue, Service
from directory.queries import credentials_of, ground_of, services_of
from tests.factories import NOW, make_appointment, make_patient, make_person, make_provider, sign_in
from tests.jobs import run_jobs
from tests.markup import page

_ = web  # booking says what follows
DAY = timedelta(days=1)
START = datetime(2026, 11, 24, 23, tzinfo=UTC)
"""Tuesday, 3:00 pm in Washington."""

pytestmark = pytest.mark.usefixtures("monday_at_ten")


@pytest.fixture
def admin(session: Session) -> Caller:
    person = make_person(session, "admin@example.com", [ADMIN])
    return Caller(person.id, person.email, frozenset({ADMIN}))


@pytest.fixture
def service(session: Session, dana: Provider) -> Service:
    return services_of(session, dana.id)[0]


def licence(session: Session, provider: Provider, state: str = "WA") -> Credential:
    return next(
        one
        for one in credentials_of(session, provider.id)
        if one.kind == "state_license" and one.state == state
    )


def decision(
    session: Session, one: Credential, admin: Caller, outcome: str, expires_on: str = ""
) -> None:
    form = DecisionForm(
        outcome=outcome,
        source="State board",
        seen="As decided.",
        reason="The board revoked it on November 20." if outcome != "verified" else "",
        expires_on=expires_on,
    )
    decide(session, one.id, admin, form, None, clock.now())
    session.commit()


def letters(session: Session, to: str) -> list[str]:
    session.expire_all()
    found = session.exec(select(Mail).where(is_to(to)).order_by(col(Mail.created_at)))
    return [f"{one.subject}\n{one.text}" for one in found]


def standing(session: Session, one: Appointment) -> str:
    session.refresh(one)
    return one.status


def test_a_revoked_licence_ends_its_sessions_and_both_are_told(
    client: TestClient, session: Session, admin: Caller, dana: Provider, service: Service
) -> None:
    patient = make_patient(session)
    one = make_appointment(session, service, patient, START)
    run_jobs()
    decision(session, licence(session, dana), admin, "revoked")
    assert standing(session, one) == "cancelled"
    run_jobs()
    (told,) = letters(session, patient.email)
    assert "This provider may no longer see people in Washington." in told
    assert f"/appointments/{one.id}/alternatives" in told
    assert "board" not in told.lower()  # never the finding
    assert "revoked" not in told.lower()
    (person,) = session.exec(select(Person).where(Person.id == dana.person_id)).all()
    assert [text for text in letters(session, person.email) if "called off" in text]
    # on every page, and before anybody presses
    sign_in(client, session, patient)
    for path in (f"/appointments/{one.id}", f"/appointments/{one.id}/join"):
        words = page(client.get(path))
        assert "You can join" not in words
    assert "may no longer see people in Washington" in page(client.get(f"/appointments/{one.id}"))
    listed = page(client.get("/appointments"))
    assert "Called off: Tuesday, November 24" in listed
    assert "may no longer see people in Washington" in listed
    assert listed.index("Called off") < listed.index("Nothing is booked")
    assert f'href="/appointments/{one.id}/alternatives"' in client.get("/appointments").text
    answer = client.get(f"/api/v1/appointments/{one.id}").json()
    assert (answer["ended_by"], answer["is_late"]) == ("system", False)
    assert answer["reason"] == "This provider may no longer see people in Washington."
    # and no reminder comes
    with clock.at(START - timedelta(hours=1)):
        run_jobs()
    assert len(letters(session, patient.email)) == 1


def test_every_listed_session_that_cannot_take_place_says_so(
    client: TestClient, session: Session, dana: Provider, service: Service
) -> None:
    """Those behind the next one too: here, of a licence lost before anything could follow."""
    patient = make_patient(session)
    provider = make_provider(session, now=NOW, name=("Olive", "Ng"))
    make_appointment(session, service, patient, START)
    later = services_of(session, provider.id)[0]
    lost = make_appointment(session, later, patient, START + DAY)
    one = licence(session, provider)
    one.status = "revoked"
    session.add(one)
    session.commit()
    sign_in(client, session, patient)
    words = page(client.get("/appointments"))
    assert words.count("So this session cannot take place.") == 1
    assert words.index("Olive Ng") < words.index("cannot take place")
    assert f'href="/appointments/{lost.id}/alternatives"' in client.get("/appointments").text
    provider_page = f"/provider/appointments/{lost.id}"
    sign_in(client, session, session.get_one(Person, provider.person_id))
    assert "As things stand this session cannot take place." in page(client.get(provider_page))


@pytest.mark.parametrize("kind", ["npi", "attestation", "withdrawn listing"])
def test_losing_only_the_listing_ends_no_session(
    session: Session, admin: Caller, dana: Provider, service: Service, kind: str
) -> None:
    one = make_appointment(session, service, make_patient(session), START)
    if kind == "npi":
        npi = next(each for each in credentials_of(session, dana.id) if each.kind == "npi")
        decision(session, npi, admin, "revoked")
    elif kind == "attestation":
        dana.attested_at = NOW - 100 * DAY
        session.add(dana)
        session.commit()
        periodic.follow_the_clock(0)
    else:
        dana.accepts_new = False
        session.add(dana)
        session.commit()
    assert standing(session, one) == "booked"


def test_only_sessions_of_the_lost_state_end(session: Session, admin: Caller) -> None:
    provider = make_provider(session, now=NOW, licences=["OR"])
    service = services_of(session, provider.id)[0]
    here = make_appointment(session, service, make_patient(session), START)
    there = make_appointment(session, service, make_patient(session), START + DAY)
    there.patient_state = "OR"
    session.commit()
    decision(session, licence(session, provider, "OR"), admin, "revoked")
    assert (standing(session, here), standing(session, there)) == ("booked", "cancelled")
    listing = session.get_one(Listing, provider.id, populate_existing=True)
    assert list(listing.states) == ["WA"]


def test_a_withdrawn_licence_ends_its_sessions(
    session: Session, dana: Provider, service: Service
) -> None:
    one = make_appointment(session, service, make_patient(session), START)
    withdraw_credential(session, dana, licence(session, dana).id, NOW)
    session.commit()
    assert standing(session, one) == "cancelled"


def test_the_admin_sees_which_sessions_end_before_pressing(
    client: TestClient, session: Session, admin: Caller, dana: Provider, service: Service
) -> None:
    make_appointment(session, service, make_patient(session), START)
    make_appointment(session, service, make_patient(session), START + DAY)
    sign_in(client, session, session.get_one(Person, admin.person_id))
    one = licence(session, dana)
    words = page(client.get(f"/admin/providers/{dana.id}?credential={one.id}"))
    assert "2 patients have sessions that this ends." in words
    assert "Tuesday, November 24, 3:00 pm PST, WA" in words


def test_a_decision_reversed_within_a_day_offers_the_old_times_back(
    session: Session, admin: Caller, dana: Provider, service: Service
) -> None:
    free, taken = make_patient(session), make_patient(session)
    make_appointment(session, service, free, START)
    make_appointment(session, service, taken, START + DAY)
    one = licence(session, dana)
    decision(session, one, admin, "revoked")
    with clock.at(NOW + timedelta(hours=3)):
        decision(session, one, admin, "verified", "2027-11-20")
        make_appointment(session, service, make_patient(session), START + DAY)
        run_jobs()
    offered = letters(session, free.email)[-1]
    assert "Your old time is still free" in offered
    assert re.search(r"/book\?service=\S+start=2026-11-24T23:00:00Z", offered)
    assert "Your old time is taken by now" in letters(session, taken.email)[-1]


def test_after_a_day_nothing_is_offered_back(
    session: Session, admin: Caller, dana: Provider, service: Service
) -> None:
    patient = make_patient(session)
    make_appointment(session, service, patient, START + 3 * DAY)
    one = licence(session, dana)
    decision(session, one, admin, "revoked")
    with clock.at(NOW + DAY + timedelta(minutes=1)):
        decision(session, one, admin, "verified", "2027-11-20")
        run_jobs()
    assert len(letters(session, patient.email)) == 1  # that it was called off


# ---------------------------------------------------------------------- suspension


def test_a_suspension_ends_the_sessions_within_it_and_no_others(
    client: TestClient, session: Session, admin: Caller, dana: Provider, service: Service
) -> None:
    within = make_appointment(session, service, make_patient(session), START)
    after = make_appointment(session, service, make_patient(session), START + 7 * DAY)
    headers = sign_in(None, session, session.get_one(Person, admin.person_id))
    url = f"/api/v1/admin/providers/{dana.id}/suspension"
    body = {"reason": "A complaint is looked into.", "until": (START + 2 * DAY).isoformat()}
    answer = client.post(url, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert set(answer.json()) == {"id", "reason", "from", "until"}
    assert (standing(session, within), standing(session, after)) == ("cancelled", "booked")
    assert session.get_one(Listing, dana.id, populate_existing=True).published_at is None
    slots = f"/api/v1/providers/{dana.id}/slots?service={service.id}"
    assert client.get(slots).status_code == 404
    assert client.post(url, json=body, headers=headers).status_code == 409
    assert client.delete(url, headers=headers).status_code == 204
    assert session.get_one(Listing, dana.id, populate_existing=True).published_at is not None
    assert client.delete(url, headers=headers).status_code == 404
    run_jobs()
    offered = letters(session, session.get_one(Person, within.patient_id).email)
    assert "You can have your appointment back" in offered[-1]


def test_nothing_within_a_coming_suspension_is_listed(
    session: Session, admin: Caller, dana: Provider, service: Service
) -> None:
    first, last = START + DAY, START + 3 * DAY
    suspend(session, dana.id, admin, "Away by order.", first, last, NOW)
    session.commit()
    starts = free_starts(session, service, NOW, NOW + 10 * DAY, NOW)
    assert starts
    assert not [at for at in starts if first <= at < last]
    listing = session.get_one(Listing, dana.id, populate_existing=True)
    assert listing.published_at is not None  # until it begins
    with clock.at(first):
        periodic.follow_the_clock(0)
    assert session.get_one(Listing, dana.id, populate_existing=True).published_at is None
    with clock.at(last):
        periodic.follow_the_clock(0)
    assert session.get_one(Listing, dana.id, populate_existing=True).published_at is not None


def test_the_suspension_page_shows_what_it_ends_first(
    client: TestClient, session: Session, admin: Caller, dana: Provider, service: Service
) -> None:
    one = make_appointment(session, service, make_patient(session), START)
    sign_in(client, session, session.get_one(Person, admin.person_id))
    url = f"/admin/providers/{dana.id}/suspension"
    typed = {"reason": "A complaint.", "from": "", "until": "2026-11-30"}
    first = client.post(url, data=typed)
    assert "1 patient has a session that this ends." in page(first)
    assert standing(session, one) == "booked"
    client.post(url, data={**typed, "seen": "1"})
    assert standing(session, one) == "cancelled"
    assert "Suspended." in page(client.get(f"/admin/providers/{dana.id}"))
    client.post(f"{url}/end")
    assert ground_of(session, dana.id).allows(START)
    wrong = client.post(url, data={**typed, "reason": "", "until": "soon"})
    assert wrong.status_code == 422
    assert "Enter a day" in page(wrong, 422)


def test_nobody_suspends_themselves_or_in_the_past(
    session: Session, admin: Caller, dana: Provider
) -> None:
    from core.errors import Conflict, Invalid

    own = Caller(dana.person_id, "dana@example.com", frozenset({ADMIN}))
    with pytest.raises(Conflict):
        suspend(session, dana.id, own, "Mine.", None, None, NOW)
    for starts, ends in ((NOW - DAY, None), (NOW + DAY, NOW), (NOW + DAY, NOW + DAY)):
        with pytest.raises(Invalid):
            suspend(session, dana.id, admin, "Why.", starts, ends, NOW)
    with pytest.raises(Invalid):
        suspend(session, dana.id, admin, " ", None, None, NOW)


def test_reinstating_one_who_is_not_suspended_says_so(
    session: Session, admin: Caller, dana: Provider
) -> None:
    from core.errors import NotFound

    with pytest.raises(NotFound):
        reinstate(session, dana.id, admin, NOW)


# ---------------------------------------------------------------------- a lapse ahead


@pytest.fixture
def lapsing(session: Session) -> tuple[Provider, Service]:
    """A licence that is good through December 5."""
    provider = make_provider(session, now=NOW, expires_on=date(2026, 12, 5))
    return provider, services_of(session, provider.id)[0]


LATE = datetime(2026, 12, 8, 23, tzinfo=UTC)
"""Three days after that: booked while a renewal was thought to be there."""


def renew(session: Session, provider: Provider) -> Credential:
    old = licence(session, provider)
    form = CredentialForm(
        kind="state_license",
        state="WA",
        license_type=old.license_type,
        number=old.number,
        name="Dana Lee",
        expires_on="2028-12-05",
    )
    return submit_credential(session, provider, form, clock.now())


def test_a_lapse_ahead_warns_and_then_calls_off(
    session: Session, lapsing: tuple[Provider, Service]
) -> None:
    patient = make_patient(session)
    one = make_appointment(session, lapsing[1], patient, LATE)
    for at, status, told in (
        (LATE - 8 * DAY, "booked", 0),
        (LATE - 7 * DAY, "booked", 1),  # told a week before
        (LATE - 3 * DAY, "booked", 1),  # and once
        (LATE - DAY - timedelta(minutes=6), "booked", 1),
        (LATE - DAY, "cancelled", 2),
    ):
        with clock.at(at):
            periodic.follow_lapses(0)
            run_jobs()
        assert standing(session, one) == status, at
        assert len(letters(session, patient.email)) == told, at
    warned, ended = letters(session, patient.email)
    assert "waits for a renewal" in warned
    assert "may no longer see people in Washington" in ended


def test_renewed_in_time_nothing_happens(
    session: Session, admin: Caller, lapsing: tuple[Provider, Service]
) -> None:
    patient = make_patient(session)
    one = make_appointment(session, lapsing[1], patient, LATE)
    with clock.at(LATE - 9 * DAY):
        decision(session, renew(session, lapsing[0]), admin, "verified")
    for days in (7, 3, 1):
        with clock.at(LATE - days * DAY):
            periodic.follow_lapses(0)
            run_jobs()
    assert standing(session, one) == "booked"
    assert letters(session, patient.email) == []


def test_a_renewal_that_waits_for_us_raises_an_alarm_on_the_desk(
    client: TestClient, session: Session, admin: Caller, lapsing: tuple[Provider, Service]
) -> None:
    provider, service = lapsing
    make_appointment(session, service, make_patient(session), LATE)
    desk = session.get_one(Person, admin.person_id)
    with clock.at(LATE - 4 * DAY):
        sign_in(client, session, desk)
        claim = renew(session, provider)
        session.commit()
        periodic.follow_lapses(0)
        assert "Renewals that booked sessions wait for" not in page(client.get("/admin"))
    with clock.at(LATE - 3 * DAY):
        sign_in(client, session, desk)
        periodic.follow_lapses(0)
        words = page(client.get("/admin"))
        assert "Renewals that booked sessions wait for" in words
        assert "Dana Lee : first session Tue, Dec 8" in words
        decision(session, claim, admin, "verified")
        assert "Renewals that booked sessions wait for" not in page(client.get("/admin"))
        periodic.follow_lapses(0)
    assert session.exec(select(RenewalDue)).all() == []


@pytest.mark.parametrize(
    ("left", "warnings"), [(61, 0), (60, 1), (45, 1), (30, 1), (7, 1), (0, 1), (-1, 0)]
)
def test_the_provider_is_warned_with_the_sessions_named(
    session: Session, lapsing: tuple[Provider, Service], left: int, warnings: int
) -> None:
    provider, service = lapsing
    make_appointment(session, service, make_patient(session), LATE)
    at = datetime(2026, 12, 5, 20, tzinfo=UTC) - left * DAY
    with clock.at(at):
        periodic.warn_of_expiry(0)
        periodic.warn_of_expiry(0)
        run_jobs()
    email = session.get_one(Person, provider.person_id).email
    found = [text for text in letters(session, email) if text.startswith("A licence needs")]
    assert len(found) == warnings
    if found and at < LATE:
        assert "Tuesday, December 8, 3:00 pm PST" in found[0]


def test_each_warning_comes_once_and_none_once_the_renewal_is_entered(
    session: Session, lapsing: tuple[Provider, Service]
) -> None:
    provider = lapsing[0]
    email = session.get_one(Person, provider.person_id).email
    last = datetime(2026, 12, 5, 20, tzinfo=UTC)
    for left in (65, 60, 59, 40, 30, 29, 8):
        with clock.at(last - left * DAY):
            periodic.warn_of_expiry(0)
    assert len(letters(session, email)) == 2
    with clock.at(last - 8 * DAY):
        renew(session, provider)
        session.commit()
    with clock.at(last - 7 * DAY):
        periodic.warn_of_expiry(0)
    assert len(letters(session, email)) == 2


# ---------------------------------------------------------------------- what no state allows


def test_what_no_state_allows_is_not_listed(session: Session) -> None:
    provider = make_provider(session, now=NOW, expires_on=date(2026, 11, 26), licences=["OR"])
    oregon = licence(session, provider, "OR")
    oregon.expires_on = date(2026, 12, 1)
    session.add(oregon)
    session.commit()
    service = services_of(session, provider.id)[0]
    everywhere = free_starts(session, service, NOW, NOW + 30 * DAY, NOW)
    assert everywhere[-1].date() == date(2026, 12, 2)  # 4:00 pm on December 1, in UTC
    here = free_starts(session, service, NOW, NOW + 30 * DAY, NOW, Viewer(state="WA"))
    assert here == [at for at in everywhere if at < datetime(2026, 11, 27, 8, tzinfo=UTC)]
    assert here
    assert free_starts(session, service, NOW, NOW + 30 * DAY, NOW, Viewer(state="TX")) == []


def test_a_state_is_named_only_while_something_can_be_booked_from_there(session: Session) -> None:
    away = [{"starts_at": "2026-11-23T00:00:00Z", "ends_at": "2026-11-30T00:00:00Z"}]
    provider = make_provider(
        session, now=NOW, expires_on=date(2026, 11, 26), licences=["OR"], time_off=away
    )
    oregon = licence(session, provider, "OR")
    oregon.expires_on = date(2027, 12, 1)
    session.add(oregon)
    session.commit()
    from booking.calendar.slot_cache import rebuild_slots
    from directory.listings.listing import refresh_listing

    rebuild_slots(session, provider.id, NOW)
    refresh_listing(session, provider.id, NOW)
    session.commit()
    listing = session.get_one(Listing, provider.id, populate_existing=True)
    assert list(listing.states) == ["OR"]
    assert listing.next_opening is not None
    assert listing.next_opening > datetime(2026, 11, 30, tzinfo=UTC)


def test_booked_ahead_is_of_one_provider_and_to_come(
    session: Session, dana: Provider, service: Service
) -> None:
    one = make_appointment(session, service, make_patient(session), START)
    make_appointment(session, service, make_patient(session), START + DAY, "cancelled")
    assert [each.id for each in booked_ahead(session, dana.id, NOW)] == [one.id]
    assert booked_ahead(session, dana.id, START) == []


def test_what_was_put_right_is_offered_on_the_pages_too(
    client: TestClient, session: Session, admin: Caller, dana: Provider, service: Service
) -> None:
    patient = make_patient(session)
    one = make_appointment(session, service, patient, START)
    held = licence(session, dana)
    decision(session, held, admin, "revoked")
    sign_in(client, session, patient)
    lost = page(client.get("/appointments"))
    assert "may no longer see people in Washington" in lost
    joined = page(client.get(f"/appointments/{one.id}/join"))
    assert "may no longer see people in Washington" in joined
    decision(session, held, admin, "verified", "2027-11-20")
    answer = client.get(f"/appointments/{one.id}")
    assert "has been put right since" in page(answer)
    assert "may no longer see" not in page(answer)
    assert f"/book?service={service.id}&amp;start=" in answer.text
    assert "may no longer see" not in page(client.get("/appointments"))


def test_a_session_that_waits_for_a_renewal_says_so(
    client: TestClient, session: Session, lapsing: tuple[Provider, Service]
) -> None:
    patient = make_patient(session)
    one = make_appointment(session, lapsing[1], patient, LATE)
    sign_in(client, session, patient)
    with clock.at(LATE - 8 * DAY):
        assert "has a licence to renew" not in page(client.get(f"/appointments/{one.id}"))
    with clock.at(LATE - 5 * DAY):
        assert "has a licence to renew" in page(client.get(f"/appointments/{one.id}"))
