"""What a browser is told beside the page, without a database."""

import pytest
from fastapi.testclient import TestClient

from core.settings import settings
from core.web import health
from tests.small import small_app


@pytest.fixture
def client() -> TestClient:
    return TestClient(small_app(health.router))


@pytest.mark.parametrize(
    ("base_url", "sent"),
    [
        ("https://care.example.com", "max-age=63072000; includeSubDomains"),
        ("http://localhost:8000", None),
    ],
)
def test_hsts_is_sent_where_the_address_is_https(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, base_url: str, sent: str | None
) -> None:
    configured = settings().model_copy(update={"base_url": base_url})
    monkeypatch.setattr("core.web.middleware.settings", lambda: configured)
    for path in ("/healthz", "/nothing"):
        assert client.get(path).headers.get("strict-transport-security") == sent


def test_no_other_origin_may_read(client: TestClient) -> None:
    origin = {"Origin": "https://elsewhere.example.com"}
    asked = {**origin, "Access-Control-Request-Method": "GET"}
    for answer in (
        client.get("/healthz", headers=origin),
        client.options("/healthz", headers=asked),
    ):
        assert [name for name in answer.headers if name.startswith("access-control-")] == []


def test_trace_is_refused(client: TestClient) -> None:
    assert client.request("TRACE", "/healthz").status_code == 405
