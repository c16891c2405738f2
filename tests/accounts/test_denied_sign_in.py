"""Nobody keeps somebody else from signing in: what strangers do leaves a way to their code open."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session

from accounts import codes
from accounts.codes import (
    CODES_PER_ACCOUNT,
    CODES_PER_ACCOUNT_A_DAY,
    GUESSES_PER_ACCOUNT_A_DAY,
    SLOW_CODES_PER_ACCOUNT,
)
from accounts.rules import limited_address, normal_code
from core import clock
from core.errors import Invalid
from core.limits import Limit
from tests.accounts.test_sign_in import EMAIL, LONG, newest_code, newest_letter, other_than
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("monday_at_ten")

FORM = {"Sec-Fetch-Site": "same-origin"}


@contextmanager
def browser(app: FastAPI, address: str = "203.0.113.5") -> Iterator[TestClient]:
    """A fresh one, at that network address."""
    client = TestClient(
        app, "http://testserver", client=(address, 50000), raise_server_exceptions=False
    )
    client.follow_redirects = False
    yield client
    client.close()


def ask(client: TestClient, email: str = EMAIL) -> int:
    """On the page."""
    return client.post("/sign-in", data={"email": email}, headers=FORM).status_code


def enter(client: TestClient, code: str) -> int:
    """303 where it signs in."""
    return client.post("/sign-in/code", data={"code": code}, headers=FORM).status_code


def is_long(session: Session, email: str = EMAIL) -> bool:
    return LONG.search(newest_letter(session, email)) is not None


def test_other_browsers_tries_do_not_use_a_code_up(app: FastAPI, session: Session) -> None:
    with browser(app) as mine, browser(app, "198.51.100.1") as theirs:
        ask(mine)
        code = newest_code(session)
        body = {"email": EMAIL, "code": other_than(code)}
        for _ in range(6):
            assert theirs.post("/api/v1/auth/session", json=body).status_code == 422
        assert ask(theirs) == 303
        for _ in range(6):
            enter(theirs, other_than(code))
        assert enter(theirs, code) == 422  # not even the right one is good elsewhere
        assert theirs.post("/api/v1/auth/session", json=body | {"code": code}).status_code == 422
        assert enter(mine, code) == 303


def test_a_code_is_good_with_its_request_and_an_open_one_without(
    app: FastAPI, session: Session
) -> None:
    with browser(app) as client:
        first = client.post("/api/v1/auth/code", json={"email": EMAIL}).json()["request_id"]
        code = newest_code(session)
        client.cookies.clear()
        client.post("/api/v1/auth/code", json={"email": EMAIL})
        newer = newest_code(session)
        client.cookies.clear()
        body = {"email": EMAIL, "code": code}
        if code != newer:
            assert client.post("/api/v1/auth/session", json=body).status_code == 422
        body["request_id"] = first
        assert client.post("/api/v1/auth/session", json=body).status_code == 201
        client.cookies.clear()
        body = {"email": EMAIL, "code": newer}
        assert client.post("/api/v1/auth/session", json=body).status_code == 201


def test_tries_without_the_request_do_not_use_up_those_with_it(
    app: FastAPI, session: Session
) -> None:
    with browser(app) as client, browser(app, "198.51.100.1") as theirs:
        path = "/api/v1/auth/session"
        request_id = client.post("/api/v1/auth/code", json={"email": EMAIL}).json()["request_id"]
        client.cookies.clear()
        code = newest_code(session)
        right, wrong = ({"email": EMAIL, "code": one} for one in (code, other_than(code)))
        for given in ({}, {"request_id": "made up"}):
            for _ in range(6):
                assert theirs.post(path, json=wrong | given).status_code == 422
        assert theirs.post(path, json=right).status_code == 422  # five were tried like this
        assert client.post(path, json=right | {"request_id": request_id}).status_code == 201


def test_a_request_that_is_unknown_matches_no_code(app: FastAPI, session: Session) -> None:
    with browser(app) as client:
        client.post("/api/v1/auth/code", json={"email": EMAIL})
        client.cookies.clear()
        body = {"email": EMAIL, "code": newest_code(session)}
        other = client.post("/api/v1/auth/session", json=body | {"request_id": "made up"})
        assert other.status_code == 422
        assert client.post("/api/v1/auth/session", json=body).status_code == 201


def test_a_stormed_account_still_gets_its_codes(app: FastAPI, session: Session) -> None:
    with browser(app) as known:
        ask(known)
        enter(known, newest_code(session))
        known.post("/sign-out", headers=FORM)
        with clock.at(NOW + timedelta(minutes=1)):
            asked = []
            for number in range(CODES_PER_ACCOUNT_A_DAY.most + 5):
                with browser(app, f"198.51.{number}.1") as theirs:
                    asked.append(ask(theirs))
            # However many networks ask; the first of the short ones was the owner's.
            sent = CODES_PER_ACCOUNT.most - 1 + SLOW_CODES_PER_ACCOUNT.most
            assert asked == [303] * sent + [429] * (len(asked) - sent)
            assert is_long(session)
            assert ask(known) == 303  # the browser in which they signed in before: as ever
            assert not is_long(session)
            assert enter(known, newest_code(session)) == 303
        with clock.at(NOW + timedelta(hours=1)), browser(app, "192.0.2.9") as elsewhere:
            # a new one: a long code, and it works
            assert ask(elsewhere) == 303
            code = LONG.search(newest_letter(session))
            assert code is not None
            assert 'inputmode="text"' in elsewhere.get("/sign-in/code").text
            assert enter(elsewhere, code.group().lower()) == 303


def test_one_network_gets_a_long_code_in_ten_minutes(app: FastAPI, session: Session) -> None:
    for _ in range(5):
        with browser(app) as one:
            ask(one)
    statuses = []
    for _ in range(4):
        with browser(app) as one:
            statuses.append(ask(one))
    assert statuses == [303, 429, 429, 429]
    with clock.at(NOW + timedelta(minutes=10)), browser(app) as one:
        assert ask(one) == 303
        assert is_long(session)


def test_guesses_make_codes_long(
    app: FastAPI, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Limit(GUESSES_PER_ACCOUNT_A_DAY.name, 7, timedelta(days=1), "")
    monkeypatch.setattr(codes, "GUESSES_PER_ACCOUNT_A_DAY", few)
    for number in range(2):
        with browser(app, f"198.51.{number}.1") as theirs:
            ask(theirs)
            assert not is_long(session)
            wrong = other_than(newest_code(session))
            assert [enter(theirs, wrong) for _ in range(6)] == [422] * 6  # of which five count
    with browser(app) as mine:
        ask(mine)
        assert is_long(session)


def test_a_full_overall_counter_slows_strangers_only(
    app: FastAPI, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with browser(app) as known, browser(app, "192.0.2.9") as stranger:
        ask(known)
        enter(known, newest_code(session))
        known.post("/sign-out", headers=FORM)
        monkeypatch.setattr(codes, "CODES_OVERALL", Limit("all", 0, timedelta(minutes=15), ""))
        assert ask(known) == 303
        assert not is_long(session)
        assert ask(stranger, "new@example.com") == 303
        assert is_long(session, "new@example.com")


def test_a_known_browser_has_an_allowance_of_its_own(app: FastAPI, session: Session) -> None:
    with browser(app) as known:
        ask(known)
        enter(known, newest_code(session))
        known.post("/sign-out", headers=FORM)
        assert [ask(known) for _ in range(6)] == [303] * 5 + [429]
        device = known.cookies["device"]
        assert EMAIL not in device
    with browser(app, "198.51.100.1") as theirs:
        theirs.cookies.set("device", device.replace(device[-3:], "abc"))  # made up
        for _ in range(6):
            ask(theirs, "other@example.com")
        assert is_long(session, "other@example.com")


@pytest.mark.parametrize(
    ("email", "counted"),
    [
        ("robin@example.com", "robin@example.com"),
        ("robin+a@example.com", "robin@example.com"),
        ("robin+a+b@example.com", "robin@example.com"),
        ("+a@example.com", "+a@example.com"),
        ("r.o.b.i.n+x@gmail.com", "robin@gmail.com"),
        ("ro.bin@googlemail.com", "robin@gmail.com"),
        ("ro.bin@example.com", "ro.bin@example.com"),
    ],
)
def test_one_mailbox_counts_as_one_address(email: str, counted: str) -> None:
    assert limited_address(email) == counted


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("ABCD-EFGH-JKMN", "ABCDEFGHJKMN"),
        ("abcd efgh jkmn", "ABCDEFGHJKMN"),
        ("12345", None),
        ("ABCD-EFGH-JKM", None),
        ("ABCD-EFGH-JKM0", None),  # never written
        ("１２３４５６", None),
    ],
)
def test_codes_as_they_are_typed(typed: str, code: str | None) -> None:
    if code is None:
        with pytest.raises(Invalid):
            normal_code(typed)
    else:
        assert normal_code(typed) == code


def test_the_demo_mailbox_shows_long_codes(app: FastAPI) -> None:
    with browser(app) as one:
        for _ in range(6):
            ask(one)
        page = one.get("/demo/mailbox", headers={"Host": "localhost"})
        assert re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", page.text)
