"""Which database answers a read that may lag: the replica while it is current, else the primary."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

from core.database import AWAY, for_reading, request_engine
from core.errors import NotFound
from core.replica import READS, Replica
from core.web.visit import Visit


def read_from_replica(visit: Visit, once: Callable[[Engine], Any]) -> Any:
    """From the replica where there is one that is current and the visitor has done nothing yet
    that they could miss. What it cannot answer, or does not know (yet), the primary is asked."""
    replica: Replica | None = getattr(visit.request.app.state, "replica", None)
    if replica is not None and visit.is_strangers and replica.is_current():
        try:
            answer = once(for_reading(replica.engine))
        except NotFound:
            pass
        except AWAY as error:
            replica.set_aside(error)
        else:
            READS.labels("replica").inc()
            return answer
        visit.start_over()
    READS.labels("primary").inc()
    return once(for_reading(request_engine()))
