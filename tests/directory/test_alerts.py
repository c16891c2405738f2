"""Alerts: asked for, confirmed from the mailbox, at most one letter a day, ended with one click."""

import re
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from core import clock
from core.mail import Mail
from directory.models import SearchAlert

NOW = datetime.fromisoformat("2026-11-24T16:00:00Z")
DAY = timedelta(days=1)
SEARCH = "state=WY&condition=anxiety&modality=emdr"
EMAIL = "robin@example.com"


def letters(session: Session, recipient: str = EMAIL) -> list[Mail]:
    session.rollback()
    query = select(Mail).where(Mail.recipient == recipient).order_by(col(Mail.created_at))
    return list(session.exec(query.execution_options(populate_existing=True)).all())


def alert_of(session: Session) -> SearchAlert | None:
    session.rollback()
    query = select(SearchAlert).execution_options(populate_existing=True)
    return session.exec(query).one_or_none()


def link_in(letter: Mail) -> str:
    found = re.search(r"https?://[^/\s]+(/alerts/[\w-]+)", letter.text)
    assert found
    return found.group(1)


def ask(client: TestClient, email: str = EMAIL, search: str = SEARCH) -> None:
    answer = client.post("/alerts", data={"email": email, "search": search})
    assert answer.status_code == 200, answer.text


def test_asked_confirmed_and_ended(client: TestClient, session: Session) -> None:
    ask(client)
    (letter,) = letters(session)
    link = link_in(letter)
    assert "Shall we write to you?" in client.get(link).text
    alert = alert_of(session)
    assert alert is not None
    assert alert.confirmed_at is None
    answer = client.post(f"{link}/confirm")
    assert "Your alert is on" in answer.text
    alert = alert_of(session)
    assert alert is not None
    assert alert.confirmed_at is not None
    assert client.get(f"{link}/search", follow_redirects=False).headers["location"] == f"/find?{SEARCH}"
    assert "End this alert?" in client.get(f"{link}/end").text
    client.cookies.clear()
    answer = client.post(f"{link}/end", data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert alert_of(session) is None
    assert client.post(f"{link}/end").status_code == 200
    assert client.get(link).status_code == 404


def test_what_is_missing_is_said(client: TestClient, session: Session) -> None:
    answer = client.post("/alerts", data={"email": "robin@", "search": "condition=anxiety"})
    assert answer.status_code == 422
    assert 'href="#state"' in answer.text
    assert 'href="#email"' in answer.text
    assert 'value="robin@"' in answer.text
    assert alert_of(session) is None
