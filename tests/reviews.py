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
