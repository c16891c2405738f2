"""Whom to tell of a weakness: as RFC 9116 asks, and nobody where nobody is named."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from core.settings import settings
from core.web import security_txt
from tests.small import small_app


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    given = {"contact": "help@care.example.com", "base_url": "https://care.example.com"}
    configured = settings().model_copy(update=given)
    monkeypatch.setattr("core.web.security_txt.settings", lambda: configured)
    return TestClient(small_app(security_txt.router))


def test_it_names_the_contact_for_less_than_a_year(client: TestClient) -> None:
    answer = client.get("/.well-known/security.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    ends = datetime.fromisoformat(fields.pop("Expires")) - datetime.now(UTC)
    assert timedelta(days=30) < ends < timedelta(days=365)
    assert fields == {
        "Contact": "mailto:help@care.example.com",
        "Preferred-Languages": "en",
        "Canonical": "https://care.example.com/.well-known/security.txt",
    }


def test_without_a_contact_there_is_none(app: FastAPI) -> None:
    assert TestClient(app).get("/.well-known/security.txt").status_code == 404
