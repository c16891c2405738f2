"""Requests that hang keep only their own kind waiting, and none of them for long."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore

import pytest
from fastapi import Response
from fastapi.testclient import TestClient
from sqlalchemy import text

from core.settings import settings
from core.web import health, lanes
from core.web.caller import public, signed_in
from core.web.lanes import at_once, from_memory
from core.web.transactions import Router
from core.web.visit import Visiting
from tests.small import small_app

router = Router()
let_go = Event()
entered = Semaphore(0)


@router.get("/hangs")
@public
def hangs(visit: Visiting) -> Response:
    entered.release()
    let_go.wait(30)
    return Response("at last")


@router.post("/api/v1/hangs")
@public
def hanging_change(visit: Visiting) -> Response:
    entered.release()
    let_go.wait(30)
    return Response("at last")


@router.get("/kept")
@public
@from_memory
def kept(visit: Visiting) -> Response:
    visit.set_cookie("said", "kept")
    return Response("from memory")


@router.get("/looked-up")
@public
@from_memory
def looked_up(visit: Visiting) -> Response:
    visit.set_cookie("said", "looked up")
    return Response(visit.session.connection().execute(text("SELECT 'found'")).scalar_one())


@pytest.fixture
def client(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(lanes, "PATIENCE", 0.2)
    let_go.clear()
    with TestClient(small_app(router, health.router), raise_server_exceptions=False) as opened:
        yield opened
        let_go.set()


def test_what_no_thread_is_free_for_is_turned_away(client: TestClient) -> None:
    with ThreadPoolExecutor(20) as pool:
        hanging = [pool.submit(client.get, "/hangs") for _ in range(settings().threads)]
        hanging += [pool.submit(client.post, "/api/v1/hangs") for _ in range(settings().threads)]
        assert all(entered.acquire(timeout=30) for _ in hanging)
        page = client.get("/hangs")
        problem = client.post("/api/v1/hangs")
        assert client.get("/kept").text == "from memory"
        assert client.get("/healthz").text == "ok\n"
        let_go.set()
        statuses = {one.result().status_code for one in hanging}
    assert statuses == {200}
    assert problem.status_code == 503
    assert problem.json()["code"] == "busy"
    assert problem.headers["content-type"] == "application/problem+json"
    assert int(problem.headers["retry-after"]) > 0
    assert page.status_code == 503
    assert "Many people ask" in page.text


def test_what_needs_the_database_is_asked_again_with_it(client: TestClient) -> None:
    answer = client.get("/looked-up")
    assert answer.text == "found"
    assert answer.headers.get_list("set-cookie") == [
        "said=looked up; HttpOnly; Path=/; SameSite=lax".replace("looked up", '"looked up"')
    ]


def test_whoever_is_known_is_looked_up(client: TestClient) -> None:
    answer = client.get("/kept", headers={"Cookie": "session=unknown"})
    assert answer.text == "from memory"


@pytest.mark.parametrize("declare", [from_memory, at_once])
def test_only_public_reads_do_without_a_database(declare: object) -> None:
    def mine(visit: Visiting) -> Response:
        return Response("mine")

    with pytest.raises(TypeError, match="only public GETs"):
        Router().get("/mine")(signed_in(declare(mine)))  # type: ignore[operator]
    with pytest.raises(TypeError, match="only public GETs"):
        Router().post("/mine")(public(declare(mine)))  # type: ignore[operator]
