"""Work that happens after the answer: Procrastinate on the same PostgreSQL.

A job is written in the caller's transaction (so it exists exactly if the change does) and runs
at least once; each job checks, when it runs, that it is still wanted.
"""

from datetime import datetime
from typing import Any

import procrastinate
from procrastinate.tasks import Task
from sqlmodel import Session

from core.database import driver_connection
from core.settings import settings

# Deferring borrows the session's connection, so this connector is never opened.
jobs = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())

RETRY = procrastinate.RetryStrategy(max_attempts=12, exponential_wait=3)
"""Waits 3, 9, 27 … seconds, in all about nine days: a mail server may be down over a weekend."""


def defer(
    session: Session,
    task: Task[Any, Any, Any],
    *,
    at: datetime | None = None,
    lock: str | None = None,
    **arguments: Any,
) -> None:
    """Write a job in this transaction, to run now or `at` an instant. Arguments must be JSON."""
    task.configure(
        connection=driver_connection(session),
        schedule_at=at,
        lock=lock,
    ).defer(**arguments)


@jobs.periodic(cron="*/5 * * * *")
@jobs.task(queueing_lock="retry_stalled", pass_context=True)
async def retry_stalled(context: procrastinate.JobContext, timestamp: int) -> None:  # noqa: ARG001
    """A worker that died left its jobs in `doing`; another takes them up."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        await manager.retry_job(job)


async def run_worker(concurrency: int = 2) -> None:
    """Work until cancelled; then finish what runs, at most 5 seconds."""
    conninfo = settings().database_url.replace("postgresql+psycopg://", "postgresql://")
    connector = procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4)
    app = jobs.with_connector(connector)
    async with app.open_async():
        await app.run_worker_async(
            concurrency=concurrency,
            install_signal_handlers=False,
            shutdown_graceful_timeout=5,
            delete_jobs="successful",
            fetch_job_polling_interval=2,
        )
