"""Our own files come from memory, with what lets browsers keep them."""

import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.routing import Mount

from core.web.assets import Assets
from core.web.templates import JOINED, STATIC, asset

NAME = next(STATIC.rglob("*.css")).relative_to(STATIC).as_posix()


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[Mount("/static", Assets())]))


def test_a_file_is_answered_whole_and_may_be_kept(client: TestClient) -> None:
    answer = client.get(asset(NAME))
    assert answer.content == (STATIC / NAME).read_bytes()
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get(f"/static/{NAME}").headers["cache-control"] == "public, max-age=3600"
    for name, known in (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified")):
        again = client.get(f"/static/{NAME}", headers={name: answer.headers[known]})
        assert (again.status_code, again.content) == (304, b"")


def test_the_styles_of_every_page_are_one_file_in_their_order(client: TestClient) -> None:
    answer = client.get(asset("css/site.css"))
    assert answer.content == b"".join((STATIC / one).read_bytes() for one in JOINED["css/site.css"])
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["nothing.css", "../main.py", "%2e%2e/main.py", "css", ""])
def test_nothing_else_is_there(client: TestClient, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404


def test_files_are_not_changed(client: TestClient) -> None:
    assert client.post(f"/static/{NAME}").status_code == 405
