"""Asking for an alert over JSON. Confirming and ending it belong to whoever reads the mail."""

from typing import Annotated, Final
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field

from accounts.rules import LONGEST_EMAIL
from core.errors import Invalid
from core.web.caller import public
from core.web.problems import problem_responses
from core.web.transactions import Router
from core.web.visit import Visiting
from core.web.zones import is_zone
from directory import alerts
from directory.search import read_query

router = Router(prefix="/api/v1", tags=["directory"])

_EXAMPLE: Final = "state=WA&condition=anxiety&within_days=7"


class AlertRequest(BaseModel):
    """`search`: the filters of `GET /providers`, as its address has them; a state is needed.
    `zone`: for times in letters, and weekdays asked for; the state's where it is left out."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=LONGEST_EMAIL, examples=["robin@example.com"])]
    search: Annotated[str, Field(max_length=4000, examples=[_EXAMPLE])]
    zone: Annotated[str | None, Field(max_length=60, examples=["America/Los_Angeles"])] = None


class AlertAsked(BaseModel):
    """The same for every address, known or not. `confirm_within` is in seconds."""

    confirm_within: int


@router.post("/alerts", status_code=202, responses=problem_responses(422, 429))
@public
def ask(visit: Visiting, body: AlertRequest) -> AlertAsked:
    """Send a letter that asks to confirm the alert. From then on there is one at most every 24
    hours, when someone who matches has a new opening."""
    query = read_query(parse_qsl(body.search))
    if body.zone is not None and not is_zone(body.zone):
        raise Invalid([("zone", "Give a time zone such as America/Chicago.")])
    zone = body.zone or query.zone
    alerts.request_alert(visit.session, body.email, query, zone, visit.site, visit.now)
    return AlertAsked(confirm_within=int(alerts.UNCONFIRMED.total_seconds()))
