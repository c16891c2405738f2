"""Alerts: asked for, confirmed from the mailbox, and ended with one click."""

import re
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from core import clock, retention
from core.mail import Mail, is_to
from core.settings import settings
from directory.alerts import subscriptions
from directory.models import SearchAlert
from tests.factories import make_patient, sign_in

NOW = datetime.fromisoformat("2026-11-24T16:00:00Z")
DAY = timedelta(days=1)
SEARCH = "state=WY&condition=anxiety&modality=emdr"
EMAIL = "robin@example.com"


def letters(session: Session, recipient: str = EMAIL) -> list[Mail]:
    session.rollback()
    query = select(Mail).where(is_to(recipient)).order_by(col(Mail.created_at))
    return list(session.exec(query.execution_options(populate_existing=True)).all())


def alerts_in(session: Session) -> list[SearchAlert]:
    session.rollback()
    query = select(SearchAlert).order_by(col(SearchAlert.created_at))
    return list(session.exec(query.execution_options(populate_existing=True)).all())


def link_in(letter: Mail) -> str:
    found = re.search(r"https?://[^/\s]+(/alerts/[\w-]+)", letter.text)
    assert found
    return found.group(1)


def ask(client: TestClient, session: Session, search: str = SEARCH, email: str = EMAIL) -> str:
    """The link in the letter that follows."""
    answer = client.post("/alerts", data={"email": email, "search": search})
    assert answer.status_code == 200, answer.text
    assert "Check your email" in answer.text
    return link_in(letters(session, email)[-1])


def test_an_alert_begins_only_with_the_button_behind_the_letters_link(
    client: TestClient, session: Session
) -> None:
    link = ask(client, session)
    for _ in range(2):  # a mail program looks first
        assert "Confirm your alert" in client.get(link).text
    assert alerts_in(session)[0].confirmed_at is None
    answer = client.post(f"{link}/confirm")
    assert "Your alert is on" in answer.text
    (alert,) = alerts_in(session)
    assert alert.confirmed_at is not None
    assert alert.ends_at == pytest.approx(clock.now() + 90 * DAY, abs=timedelta(minutes=1))
    led_to = client.get(f"{link}/search", follow_redirects=False)
    assert led_to.headers["location"] == f"/find?{SEARCH}"


def test_a_mail_program_ends_it_with_one_request_and_no_cookie(
    client: TestClient, session: Session
) -> None:
    link = ask(client, session)
    client.post(f"{link}/confirm")
    client.cookies.clear()
    assert "End this alert?" in client.get(f"{link}/end").text
    assert len(alerts_in(session)) == 1
    for _ in range(2):  # it may be sent twice
        answer = client.post(f"{link}/end", data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert alerts_in(session) == []
    for way in ("", "/search", "/end"):
        answer = client.get(link + way)
        assert (answer.status_code, "This alert has ended" in answer.text) == (404, True)
    for way in ("/confirm", "/renew"):
        assert client.post(link + way).status_code == 404


def test_a_page_of_another_site_cannot_end_it(client: TestClient, session: Session) -> None:
    link = ask(client, session)
    answer = client.post(f"{link}/end", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert len(alerts_in(session)) == 1


def test_what_is_missing_is_said_and_what_was_typed_is_kept(
    client: TestClient, session: Session
) -> None:
    answer = client.post("/alerts", data={"email": "robin@", "search": "condition=anxiety"})
    assert answer.status_code == 422
    for kept in ('href="#state"', 'href="#email"', 'value="robin@"', 'value="condition=anxiety"'):
        assert kept in answer.text
    data = {"email": EMAIL, "search": "condition=anxiety", "state": "WY"}
    assert client.post("/alerts", data=data).status_code == 200
    assert alerts_in(session)[0].search == "state=WY&condition=anxiety"


def test_neither_letter_nor_title_nor_row_tells_what_help_was_searched_for(
    client: TestClient, session: Session
) -> None:
    link = ask(client, session)
    (letter,) = letters(session)
    pages = [client.get(link).text, client.post(f"{link}/confirm").text]
    titles = [re.findall("<title>(.*?)</title>", page)[0] for page in pages]
    for words in (letter.subject, letter.text, letter.html, *titles):
        said = words.replace(link, "")  # random letters, which spell anything
        assert not re.search("anxiety|emdr|therap|psych", said, re.IGNORECASE)
    assert "a saved search in Wyoming" in letter.text
    stored = session.connection().exec_driver_sql("SELECT search_alert::text FROM search_alert")
    assert "WY" not in stored.scalar_one()


def test_an_address_with_alerts_is_answered_like_any_other(
    client: TestClient, session: Session
) -> None:
    first = client.post("/alerts", data={"email": EMAIL, "search": SEARCH})
    client.post(f"{link_in(letters(session)[0])}/confirm")
    again = client.post("/alerts", data={"email": EMAIL, "search": SEARCH})
    assert again.text == first.text


def test_the_same_search_again_takes_the_place_of_the_first(
    client: TestClient, session: Session
) -> None:
    client.post(f"{ask(client, session)}/confirm")
    again = ask(client, session, SEARCH + "&sort=fee")
    client.post(f"{again}/confirm")
    (alert,) = alerts_in(session)
    assert again.endswith(alert.token)


def test_an_address_has_ten_alerts_at_most(
    client: TestClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "MOST", 2)
    for fee in (100, 150):
        client.post(f"{ask(client, session, f'{SEARCH}&max_fee={fee}')}/confirm")
    third = ask(client, session)
    answer = client.post(f"{third}/confirm")
    assert answer.status_code == 409
    assert "End one of them first" in answer.text
    client.post(f"{link_in(letters(session)[0])}/end")
    assert "Your alert is on" in client.post(f"{third}/confirm").text


def test_over_json_the_same_rules_hold(client: TestClient, session: Session) -> None:
    body = {"email": EMAIL, "search": SEARCH}
    answer = client.post("/api/v1/alerts", json=body)
    assert (answer.status_code, answer.json()) == (202, {"confirm_within": 86_400})
    (alert,) = alerts_in(session)
    assert (alert.search, alert.zone) == (SEARCH, "America/Denver")
    assert "Confirm your alert" in client.get(link_in(letters(session)[0])).text
    for wrong, field in (
        ({"search": "condition=anxiety"}, "state"),
        ({"search": "state=WY&condition=unknown"}, "condition"),
        ({"email": "robin@"}, "email"),
        ({"zone": "Mars/Base"}, "zone"),
    ):
        answer = client.post("/api/v1/alerts", json={**body, **wrong})
        assert answer.status_code == 422
        assert [one["field"] for one in answer.json()["errors"]] == [field]


def test_what_nobody_confirms_is_forgotten_after_a_day(
    client: TestClient, session: Session
) -> None:
    link = ask(client, session)
    assert client.post(f"{link}/renew").status_code == 404
    with clock.at(clock.now() + DAY):
        assert client.get(link).status_code == 404
        retention.drop_what_ran_out(timestamp=0)
    assert alerts_in(session) == []


def test_it_ends_by_itself_after_90_days_unless_renewed(
    client: TestClient, session: Session
) -> None:
    link = ask(client, session)
    client.post(f"{link}/confirm")
    with clock.at(clock.now() + 80 * DAY):
        assert "Saved." in client.post(f"{link}/renew").text
    with clock.at(clock.now() + 100 * DAY):
        retention.drop_what_ran_out(timestamp=0)
        assert len(alerts_in(session)) == 1
    with clock.at(clock.now() + 171 * DAY):
        assert client.get(link).status_code == 404
        retention.drop_what_ran_out(timestamp=0)
    assert alerts_in(session) == []


def test_one_mailbox_is_asked_a_few_times_a_day(client: TestClient, session: Session) -> None:
    assert settings().rate_limits
    for _ in range(subscriptions.PER_ADDRESS.most):
        ask(client, session)
    answer = client.post("/alerts", data={"email": EMAIL, "search": SEARCH})
    assert answer.status_code == 429
    assert len(letters(session)) == subscriptions.PER_ADDRESS.most
    ask(client, session, email="another@example.com")


def test_alerts_are_taken_along_and_forgotten_with_the_account(
    client: TestClient, session: Session
) -> None:
    client.post(f"{ask(client, session)}/confirm")
    ask(client, session, email="another@example.com")
    sign_in(client, session, make_patient(session, EMAIL))
    export = client.get("/account/data/export").json()
    (copy,) = export["alerts"]
    assert [one["text"] for one in export["letters"]] == [None]  # links of alerts need no sign-in
    assert copy["search"] == SEARCH
    client.post("/account/data/delete", data={"sure": "yes"})
    assert [one.email for one in alerts_in(session)] == ["another@example.com"]


def test_who_is_signed_in_sees_their_alerts_and_ends_one(
    client: TestClient, session: Session
) -> None:
    client.post(f"{ask(client, session)}/confirm")
    client.post(f"{ask(client, session, 'state=WY')}/confirm")
    client.post(f"{ask(client, session, email='other@example.com')}/confirm")
    ask(client, session, "state=CO")  # nobody confirms it
    sign_in(client, session, make_patient(session, EMAIL))
    shown = client.get("/appointments").text
    assert shown.count("End this alert") == 2
    assert "Colorado" not in shown
    assert re.search(r"Wyoming</b>.*until February \d+, 2027", shown)
    assert all(alert.token not in shown for alert in alerts_in(session))
    ended = re.findall(r"/account/alerts/[\w-]+/end", shown)
    answer = client.post(ended[0])
    assert "The alert has ended." in answer.text
    assert answer.text.count("End this alert") == 1


def test_nobody_ends_anothers_alert_from_their_list(client: TestClient, session: Session) -> None:
    client.post(f"{ask(client, session)}/confirm")
    (alert,) = alerts_in(session)
    at = f"/account/alerts/{alert.id}/end"
    assert client.post(at, follow_redirects=False).headers["location"].startswith("/sign-in")
    sign_in(client, session, make_patient(session, "other@example.com"))
    assert client.post(at).status_code == 200
    assert len(alerts_in(session)) == 1
