"""The same call twice over JSON: the client's Idempotency-Key, and the answer given once."""

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
        description="Chosen by the client: the same key with the same body gives the same answer.",
    ),
]


def answer_once(
    visit: Visit, key: str | None, body: BaseModel | None, run: Callable[[], tuple[int, str]]
) -> Response:
    """Answer by `run` (status, JSON), or as before where `key` came with the same body. The
    visitor's cookie is part of the answer. Raises KeyReused, and what `run` raises."""
    if key is None:
        status, text = run()
        return Response(text, status, media_type="application/json")

    def run_with_cookie() -> tuple[int, str]:
        status, text = run()
        return status, json.dumps(
            {"body": text, "cookie": visit.response.headers.get("set-cookie")}
        )

    answer = respond_once(
        visit.session,
        who=_who(visit),
        key=key,
        where=visit.request.url.path,
        request=b"" if body is None else body.model_dump_json().encode(),
        run=run_with_cookie,
        now=visit.now,
    )
    kept = json.loads(answer.body)
    if answer.was_given_before and kept["cookie"]:
        visit.response.headers["set-cookie"] = kept["cookie"]
    return Response(kept["body"], answer.status, media_type="application/json")


def _who(visit: Visit) -> str:
    """Whose keys these are. Of a client without cookie only the address is known."""
    holder = known_holder(visit)
    if holder.person_id is not None:
        return f"person {holder.person_id}"
    return f"visitor {holder.visitor.hex()}" if holder.visitor else f"address {visit.address}"
