"""What is kept only for a while is dropped by one nightly job. Each package names its own part."""

from collections.abc import Callable

from sqlalchemy import text
from sqlmodel import Session

from core import limits, mail
from core.database import transaction
from core.jobs import jobs

_parts: list[Callable[[Session], None]] = []


def runs_nightly(part: Callable[[Session], None]) -> Callable[[Session], None]:
    """Have `part` run every night, in a transaction of its own. It must be safe to repeat."""
    _parts.append(part)
    return part


@jobs.periodic(cron="17 9 * * *")  # UTC: the small hours in the United States
@jobs.task(name="core.tidy.tidy", queueing_lock="tidy")
def drop_what_ran_out(timestamp: int) -> None:  # noqa: ARG001  # when it was due, as periodic jobs get it
    """Run every part. One that fails does not keep the others from running."""
    failed: list[Exception] = []
    for part in _parts:
        try:
            with transaction() as session:
                part(session)
        except Exception as error:
            failed.append(error)
    if failed:
        raise ExceptionGroup("some of the tidying failed", failed)


runs_nightly(limits.forget_old)
runs_nightly(mail.forget_old)


@runs_nightly
def forget_failed_jobs(session: Session) -> None:
    """Jobs that failed for good stay 30 days, for whoever looks into it."""
    session.connection().execute(
        text(
            "DELETE FROM procrastinate_jobs j WHERE j.status IN ('failed', 'cancelled', 'aborted')"
            " AND NOT EXISTS (SELECT FROM procrastinate_events e WHERE e.job_id = j.id"
            "                 AND e.at > now() - interval '30 days')"
        )
    )
