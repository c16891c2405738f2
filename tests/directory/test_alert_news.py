"""What is news for a saved search, and when a letter says so."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from booking.appointments.bookings import cancel
from booking.appointments.moves import Actor
from booking.calendar.free_times import free_starts
from booking.rules.transitions import ActorKind
from core import clock
from core.mail import Mail
from directory import alerts
from directory.alerts import delivery
from directory.alerts.memory import Memory, read_memory, write_memory
from directory.alerts.news import Changes, Facts, Picture, fits
from directory.models import Listing, ListingBefore, SearchAlert
from directory.queries import services_of
from directory.search import SearchQuery, read_query, search
from directory.search.bitmaps import places_in
from directory.search.results import find_results
from tests.directory.search.listings import add_listing, change_listing, hours_of, opening
from tests.directory.search.plain import DAY as A_DAY
from tests.directory.search.plain import MINUTE, Plain, batch
from tests.directory.search.test_index import index_of, listings, questions
from tests.factories import NOW, make_appointment, make_patient, make_provider

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EMAIL = "robin@example.com"
WA = "state=WA"


# ---------------------------------------------------------------------- a search, twice


def picture(some: list[Plain]) -> Picture:
    packed = batch(some)
    ends = packed.mark_counts.cumsum()
    facts = {}
    for place, one in enumerate(sorted(some, key=lambda one: one.number)):
        first = ends[place] - packed.mark_counts[place]
        marks = packed.marks[first : ends[place]].astype(">u4").tobytes()
        starts = [start for start in packed.starts[place].tolist() if start < 0xFFFF_FFFF]
        packed_starts = b"".join(start.to_bytes(4, "big") for start in starts)
        hours = packed.hours[place].tobytes()
        facts[one.number * 1000] = Facts(one.due, one.fee, marks, packed_starts, hours, one.notice)
    return Picture(facts, NOW)


@given(listings(), questions())
def test_an_alert_finds_exactly_whom_the_search_finds(
    some: list[Plain], query: SearchQuery
) -> None:
    index = index_of(some)
    places = places_in(find_results(index, query, NOW, None).counted.matching)
    found = {number * 1000 for number in index.columns.numbers[places].tolist()}
    assert picture(some).matching(query) == found


@given(listings(), questions())
def test_nothing_is_new_where_nothing_has_changed(some: list[Plain], query: SearchQuery) -> None:
    assert Changes(picture(some), picture(some)).news_of(query) == {}


@given(listings(), listings(), questions())
def test_whoever_is_newly_found_with_an_opening_is_news(
    before: list[Plain], after: list[Plain], query: SearchQuery
) -> None:
    numbers = {one.number for one in before} & {one.number for one in after}
    old, new = (picture([one for one in some if one.number in numbers]) for some in (before, after))
    news = Changes(old, new).news_of(query)
    matching = new.matching(query)
    open_now = {one for one in matching if new.ahead(one)}
    assert (open_now - old.matching(query)) <= news.keys() <= open_now


@given(st.integers(1, 13 * 24), questions())
def test_one_opening_fits_where_a_listing_with_only_that_one_would_match(
    ahead: int, query: SearchQuery
) -> None:
    only = SearchQuery(
        {group: keys for group, keys in query.choices.items() if group in ("weekday", "time")},
        within_days=query.within_days,
        zone=query.zone,
    )
    hour = MINUTE // 60 + ahead
    one = Plain(1, starts=[hour * 60])
    assert fits(hour, only, MINUTE) == bool(picture([one]).matching(only))


FULL = [MINUTE + day * A_DAY for day in range(1, 13)]


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ([2], [1, 2], [1]),
        ([], [1], [1]),
        ([1, 2], [2], []),  # booked, or gone by
        ([1], [1], []),
        (range(1, 14), range(2, 14), []),  # the thirteenth was there, though not named
        (range(1, 13), range(2, 14), [13]),  # it was not
        (range(4, 16), range(5, 17), []),  # nobody can tell: neither named, nor in two weeks
        (range(2, 14), [1, *range(2, 13)], [1]),
        ([*range(1, 5), *range(6, 14)], range(1, 13), [5]),
        (range(1, 12), range(1, 13), [12]),  # the list was not full: that day is new
    ],
)
def test_an_opening_is_new_if_it_was_not_there(
    before: list[int], after: list[int], new: list[int]
) -> None:
    old, now = (
        picture([Plain(7, starts=[MINUTE + day * A_DAY for day in days])])
        for days in (before, after)
    )
    hours = Changes(old, now).news_of(read_query([("state", "WA")])).get(7000, ())
    assert [(hour * 60 - MINUTE) // A_DAY for hour in hours] == new


def test_memory_is_written_and_read_again() -> None:
    memory = Memory().noting({5: (30, 20), 3: (10,)}).having_told({3: (10,)}, 5)
    memory = memory.noting({5: (40,), 3: (10,)})
    assert memory == Memory({5: (40,)}, frozenset({(3, 10)}))
    assert read_memory(write_memory(memory)) == memory
    assert read_memory("") == Memory()


# ---------------------------------------------------------------------- from a change to a letter


@pytest.fixture(autouse=True)
def then() -> Iterator[None]:
    with clock.at(NOW):
        yield


def have_alert(session: Session, asked: str = WA, zone: str = "America/Los_Angeles") -> UUID:
    query = read_query(tuple(pair.split("=")) for pair in asked.split("&"))  # type: ignore[misc]  # two each
    alerts.request_alert(session, EMAIL, query, zone, "192.0.2.1", clock.now())
    newest = select(SearchAlert).order_by(col(SearchAlert.id).desc())
    alert = session.exec(newest).first()
    assert alert is not None
    alerts.confirm(session, alert, clock.now())
    session.commit()
    return alert.id


def told(session: Session) -> list[Mail]:
    """Look, now; then all letters that tell of openings, oldest first."""
    alerts.look_for_news(timestamp=0)
    session.rollback()
    query = select(Mail).where(col(Mail.unsubscribe_url).is_not(None)).order_by(col(Mail.id))
    return list(session.exec(query).all())


def open_up(session: Session, provider_id: UUID, *starts: datetime, **values: object) -> None:
    change_listing(session, provider_id, openings=[opening(at) for at in sorted(starts)], **values)
    session.commit()


def test_a_new_opening_is_told_with_a_link_that_ends_it(session: Session) -> None:
    provider = add_listing(session, name="Noor Haddad", openings=[NOW + 9 * DAY])
    have_alert(session, "state=WA&within_days=3")
    assert told(session) == []
    open_up(session, provider, NOW + DAY, NOW + 9 * DAY)
    (letter,) = told(session)
    assert letter.subject == "An opening for your saved search – Openchair"
    assert letter.recipient == EMAIL
    assert "Noor Haddad\n- Tue, Nov 24, 10:00 am PST\nhttp" in letter.text
    assert "saved search in Washington" in letter.text
    assert "Dec" not in letter.text  # beyond the three days
    alert = session.exec(select(SearchAlert)).one()
    assert letter.unsubscribe_url is not None
    assert letter.unsubscribe_url.endswith(f"/alerts/{alert.token}/end")
    assert "ends by itself on February 21, 2027" in letter.text
    assert told(session) == [letter]


def test_time_going_by_is_no_news(session: Session) -> None:
    provider = add_listing(session, openings=[NOW + HOUR, NOW + 5 * DAY])
    have_alert(session, "state=WA&within_days=3")
    with clock.at(NOW + 3 * DAY):
        open_up(session, provider, NOW + 5 * DAY)  # the first went by; the other is near now
        assert told(session) == []


def test_at_most_one_letter_in_24_hours_with_all_that_came_meanwhile(session: Session) -> None:
    one, other = (add_listing(session, name=name) for name in ("Mei Price", "Tove Lee"))
    have_alert(session)
    open_up(session, one, NOW + 5 * DAY)
    assert len(told(session)) == 1
    open_up(session, other, NOW + 6 * DAY)
    open_up(session, one, NOW + 4 * DAY, NOW + 5 * DAY)
    assert len(told(session)) == 1
    with clock.at(NOW + timedelta(hours=23)):
        assert len(told(session)) == 1
    with clock.at(NOW + timedelta(hours=25)):
        _, second = told(session)
        assert len(told(session)) == 2
    assert second.text.index("Mei Price") < second.text.index("Tove Lee")
    assert "Fri, Nov 27" in second.text
    assert "Sat, Nov 28" not in second.text  # was told the day before


def test_what_is_gone_again_before_the_letter_is_not_told(session: Session) -> None:
    provider = add_listing(session)
    have_alert(session)
    open_up(session, provider, NOW + DAY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "find_due", lambda *_: [])
        assert told(session) == []
    open_up(session, provider)
    assert told(session) == []
    open_up(session, provider, NOW + DAY)
    assert len(told(session)) == 1


def test_an_opening_that_was_told_held_and_given_back_is_not_told_again(session: Session) -> None:
    provider = add_listing(session)
    have_alert(session)
    open_up(session, provider, NOW + 9 * DAY)
    assert len(told(session)) == 1
    open_up(session, provider)
    told(session)
    open_up(session, provider, NOW + 9 * DAY)
    with clock.at(NOW + 2 * DAY):
        assert len(told(session)) == 1


@pytest.mark.parametrize(
    ("hidden", "shown", "asked"),
    [
        ({"published_at": None}, {"published_at": NOW}, WA),
        ({"facets": {}}, {"facets": {"modality": ["emdr"]}}, "state=WA&modality=emdr"),
        ({"states": {"OR": None}}, {"states": {"OR": None, "WA": None}}, WA),
        ({"min_fee_cents": 20_000}, {"min_fee_cents": 9_000}, "state=WA&max_fee=100"),
    ],
)
def test_someone_who_did_not_match_before_is_news_with_openings_that_were_there(
    session: Session, hidden: dict[str, object], shown: dict[str, object], asked: str
) -> None:
    provider = add_listing(session, openings=[NOW + 2 * DAY])
    change_listing(session, provider, **hidden)
    have_alert(session, asked)
    assert told(session) == []
    change_listing(session, provider, **shown)
    session.commit()
    assert len(told(session)) == 1


@pytest.mark.parametrize("asked", ["state=OR", "state=WA&language=es", "state=WA&q=nguyen"])
def test_who_does_not_match_is_no_news(session: Session, asked: str) -> None:
    provider = add_listing(session, name="Dana Lee", facets={"language": ["en"]})
    have_alert(session, asked)
    open_up(session, provider, NOW + DAY)
    assert told(session) == []


def test_an_evening_further_ahead_than_starts_are_named_is_told_by_its_hour(
    session: Session,
) -> None:
    """Twelve mornings come first, so the evening's own start is not among those named."""
    mornings = [NOW + day * DAY + k * HOUR / 2 for day in (1, 2, 3) for k in range(4)]
    provider = add_listing(session, openings=mornings)
    have_alert(session, "state=WA&time=evening")
    evening = NOW + 9 * DAY + 7.5 * HOUR
    hours = hours_of([opening(at) for at in (*mornings, evening)])
    session.get_one(Listing, provider).hours = hours
    session.commit()
    (letter,) = told(session)
    assert letter.text.count("\n- ") == 1
    assert "- Wed, Dec 2, 5:00 pm PST or soon after\n" in letter.text
    open_up(session, provider, evening)  # named by now, and was told
    with clock.at(NOW + 2 * DAY):
        assert told(session) == [letter]


def test_weekday_and_time_are_the_readers(session: Session) -> None:
    provider = add_listing(session)
    east = have_alert(session, "state=WA&weekday=tue&time=evening", "America/New_York")
    have_alert(session, "state=WA&weekday=wed&time=morning", "America/New_York")
    open_up(session, provider, datetime.fromisoformat("2026-11-25T01:00:00Z"))
    (letter,) = told(session)
    assert "Tue, Nov 24, 8:00 pm EST" in letter.text
    assert letter.key.startswith(f"alert:{east}:")


def test_a_letter_names_five_people_and_says_how_many_more(session: Session) -> None:
    people = [add_listing(session, name=f"Dana Lee{number}") for number in range(7)]
    have_alert(session)
    for number, provider in enumerate(people):
        open_up(session, provider, *(NOW + (9 - number) * DAY + k * HOUR for k in range(5)))
    (letter,) = told(session)
    named = [number for number in range(7) if f"Dana Lee{number}\n" in letter.text]
    assert named == [2, 3, 4, 5, 6]
    assert "And 2 other people." in letter.text
    assert letter.text.count("\n- ") == 5 * 3


def test_nothing_is_kept_of_changes_while_nobody_has_an_alert(session: Session) -> None:
    provider = add_listing(session)
    open_up(session, provider, NOW + DAY)
    assert session.exec(select(ListingBefore)).all() == []
    have_alert(session)
    open_up(session, provider, NOW + 2 * DAY)
    assert len(session.exec(select(ListingBefore)).all()) == 1
    change_listing(session, provider, name="Dana Price")
    session.commit()
    assert len(session.exec(select(ListingBefore)).all()) == 1
    told(session)
    assert session.exec(select(ListingBefore)).all() == []


def test_a_cancelled_session_is_an_opening(session: Session) -> None:
    monday = [{"weekday": 0, "start": "09:00", "end": "10:00"}]
    provider = make_provider(session, now=NOW, weekly=monday, horizon_days=7)
    (service,) = services_of(session, provider.id)
    (start,) = free_starts(session, service, NOW, NOW + 9 * DAY, NOW)
    patient = make_patient(session)
    appointment = make_appointment(session, service, patient, start)
    have_alert(session)
    assert told(session) == []
    cancel(session, appointment.id, Actor(ActorKind.PATIENT, patient.id), None, NOW)
    session.commit()
    (letter,) = told(session)
    assert "Mon, Nov 30, 9:00 am PST" in letter.text


def test_a_look_that_fails_halfway_is_made_again_whole(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = add_listing(session)
    have_alert(session)
    open_up(session, provider, NOW + DAY)
    with monkeypatch.context() as broken:
        broken.setattr(delivery, "write_memory", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            told(session)
    with monkeypatch.context() as broken:
        broken.setattr(delivery, "opening_letter", lambda *_: 1 / 0)
        with pytest.raises(ExceptionGroup):
            told(session)
    assert len(told(session)) == 1


def test_many_changes_are_looked_at_in_parts(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "AT_ONCE", 2)
    people = [add_listing(session, name=f"Dana Lee{number}") for number in range(5)]
    have_alert(session)
    for provider in people:
        open_up(session, provider, NOW + DAY)
        open_up(session, provider, NOW + DAY, NOW + 2 * DAY)
    (letter,) = told(session)
    assert letter.text.count("Tue, Nov 24") == 5


def test_an_alert_equals_the_search_also_by_name_and_in_the_database(session: Session) -> None:
    for name, fee in (("Mei Price", 9000), ("Mei Pryce", 20_000), ("Luis Garcia", 5000)):
        add_listing(session, name=name, fee_cents=fee, openings=[NOW + DAY])
    session.commit()
    numbers = list(session.exec(select(Listing.number)).all())
    there = Picture(delivery._read(session, numbers), NOW)
    for asked in ({}, {"q": "price"}, {"q": "pryce", "max_fee": "100"}, {"q": "garcia"}):
        query = read_query({"state": "WA", **asked}.items())
        found = search(SimpleNamespace(), session, query).items
        hits = dict.fromkeys(there.matching(query), (1,))
        assert set(delivery._named(session, query, hits)) == {one.entry.number for one in found}
