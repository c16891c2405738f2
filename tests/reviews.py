"""Saves what a provider typed, past the page that shows what a change does; what is booked is
kept."""

from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from tests.markup import markup


def save(client: TestClient, url: str, typed: dict[str, Any]) -> Response:
    """Post a form, and go on where the page asks before it saves; the last answer."""
    answer = client.post(url, data=typed)
    if "Before you save" not in answer.text:
        return answer
    values = markup(answer.text).values | {"act_all": ["keep"]}
    return client.post(url, data=values)


def time_off(start: str, end: str) -> dict[str, list[str]]:
    """The hours form's fields for one stretch, from and to "2026-11-24T12:00"."""
    (first, begins), (last, ends) = start.split("T"), end.split("T")
    return {"off_from": [first], "off_start": [begins], "off_to": [last], "off_end": [ends]}
