"""One request is one transaction, and every answer leaves in the house's form."""

from collections.abc import Iterator
from typing import Annotated, Any

import psycopg
import pytest
from fastapi import Query, Response
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy import event, text
from sqlmodel import Session, select

from accounts.models import Person
from core import clock
from core.errors import Gone, TooMany
from core.web import health
from core.web.caller import public, signed_in
from core.web.middleware import HEADERS
from core.web.openapi import describe
from core.web.transactions import Router
from core.web.visit import Visiting
from tests.small import small_app

router = Router()


class Note(BaseModel):
    email: str


def _write(visit: Visiting, email: str) -> None:
    visit.session.add(Person(plain_email=email, created_at=clock.now()))
    visit.session.flush()


@router.post("/api/v1/model")
@public
def model_answer(visit: Visiting, note: Note) -> Note:
    visit.set_cookie("probe", "model")
    _write(visit, note.email)
    return note


@router.post("/api/v1/response", response_model=Note)
@public
def response_answer(visit: Visiting, note: Note) -> Response:
    visit.set_cookie("probe", "response")
    _write(visit, note.email)
    return Response(note.model_dump_json(), media_type="application/json")


@router.post("/api/v1/refusal")
@public
def refusal(visit: Visiting, note: Note) -> Response:
    _write(visit, note.email)
    return JSONResponse({}, 409)


@router.post("/api/v1/gone")
@public
def gone(visit: Visiting, note: Note) -> Note:
    _write(visit, note.email)
    raise Gone


@router.post("/api/v1/broken")
@public
def broken(visit: Visiting, note: Note) -> Note:
    _write(visit, note.email)
    raise RuntimeError(note.email)


@router.post("/api/v1/crowded")
@public
def crowded(visit: Visiting) -> Note:
    raise TooMany(retry_after=7)


@router.get("/api/v1/words")
@public
def words(q: Annotated[str, Query()] = "", visit: Visiting = None) -> dict[str, Any]:  # type: ignore[assignment]
    row = visit.session.connection().execute(text("SELECT CAST(:q AS text)"), {"q": q})
    return {"q": row.scalar_one()}


@router.get("/page")
@public
def page(visit: Visiting) -> Response:
    return Response("<p>Hello</p>", media_type="text/html")


@router.post("/page")
@public
def change(visit: Visiting) -> Response:
    return Response("changed", media_type="text/plain")


@router.get("/page/mine")
@signed_in
def mine(visit: Visiting) -> Response:
    return Response("mine", media_type="text/plain")


@router.get("/page/broken")
@public
def broken_page(visit: Visiting) -> Response:
    raise RuntimeError("secret words")


@pytest.fixture
def client(database: str) -> Iterator[TestClient]:
    app = small_app(router, health.router)
    with TestClient(app, "http://testserver", raise_server_exceptions=False) as opened:
        yield opened


def emails(session: Session) -> list[str]:
    session.rollback()
    return sorted(one.email for one in session.exec(select(Person)))


@pytest.mark.parametrize("kind", ["model", "response"])
def test_what_was_written_is_there_and_the_cookie_came(
    client: TestClient, session: Session, kind: str
) -> None:
    answer = client.post(f"/api/v1/{kind}", json={"email": "a@example.com"})
    assert answer.status_code == 200
    assert answer.json() == {"email": "a@example.com"}
    assert answer.cookies["probe"] == kind
    assert len(answer.headers.get_list("set-cookie")) == 1
    assert emails(session) == ["a@example.com"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("refusal", 409),  # an answer of 400 or above
        ("gone", 410),  # a domain error
        ("broken", 500),  # an error nobody foresaw
    ],
)
def test_a_refusal_leaves_nothing_behind(
    client: TestClient, session: Session, path: str, status: int
) -> None:
    answer = client.post(f"/api/v1/{path}", json={"email": "a@example.com"})
    assert answer.status_code == status
    assert "a@example.com" not in answer.text
    assert emails(session) == []


def test_a_commit_that_fails_is_no_success(client: TestClient, session: Session) -> None:
    def fail(_: Session) -> None:
        raise RuntimeError("the commit failed")

    event.listen(Session, "before_commit", fail)
    try:
        answer = client.post("/api/v1/model", json={"email": "a@example.com"})
    finally:
        event.remove(Session, "before_commit", fail)
    assert answer.status_code == 500
    assert emails(session) == []


def test_a_conflict_that_shows_only_at_commit_is_409(
    client: TestClient, session: Session, owner_url: str
) -> None:
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(
            "CREATE FUNCTION late_refusal() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'late' USING ERRCODE = '23P01'; END $$"
        )
        owner.execute(
            "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON person DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION late_refusal()"
        )
        try:
            answer = client.post("/api/v1/model", json={"email": "a@example.com"})
        finally:
            owner.execute("DROP FUNCTION late_refusal() CASCADE")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert emails(session) == []


@pytest.mark.parametrize("path", ["/page", "/page/mine", "/page/broken", "/nothing", "/healthz"])
def test_every_answer_has_the_security_headers(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["x-request-id"]
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/page", {}, "private, no-cache"),  # nobody in particular saw it
        ("/page", {"Cookie": "zone=America/Denver"}, "private, no-cache"),  # not a secret
        ("/page", {"Cookie": "visitor=abc"}, "no-store"),  # a hold may be shown
        ("/page", {"Cookie": "session=abc"}, "no-store"),
        ("/page", {"Authorization": "Bearer abc"}, "no-store"),
        ("/nothing", {}, "no-store"),
        ("/page/broken", {}, "no-store"),
    ],
)
def test_only_what_everyone_may_see_is_kept(
    client: TestClient, path: str, headers: dict[str, str], expected: str
) -> None:
    assert client.get(path, headers=headers).headers["cache-control"] == expected


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),  # a client that is no browser, say with a bearer token
        ({"Authorization": "Bearer abc"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),  # the person themselves
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),  # a neighbour's subdomain
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, False),
        ({"Origin": "http://testserver"}, True),  # an older browser
        ({"Origin": "https://evil.example.com"}, False),
        ({"Origin": "null"}, False),  # a sandboxed frame
        ({"Origin": ""}, False),
        ({"Origin": "http://["}, False),  # no address at all
        ({"Origin": "null", "Host": ""}, False),  # nothing equals nothing
    ],
)
def test_changes_come_from_our_own_pages_or_from_no_browser(
    client: TestClient, headers: dict[str, str], allowed: bool
) -> None:
    assert client.post("/page", headers=headers).status_code == (200 if allowed else 403)
    assert client.get("/page", headers=headers).status_code == 200


def test_a_cross_site_refusal_says_so_in_both_forms(client: TestClient) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    page = client.post("/page", headers=headers)
    assert "text/html" in page.headers["content-type"]
    assert "nothing was changed" in page.text
    problem = client.post("/api/v1/model", json={"email": "a@example.com"}, headers=headers)
    assert problem.json()["code"] == "cross_site"
    assert problem.headers["content-type"] == "application/problem+json"


def test_head_is_get_without_the_body(client: TestClient) -> None:
    got, head = client.get("/page"), client.head("/page")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == got.headers["content-length"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("PUT", "/api/v1/model", 405, "method_not_allowed"),
        ("GET", "/api/v1/words?what=1", 422, "invalid"),
        ("POST", "/api/v1/crowded", 429, "too_many"),
    ],
)
def test_the_api_refuses_with_problem_json(
    client: TestClient, method: str, path: str, status: int, code: str
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert answer.json()["status"] == status


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("DELETE", "/page", 405)]
)
def test_pages_refuse_with_a_page(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "<h1>" in answer.text


def test_a_refused_method_names_those_allowed(client: TestClient) -> None:
    assert client.put("/api/v1/model").headers["allow"] == "POST"


def test_who_waits_is_told_how_long(client: TestClient) -> None:
    answer = client.post("/api/v1/crowded")
    assert answer.headers["retry-after"] == "7"
    assert answer.json()["retry_after"] == 7


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"email": "a\\u0000b"}', "a NUL"),
        (b'{"email": "a\\ud800b"}', "half a surrogate pair"),
        (b'{"\\ud800": "a"}', "half a pair in a name"),
        (b'{"email": "a\xff"}', "no UTF-8"),
        (b'{"email": ', "no JSON"),
        (b"[" * 50_000, "JSON without a bottom"),
        (b"", "nothing"),
    ],
)
def test_input_that_cannot_be_kept_is_refused(
    client: TestClient, session: Session, content: bytes, why: str
) -> None:
    for path in ("/api/v1/model", "/api/v1/response"):
        headers = {"Content-Type": "application/json"}
        answer = client.post(path, content=content, headers=headers)
        assert answer.status_code in (400, 422), why
        assert answer.headers["content-type"] == "application/problem+json"
    assert emails(session) == []


@pytest.mark.parametrize("query", ["q=%00", "q=a%00b"])
def test_a_nul_in_the_address_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/api/v1/words?{query}").status_code == 422


def test_a_browser_that_is_not_signed_in_is_led_there_and_back(client: TestClient) -> None:
    answer = client.get("/page/mine?day=2", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/page/mine%3Fday%3D2"


def test_the_api_is_described_as_it_answers() -> None:
    app = small_app(router)
    document = describe(app)
    assert {"bearer", "cookie"} == set(document["components"]["securitySchemes"])
    schemas = document["components"]["schemas"]
    assert {"Problem", "FieldProblem"} <= set(schemas)
    assert "HTTPValidationError" not in str(document)
    for operations in document["paths"].values():
        for operation in operations.values():
            content = operation["responses"]["422"]["content"]
            assert list(content) == ["application/problem+json"]
    assert document["paths"]["/page/mine"]["get"]["security"] == [{"bearer": []}, {"cookie": []}]
    assert "security" not in document["paths"]["/page"]["get"]


def test_health_readiness_and_metrics(client: TestClient) -> None:
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").text == "ready\n"
    assert client.get("/metrics").status_code == 404  # the test client is no loopback address


def test_not_ready_while_something_loads(database: str) -> None:
    app = small_app(health.router)
    app.state.readiness = {"search": lambda: False}
    answer = TestClient(app).get("/readyz")
    assert answer.status_code == 503
    assert answer.text == "waiting for search\n"


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 404),  # through a proxy of this machine
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 404),
    ],
)
def test_metrics_are_for_this_machine_only(
    database: str, host: str, headers: dict[str, str], status: int
) -> None:
    client = TestClient(small_app(health.router), client=(host, 50000))
    assert client.get("/metrics", headers=headers).status_code == status


def test_invented_methods_do_not_fill_the_metrics(database: str) -> None:
    client = TestClient(small_app(health.router, router), client=("127.0.0.1", 50000))
    client.request("BREW", "/page")
    client.get("/page")
    measured = client.get("/metrics").text
    assert "BREW" not in measured
    assert 'method="GET",route="/page",status="200"' in measured
