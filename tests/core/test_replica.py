"""When a replica may be read from, by whom, and what happens where it does not answer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import InternalError

from core.database import make_engine
from core.errors import NotFound
from core.postgres import NoDatabase, check_replica_address
from core.replica import BEHIND, REST, NotItsReplica, Replica, replica_in
from core.settings import settings
from core.web.caller import allow, public, signed_in
from core.web.transactions import Router, TransactionalRoute
from core.web.visit import Reading, Visiting
from tests.small import small_app

router = Router()


@router.get("/directory")
@public
def directory(visit: Reading) -> Response:
    """Tells which of the two answered."""
    visit.set_cookie("probe", "once")
    asked = visit.session.connection().execute(text("SHOW default_transaction_read_only"))
    return Response("replica" if asked.scalar_one() == "on" else "primary")


@router.get("/decides")
@public
def decides(visit: Visiting) -> Response:
    return directory(visit)


@router.get("/new")
@public
def new(visit: Reading) -> Response:
    """Something that has not come to the replica yet."""
    answer = directory(visit)
    if answer.body == b"replica":
        raise NotFound
    return answer


@router.get("/writes")
@public
def writes(visit: Reading) -> Response:
    visit.session.connection().execute(text("CREATE TABLE of_a_mistake (id int)"))
    return Response("written")


@dataclass
class Stand:
    """A replica as a route knows it: the same database, or nobody, behind an engine."""

    engine: Engine
    current: bool = True
    failures: list[str] = field(default_factory=list)

    def is_current(self) -> bool:
        return self.current

    def set_aside(self, error: Exception) -> None:
        self.failures.append(type(error).__name__)


@pytest.fixture
def app(database: str) -> FastAPI:
    return small_app(router)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def stand(app: FastAPI, database: str) -> Iterator[Stand]:
    made = Stand(make_engine(database, "-c default_transaction_read_only=on"))
    app.state.replica = made
    yield made
    made.engine.dispose()


@pytest.fixture
def nobody(app: FastAPI) -> Stand:
    app.state.replica = Stand(make_engine("postgresql://127.0.0.1:1/none", connect_timeout=2))
    return app.state.replica  # type: ignore[no-any-return]


WHO = [
    ("/directory", {}, "replica"),  # a stranger looks
    ("/directory", {"Cookie": "zone=America/Denver"}, "replica"),  # the zone says nothing
    ("/directory", {"Cookie": "session=abc"}, "primary"),  # signed in, or was
    ("/directory", {"Cookie": "visitor=abc"}, "primary"),  # may hold a time
    ("/directory", {"Cookie": "draft=abc"}, "primary"),  # has begun to book
    ("/directory", {"Cookie": "sign-in=abc"}, "primary"),  # about to sign in
    ("/directory", {"Authorization": "Bearer abc"}, "primary"),
    ("/decides", {}, "primary"),  # the route does not ask for it
]


@pytest.mark.parametrize(("path", "headers", "answered"), WHO)
@pytest.mark.usefixtures("stand")
def test_who_reads_from_it(
    client: TestClient, path: str, headers: dict[str, str], answered: str
) -> None:
    assert client.get(path, headers=headers).text == answered


def test_one_that_is_behind_is_not_asked(client: TestClient, stand: Stand) -> None:
    stand.current = False
    assert client.get("/directory").text == "primary"


def test_where_there_is_none_the_primary_answers(client: TestClient, app: FastAPI) -> None:
    with replica_in(app.state):
        assert client.get("/directory").text == "primary"


def test_one_that_is_gone_is_set_aside_and_the_primary_answers(
    client: TestClient, nobody: Stand
) -> None:
    answer = client.get("/directory")
    assert answer.text == "primary"
    assert len(answer.headers.get_list("set-cookie")) == 1
    assert nobody.failures == ["OperationalError"]


def test_what_it_does_not_know_yet_the_primary_is_asked(client: TestClient, stand: Stand) -> None:
    answer = client.get("/new")
    assert answer.text == "primary"
    assert len(answer.headers.get_list("set-cookie")) == 1
    assert stand.failures == []


@pytest.mark.usefixtures("stand")
def test_a_page_that_would_write_fails(client: TestClient) -> None:
    assert client.get("/writes").status_code == 500


@pytest.mark.parametrize(
    ("method", "access"),
    [
        ("POST", public),  # changes something
        ("GET", signed_in),  # someone's own
        ("GET", allow("admin")),
    ],
)
def test_only_public_reads_may_ask_for_it(
    method: str, access: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> None:
    def endpoint(visit: Reading) -> Response:
        return Response()

    with pytest.raises(TypeError, match="only public GETs"):
        TransactionalRoute("/", access(endpoint), methods=[method])


def test_it_writes_nothing_and_waits_for_nothing_long(database: str) -> None:
    replica = Replica(database, database)
    with replica.engine.connect() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "2s"
        with pytest.raises(InternalError, match="read-only"):
            connection.execute(text("DELETE FROM person"))
    replica.engine.dispose()


# ------------------------------------------------------------------------- is it current?


@dataclass
class Says:
    """A connection that answers each question with the next of these rows."""

    rows: list[tuple[Any, ...] | None]

    def execute(self, _query: bytes) -> "Says":
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        return self.rows.pop(0)


@pytest.fixture
def watch(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Replica, list[float]]]:
    """A replica that is not watched, and the seconds since it began, to be set."""
    seconds = [100.0]
    monkeypatch.setattr("core.replica.time", SimpleNamespace(monotonic=lambda: seconds[0]))
    made = Replica(database, database)
    yield made, seconds
    made.engine.dispose()


def look(replica: Replica, written: int, replayed: int) -> None:
    place = (7_000, "openchair")
    primary, other = Says([(written, *place)]), Says([(replayed, *place)])
    replica._look(primary, other)  # type: ignore[arg-type]  # as connections answer


LOOKS = [
    ([(0.0, 50, 50)], 0.0, True),  # it has all
    ([(0.0, 50, 50)], BEHIND + 0.1, False),  # it had, and was not looked at since
    ([(0.0, 50, 49)], 0.0, False),  # one byte is missing
    ([(0.0, 50, 40), (0.25, 60, 50)], 0.25, True),  # it has what was written a quarter ago
    ([(0.0, 50, 40), (0.25, 60, 50)], 1.1, False),  # that is too long ago by now
    ([(0.0, 50, 50), (0.9, 60, 50), (1.8, 70, 50)], 1.8, False),  # it stands still
    ([(0.0, 50, 40), (0.9, 60, 40), (1.8, 70, 70)], 1.8, True),  # it has caught up
]


@pytest.mark.parametrize(("looks", "asked", "current"), LOOKS)
def test_it_is_current_while_it_has_what_was_written_a_second_ago(
    watch: tuple[Replica, list[float]],
    looks: list[tuple[float, int, int]],
    asked: float,
    current: bool,
) -> None:
    replica, seconds = watch
    assert not replica.is_current()
    for at, written, replayed in looks:
        seconds[0] = 100 + at
        look(replica, written, replayed)
    seconds[0] = 100 + asked
    assert replica.is_current() is current


def test_one_that_failed_rests(watch: tuple[Replica, list[float]]) -> None:
    replica, seconds = watch
    replica.set_aside(OSError())
    look(replica, 50, 50)
    assert not replica.is_current()
    seconds[0] += REST
    look(replica, 50, 50)
    assert replica.is_current()


@pytest.mark.parametrize(
    "row",
    [
        (50, 7_001, "openchair"),  # another cluster's
        (50, 7_000, "other"),  # another database of the same
        None,  # a primary itself
    ],
)
def test_another_database_is_no_replica(
    watch: tuple[Replica, list[float]], row: tuple[Any, ...] | None
) -> None:
    primary, other = Says([(50, 7_000, "openchair")]), Says([row])
    with pytest.raises(NotItsReplica):
        watch[0]._look(primary, other)  # type: ignore[arg-type]  # as connections answer
    assert not watch[0].is_current()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://127.0.0.1:1/none",  # nobody listens
        "self",  # the primary itself, by mistake
    ],
)
def test_the_application_starts_without_its_replica(
    app: FastAPI,
    client: TestClient,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
) -> None:
    monkeypatch.setenv("DATABASE_REPLICA_URL", database if address == "self" else address)
    settings.cache_clear()
    try:
        with replica_in(app.state):
            app.state.replica._stopping.wait(0.5)
            assert not app.state.replica.is_current()
            assert client.get("/directory").text == "primary"
    finally:
        monkeypatch.undo()
        settings.cache_clear()


@pytest.mark.parametrize(
    ("address", "is_good"),
    [
        ("postgresql://reader@replica.example.com:5433/openchair", True),
        ("postgres://replica.example.com/openchair", True),
        ("postgresql+psycopg://replica.example.com/openchair", True),
        ("replica.example.com", False),
        ("mysql://replica.example.com/openchair", False),
        ("postgresql://replica.example.com/openchair?colour=green", False),
    ],
)
def test_an_address_that_cannot_be_one_is_refused_at_start(address: str, is_good: bool) -> None:
    if is_good:
        check_replica_address(address)
        return
    with pytest.raises(NoDatabase, match="DATABASE_REPLICA_URL"):
        check_replica_address(address)
