"""The same call twice over JSON: the client's Idempotency-Key, and the answer given once.

A key answers only the caller who used it: a person, or a browser by its visitor's cookie. Who has
neither cannot be told from others, whose key may be the same; so theirs is not kept, and each such
call is a new one. (Scoping it by network address gave the answer, and the cookie in it, to whoever
shared the address.) A first hold brings the cookie; calls after it are safe to repeat.
"""

import json
from collections.abc import Callable
from typing import Annotated

from fastapi import Header, Response
from pydantic import BaseModel

from booking.idempotency import respond_once
from booking.visitors import known_holder
from core.web.visit import Visit

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Chosen by the client: the same key with the same body gives the same answer. "
        "For callers who are signed in or send the visitor's cookie; without either, each call is "
        "a new one.",
    ),
]


def answer_once(
    visit: Visit, key: str | None, body: BaseModel | None, run: Callable[[], tuple[int, str]]
) -> Response:
    """Answer by `run` (status, JSON), or as before where `key` came with the same body from the
    same caller. No cookie is kept. Raises KeyReused, and what `run` raises."""
    who = _who(visit)
    if key is None or who is None:
        status, text = run()
        return Response(text, status, media_type="application/json")

    def run_to_keep() -> tuple[int, str]:
        status, text = run()
        return status, json.dumps({"body": text, "cookie": None})  # yesterday's code reads both

    answer = respond_once(
        visit.session,
        who=who,
        key=key,
        where=visit.request.url.path,
        request=b"" if body is None else body.model_dump_json().encode(),
        run=run_to_keep,
        now=visit.now,
    )
    return Response(json.loads(answer.body)["body"], answer.status, media_type="application/json")


def _who(visit: Visit) -> str | None:
    """Whose keys these are; None for a caller who could be anybody."""
    holder = known_holder(visit)
    if holder.person_id is not None:
        return f"person {holder.person_id}"
    return f"visitor {holder.visitor.hex()}" if holder.visitor else None
