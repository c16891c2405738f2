"""The desk's views sorted, narrowed and searched; who has a case; what comes next."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from accounts.models import AuditEntry, Person
from core.web.caller import ADMIN
from directory.credentials import views
from directory.credentials.figures import AGES, by_age, by_day
from directory.credentials.next_case import begin_round, find_next
from directory.credentials.queues import Asker
from directory.credentials.views import Asked
from directory.models import CaseAssignment, Provider
from directory.queries import credentials_of
from tests.factories import NOW, make_person, make_provider, sign_in
from tests.markup import said

pytestmark = pytest.mark.usefixtures("monday_at_ten")

# Who waits, oldest first: family name, profession, state.
WAITING = (
    ("Moss", "psychologist", "WA"),
    ("Berg", "counselor", "OR"),
    ("Diaz", "clinical_social_worker", "WA"),
    ("Cole", "psychologist", "NY"),
)
VERIFY = {"outcome": "verified", "finding": "active", "source": "State board"}


@pytest.fixture
def waiting(session: Session) -> Sequence[Provider]:
    made = []
    for days, (family, profession, state) in enumerate(WAITING):
        one = make_provider(
            session,
            now=NOW,
            verified=False,
            name=("Rae", family),
            profession=profession,
            state=state,
        )
        for claim in credentials_of(session, one.id):
            claim.submitted_at = NOW - timedelta(days=9 - days)
            session.add(claim)
        made.append(one)
    session.commit()
    return made


@pytest.fixture
def admins(session: Session) -> Sequence[Person]:
    return [make_person(session, f"{name}@example.com", [ADMIN]) for name in ("ada", "kim")]


@pytest.fixture
def desk(client: TestClient, session: Session, admins: Sequence[Person]) -> TestClient:
    """As Ada sees it."""
    sign_in(client, session, admins[0])
    return client


def families(session: Session, asked: Asked, admin: UUID | None = None) -> list[str]:
    ids = views.find_first(session, asked, Asker(NOW, admin))
    return [session.get_one(Provider, one).legal_last_name for one in ids]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("place", ["Moss", "Berg", "Diaz", "Cole"]),
        ("-place", ["Cole", "Diaz", "Berg", "Moss"]),
        ("name", ["Berg", "Cole", "Diaz", "Moss"]),
        ("-name", ["Moss", "Diaz", "Cole", "Berg"]),
        ("profession", ["Diaz", "Berg", "Moss", "Cole"]),  # by its title
        ("state", ["Cole", "Berg", "Moss", "Diaz"]),
        ("-state", ["Moss", "Diaz", "Berg", "Cole"]),
        ("who", ["Cole", "Moss", "Berg", "Diaz"]),  # one's own, others', nobody's
    ],
)
def test_a_view_is_sorted_by_any_column_and_turned_round(
    session: Session,
    waiting: Sequence[Provider],
    admins: Sequence[Person],
    sort: str,
    order: list[str],
) -> None:
    take(session, waiting[3], admins[0])
    take(session, waiting[0], admins[1])
    assert families(session, Asked(sort=sort), admins[0].id) == order


def take(session: Session, provider: Provider, admin: Person) -> None:
    session.add(CaseAssignment(provider_id=provider.id, admin_id=admin.id, assigned_at=NOW))
    session.commit()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (Asked(profession="psychologist"), ["Moss", "Cole"]),
        (Asked(state="WA"), ["Moss", "Diaz"]),
        (Asked(state="WA", profession="psychologist"), ["Moss"]),
        (Asked(who="me"), ["Berg"]),
        (Asked(who="others"), ["Cole"]),
        (Asked(who="nobody"), ["Moss", "Diaz"]),
        (Asked(who="nobody", sort="-name"), ["Moss", "Diaz"]),
        (Asked(view="mine"), ["Berg"]),
        (Asked(view="theirs", state="WA"), []),
        (Asked(view="everyone", state="WA", sort="-name"), ["Berg", "Cole", "Diaz", "Moss"]),
    ],
    ids=str,
)
def test_a_view_is_narrowed(
    session: Session,
    waiting: Sequence[Provider],
    admins: Sequence[Person],
    asked: Asked,
    found: list[str],
) -> None:
    take(session, waiting[1], admins[0])
    take(session, waiting[3], admins[1])
    assert families(session, asked, admins[0].id) == found


@pytest.mark.parametrize(("days", "count"), [(30, 1), (60, 2), (90, 3)])
def test_expiring_looks_ahead_as_far_as_is_asked(
    desk: TestClient, session: Session, days: int, count: int
) -> None:
    for ahead in (20, 50, 80, 200):
        make_provider(session, now=NOW, expires_on=(NOW + timedelta(days=ahead)).date())
    session.commit()
    html = desk.get(f"/admin?view=expiring&days={days}").text
    assert html.count("data-desk-item") == count
    assert f"{days} days {count}" in said(html)
    assert desk.get("/admin?view=expiring&days=7").text.count("data-desk-item") == 1  # 30


@pytest.mark.parametrize("typed", ["rae moss", "Mos", "moss@example.com", "{npi}", "{licence}"])
def test_whoever_is_looked_for_is_found_shown_or_not(
    desk: TestClient, session: Session, waiting: Sequence[Provider], typed: str
) -> None:
    make_person(session, "other@example.com")  # somebody without a practice
    numbers = {one.kind: one.number for one in credentials_of(session, waiting[0].id)}
    sought = typed.format(npi=numbers["npi"], licence=numbers["state_license"])
    if "@" in typed:
        owner = session.get_one(Person, waiting[0].person_id)
        sought = owner.email.upper()
    html = desk.get("/admin", params={"q": f" {sought} "}).text
    assert "Rae Moss" in html
    assert html.count("data-desk-item") == 1
    for nobody in ("other@example.com", "1234567893", "%", "x" * 500):
        assert "Nobody found" in desk.get("/admin", params={"q": nobody}).text


def test_a_case_is_taken_given_back_and_taken_over_and_all_of_it_is_recorded(
    desk: TestClient, session: Session, waiting: Sequence[Provider], admins: Sequence[Person]
) -> None:
    moss = waiting[0]
    answer = desk.post("/admin/assignments?sort=name", data={"take": str(moss.id)})
    assert answer.url.query == b"sort=name&notice=taken"
    assert "Give back : Rae Moss, which you have" in said(answer.text)
    sign_in(desk, session, admins[1])
    page = said(desk.get(f"/admin/providers/{moss.id}").text)
    assert "With ada@example.com ." in page or "With ada@example.com." in page
    over = desk.post("/admin/assignments", data={"take": str(moss.id), "at": "case"})
    assert over.url.path == f"/admin/providers/{moss.id}"
    assert "Yours." in said(over.text)
    sign_in(desk, session, admins[0])
    desk.post("/admin/assignments", data={"give_back": str(moss.id)})  # it is Kim's
    assert session.get_one(CaseAssignment, moss.id).admin_id == admins[1].id
    sign_in(desk, session, admins[1])
    desk.post("/admin/assignments", data={"give_back": str(moss.id)})
    assert session.exec(select(CaseAssignment)).all() == []
    told = [
        (one.actor_id, one.action)
        for one in session.exec(select(AuditEntry).order_by("id")).all()
        if one.action in ("case.taken", "case.given_back")
    ]
    ada, kim = admins[0].id, admins[1].id
    assert told == [(ada, "case.taken"), (kim, "case.taken"), (kim, "case.given_back")]
    assert desk.post("/admin/assignments", data={"take": "nobody"}).status_code == 404
    assert desk.post("/admin/assignments", data={}).status_code == 404
    assert desk.post("/admin/assignments", data={"take": str(ada)}).status_code == 404


def test_a_case_is_nobodys_once_nothing_in_it_waits(
    desk: TestClient, session: Session, waiting: Sequence[Provider], admins: Sequence[Person]
) -> None:
    take(session, waiting[0], admins[0])
    for left, one in enumerate(reversed(credentials_of(session, waiting[0].id))):
        desk.post(f"/admin/credentials/{one.id}/decision", data=VERIFY)
        session.expire_all()
        held = session.exec(select(CaseAssignment)).all()
        assert len(held) == 1 - left


def test_the_next_case_is_the_one_behind_it_in_the_view_and_nobody_elses(
    session: Session, waiting: Sequence[Provider], admins: Sequence[Person]
) -> None:
    moss, _, diaz, cole = (one.id for one in waiting)
    take(session, waiting[1], admins[1])
    asker = Asker(NOW, admins[0].id)
    for asked, current, following in (
        (Asked(), moss, diaz),  # Berg is Kim's
        (Asked(), cole, moss),  # round again
        (Asked(sort="name"), cole, diaz),
        (Asked(profession="psychologist"), moss, cole),
        (Asked(view="everyone"), cole, moss),  # a view that does not wait
        (Asked(state="OR"), moss, None),
    ):
        at = begin_round(session, current, asked, asker)
        assert at.current == current
        for one in credentials_of(session, current):
            one.status = "verified"
            session.add(one)
        session.flush()
        assert find_next(session, at, asker) == following, asked
        for one in credentials_of(session, current):
            one.status = "pending"
            session.add(one)
        session.flush()


def test_a_finding_that_was_picked_stands_for_what_was_left_empty(
    desk: TestClient, session: Session, waiting: Sequence[Provider]
) -> None:
    npi, licence = credentials_of(session, waiting[0].id)
    reject = {"outcome": "rejected", "finding": "not_found", "source": "NPPES", "seen": " "}
    assert desk.post(f"/admin/credentials/{npi.id}/decision", data=reject).status_code == 200
    written = {**reject, "seen": "Nothing there.", "reason": "Please call us."}
    assert desk.post(f"/admin/credentials/{licence.id}/decision", data=written).status_code == 200
    history = said(desk.get(f"/admin/providers/{waiting[0].id}").text)
    assert "No record under this number." in history
    assert "We did not find this number at the source." in history
    assert "Nothing there." in history
    assert "Please call us." in history


def test_figures_count_by_age_and_by_day() -> None:
    today = date(2026, 11, 23)
    since = {today - timedelta(days=days): 1 for days in (0, 1, 2, 3, 4, 7, 8, 14, 15, 400)}
    assert by_age(since, today) == [2] * len(AGES)
    days = by_day({date(2026, 11, 12): 3}, date(2026, 11, 10))
    assert [number for _, number in days] == [0, 0, 3, *[0] * 11]


def test_the_desk_tells_how_much_was_decided_and_what_is_late(
    desk: TestClient, session: Session, waiting: Sequence[Provider]
) -> None:
    assert "None yet." in said(desk.get("/admin").text)
    one = credentials_of(session, waiting[0].id)[0]
    desk.post(f"/admin/credentials/{one.id}/decision", data=VERIFY)
    words = said(desk.get("/admin").text)
    assert "1 decision, 1 today" in words
    assert "past due" in words


def test_a_case_is_taken_and_given_back_over_the_api(
    client: TestClient, session: Session, waiting: Sequence[Provider], admins: Sequence[Person]
) -> None:
    path = f"/api/v1/admin/providers/{waiting[0].id}/assignment"
    ada, kim = (sign_in(None, session, one) for one in admins)

    def assigned() -> list[str]:
        items = client.get("/api/v1/admin/queue", headers=ada).json()["items"]
        return [one["assigned_to"] for one in items]

    assert client.put(path, headers=ada).status_code == 204
    assert assigned() == ["ada@example.com", "", "", ""]
    assert client.delete(path, headers=kim).status_code == 204  # it is not Kim's
    assert assigned() == ["ada@example.com", "", "", ""]
    assert client.delete(path, headers=ada).status_code == 204
    assert assigned() == [""] * 4
