"""What is refused of new hours, and stays where it stood before."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from accounts.models import Person
from booking.models import Schedule
from booking.rules.availability import STEPS, Availability, change_problems
from directory.models import Provider
from tests.factories import NOW, sign_in
from tests.markup import markup, page

pytestmark = pytest.mark.usefixtures("monday_at_ten")

HOURS = "/api/v1/me/availability"
ZONE = "America/Los_Angeles"
TODAY, YESTERDAY = "2026-11-23", "2026-11-22"


@pytest.fixture
def as_dana(session: Session, dana: Provider) -> dict[str, str]:
    return sign_in(None, session, session.get_one(Person, dana.person_id))


def hours(**changes: Any) -> dict[str, Any]:
    weekly = [{"weekday": 0, "start": "09:00", "end": "17:00"}]
    return {"time_zone": ZONE, "weekly": weekly, **changes}


def off(start: int, end: int) -> dict[str, str]:
    """Hours from now."""
    starts, ends = (NOW + timedelta(hours=n) for n in (start, end))
    return {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()}


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (hours(step_minutes=7), "step_minutes"),
        (hours(step_minutes=13), "step_minutes"),
        (hours(step_minutes=119), "step_minutes"),
        *((hours(step_minutes=step), "") for step in STEPS),
        (hours(overrides=[{"date": YESTERDAY}]), "overrides"),
        (hours(overrides=[{"date": TODAY}]), ""),  # today is not over
        (hours(overrides=[{"date": "2000-01-01"}]), "overrides"),
        # the day is the provider's: in Kiritimati it is tomorrow already
        (hours(time_zone="Pacific/Kiritimati", overrides=[{"date": TODAY}]), "overrides"),
        (hours(time_off=[off(-5, -1)]), "time_off"),
        (hours(time_off=[off(-5, 1)]), ""),  # under way
        (hours(time_off=[off(5, 9)]), ""),
    ],
)
def test_what_is_over_or_odd_is_refused(
    client: TestClient, as_dana: dict[str, str], document: dict[str, Any], field: str
) -> None:
    answer = client.put(HOURS, json=document, headers=as_dana)
    if field:
        assert answer.status_code == 422
        assert [one["field"] for one in answer.json()["errors"]] == [field]
    else:
        assert answer.status_code == 200, answer.text


def test_what_stood_before_loads_and_may_stay(
    client: TestClient, session: Session, dana: Provider, as_dana: dict[str, str]
) -> None:
    old = hours(step_minutes=7, overrides=[{"date": YESTERDAY}], time_off=[off(-9, -5)])
    stored = Availability.model_validate(old).model_dump(mode="json")
    session.get_one(Schedule, dana.id).document = stored
    session.commit()
    loaded = client.get(HOURS, headers=as_dana).json()
    assert loaded["step_minutes"] == 7
    changed = {**loaded, "daily_limit": 4}
    assert client.put(HOURS, json=changed, headers=as_dana).status_code == 200
    tidied = {**changed, "overrides": [], "time_off": [], "step_minutes": 30}
    assert client.put(HOURS, json=tidied, headers=as_dana).status_code == 200
    assert client.put(HOURS, json=changed, headers=as_dana).status_code == 422


def test_the_form_keeps_what_was_typed_and_says_what_is_over(speaks: TestClient) -> None:
    form = markup(speaks.get("/provider/hours").text).values
    form |= {"override_date": [YESTERDAY], "override_start": ["10:00"], "override_end": ["11:00"]}
    form |= {
        "off_from": ["2026-11-20"],
        "off_start": ["09:00"],
        "off_to": ["2026-11-21"],
        "off_end": ["09:00"],
    }
    form |= {"step_minutes": ["7"]}
    answer = speaks.post("/provider/hours", data=form)
    words = page(answer, 422)
    assert "2026-11-22 is over. Take it out, or give a date to come." in words
    assert "Time off until 2026-11-21 is over." in words
    assert "Choose one of 5, 10, 15, 20, 30, 45, 60, 90, 120 minutes" in words
    shown = markup(answer.text).values
    assert shown["override_date"][0] == YESTERDAY
    assert shown["step_minutes"] == ["7"]


def test_nothing_is_said_of_hours_that_do_not_change() -> None:
    odd = Availability.model_validate(
        hours(step_minutes=7, overrides=[{"date": YESTERDAY}], time_off=[off(-9, -5)])
    )
    assert change_problems(odd, odd, NOW) == []
    assert len(change_problems(odd, Availability.empty(ZONE), NOW)) == 3
