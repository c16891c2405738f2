"""What a request may send, and what it costs to send more."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import anyio
import pytest
from fastapi import File, Form, Response, UploadFile
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict
from starlette.types import Message, Receive

from core.errors import Invalid, TooLarge
from core.web import bodies
from core.web.bodies import (
    FILES,
    FORM,
    JSON,
    KB,
    MB,
    BodyLimit,
    check_json,
    limited,
    takes_files,
    takes_json,
)
from core.web.caller import public
from core.web.transactions import Router
from core.web.visit import Visiting
from tests.small import small_app

router = Router()
ANSWER = 16 * KB
"""Bytes; no refusal is longer."""


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: str


class Notes(BaseModel):
    notes: list[str]


@router.post("/api/v1/note")
@public
def note(visit: Visiting, body: Note) -> Note:
    return body


@router.post("/api/v1/notes")
@public
@takes_json(size=256 * KB, values=10_000)
def notes(visit: Visiting, body: Notes) -> int:
    return len(body.notes)


@router.post("/page")
@public
def page(visit: Visiting, words: Annotated[str, Form()] = "") -> Response:
    return Response(f"{len(words)}", media_type="text/plain")


@router.put("/api/v1/file")
@public
@takes_files
def file(visit: Visiting, photo: Annotated[UploadFile | None, File()] = None) -> int:
    return photo.size or 0 if photo else 0


def sent(size: int, piece: bytes = b'"a":1,' * 700) -> Iterator[bytes]:
    """A body without an announced length."""
    for _ in range(size // len(piece) + 1):
        yield piece


@pytest.fixture
def client(database: str) -> Iterator[TestClient]:
    with TestClient(small_app(router), raise_server_exceptions=False) as opened:
        yield opened


def unknown_keys(count: int) -> bytes:
    return json.dumps({f"k{n}": n for n in range(count)}, separators=(",", ":")).encode()


AS_JSON = {"Content-Type": "application/json"}


def test_a_million_unknown_keys_are_refused_unread(client: TestClient) -> None:
    body = unknown_keys(1_000_000)
    assert len(body) > 12 * MB
    answer = client.post("/api/v1/note", content=body, headers=AS_JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert "64 kB" in answer.json()["detail"]
    assert len(answer.content) < ANSWER


@pytest.mark.parametrize(
    ("path", "kind", "limit", "media"),
    [
        ("/api/v1/note", "application/json", JSON.size, "application/problem+json"),
        ("/api/v1/notes", "application/json", 256 * KB, "application/problem+json"),
        ("/api/v1/file", "multipart/form-data; boundary=b", FILES.size, "application/problem+json"),
        ("/page", "application/x-www-form-urlencoded", FORM.size, "text/html"),
        ("/page", "multipart/form-data; boundary=b", FORM.size, "text/html"),
    ],
)
@pytest.mark.parametrize("announced", [True, False])
def test_each_route_reads_up_to_its_limit(
    client: TestClient, path: str, kind: str, limit: int, media: str, announced: bool
) -> None:
    content: Any = b"x" * (limit + 1) if announced else sent(2 * limit)
    if not announced and kind.startswith("multipart"):
        head = b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
        content = (one for one in (head, *sent(2 * limit, b"x" * 4096)))
    method = "PUT" if path.endswith("file") else "POST"
    answer = client.request(method, path, content=content, headers={"Content-Type": kind})
    assert answer.status_code == 413
    assert answer.headers["content-type"].split(";")[0] == media
    assert "x-request-id" in answer.headers
    assert len(answer.content) < ANSWER


async def _read_all(receive: Receive) -> int:
    size = 0
    while True:
        size += len((await receive())["body"])


def test_no_more_than_the_limit_is_read() -> None:
    read = 0

    async def receive() -> Message:
        nonlocal read
        read += 4 * KB
        return {"type": "http.request", "body": b"x" * 4 * KB, "more_body": True}

    with pytest.raises(TooLarge):
        anyio.run(_read_all, limited(receive, JSON))
    assert read <= JSON.size + 4 * KB


@pytest.mark.parametrize(
    ("body", "allowed", "why"),
    [
        (b'{"email": "a@example.com"}', True, "as usual"),
        (unknown_keys(1_999), True, "as many as there may be"),
        (unknown_keys(2_001), False, "keys"),
        (b"[" + b"1," * 2_000 + b"1]", False, "elements"),
        (b"[" + b"[]," * 1_500 + b"1]", False, "empty lists"),
        (b'{"a": "' + b"[{,:" * 9_000 + b'"}', True, "signs in a text"),
        (b'{"a": "' + b'\\"[,' * 9_000 + b'"}', True, "and behind quotes in it"),
        (b"[" * 20 + b"]" * 20, True, "as deep as it may be"),
        (b"[" * 21 + b"]" * 21, False, "too deep"),
        (b'{"a":' * 21, False, "too deep, and no JSON"),
        (b'"' + b"[" * 60_000, True, "a string without an end: parsing refuses it"),
        (b"\\" * 60_000, True, "not JSON at all"),
    ],
)
def test_values_and_depth_are_counted_before_parsing(body: bytes, allowed: bool, why: str) -> None:
    if allowed:
        check_json(body, JSON)
    else:
        with pytest.raises(Invalid):
            check_json(body, JSON)


def test_counting_is_linear_in_the_worst_cases() -> None:
    largest = BodyLimit(FILES.size, values=10**9, depth=10**9)
    for piece in (b'"', b'\\"', b'"\\', b"[", b'"a",'):
        check_json(piece * (MB // len(piece)), largest)


def test_a_route_may_take_more(client: TestClient) -> None:
    body = {"notes": ["a word or two"] * 9_000}
    assert client.post("/api/v1/notes", json=body).json() == 9_000
    body = {"notes": ["a"] * 10_001}
    assert client.post("/api/v1/notes", json=body).status_code == 422


def test_of_many_problems_twenty_are_told(client: TestClient) -> None:
    answer = client.post("/api/v1/note", content=unknown_keys(1_500), headers=AS_JSON)
    errors = answer.json()["errors"]
    assert answer.status_code == 422
    assert len(errors) == 21
    assert errors[-1] == {"field": "body", "message": "And 1,481 more."}
    assert len(answer.content) < ANSWER


def test_what_was_sent_is_not_sent_back(client: TestClient) -> None:
    long = "x" * 30_000
    for content in ({long: 1}, {"email": {long: long}}, {"email": [long]}):
        answer = client.post("/api/v1/note", json=content)
        assert answer.status_code == 422
        assert len(answer.content) < 1_000
    query = "&".join(f"{'y' * 900}{n}=1" for n in range(60))
    answer = client.post(f"/api/v1/note?{query}", json={"email": "a"})
    assert answer.status_code == 422
    assert len(answer.content) < ANSWER


@pytest.mark.parametrize(
    "parts",
    [
        [("photo", (f"{n}.jpg", b"x")) for n in range(bodies.FORM_LIMITS["max_files"] + 1)],
        [(f"f{n}", (None, b"x")) for n in range(bodies.FORM_LIMITS["max_fields"] + 1)],
    ],
)
def test_parts_of_a_form_are_counted(client: TestClient, parts: list[Any]) -> None:
    assert client.put("/api/v1/file", files=parts).status_code == 400
    assert client.put("/api/v1/file", files=parts[:4]).status_code == 200


def test_fields_of_a_page_are_counted(client: TestClient) -> None:
    words = {f"f{n}": "x" for n in range(bodies.FORM_LIMITS["max_fields"] + 1)}
    assert client.post("/page", data=words).status_code == 400
    assert client.post("/page", data={"words": "y" * 200_000}).text == "200000"


def test_files_are_taken_up_to_twelve_megabytes(client: TestClient) -> None:
    size = 12 * MB - KB
    answer = client.put("/api/v1/file", files={"photo": ("a.jpg", b"x" * size)})
    assert (answer.status_code, answer.json()) == (200, size)
