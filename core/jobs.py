"""Work that happens after the answer: Procrastinate on the same PostgreSQL.

A job is written in the caller's transaction (so it exists exactly if the change does) and runs
at least once; each job checks, when it runs, that it is still wanted.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

import procrastinate
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.tasks import Task
from sqlmodel import Session

from core.database import driver_connection
from core.settings import settings

log = structlog.get_logger("openchair.jobs")

# Deferring borrows the session's connection, so this connector is never opened.
_borrowing = procrastinate.SyncPsycopgConnector()
jobs = procrastinate.App(connector=_borrowing)

DEFAULT, MAIL, LETTERS = "default", "mail", "notices"
"""Every queue there is; a task of another queue would never run. (Letters wait in *notices*, as
they did for yesterday's code.)"""

RETRY = procrastinate.RetryStrategy(max_attempts=12, exponential_wait=3)
"""Waits 3, 9, 27 … seconds, in all about nine days: a mail server may be down over a weekend."""

_PAUSE = 3.0  # seconds


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


@jobs.periodic(cron="* * * * *")
@jobs.task(name="core.jobs.retry_stalled", queueing_lock="retry_stalled", pass_context=True)
async def retry_stalled(context: procrastinate.JobContext, timestamp: int) -> None:  # noqa: ARG001
    """A worker that died left its jobs in `doing`; another takes them up."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        with suppress(ConnectorException):  # another worker was faster
            await manager.retry_job(job)


class _Connector(procrastinate.PsycopgConnector):
    """The worker's own connections. Deferring still borrows the session's, also meanwhile."""

    def get_sync_connector(self) -> procrastinate.SyncPsycopgConnector:
        return _borrowing


@asynccontextmanager
async def connected() -> AsyncIterator[procrastinate.App]:
    """`jobs` with connections, for a worker. (A copy of the app would not do: the library's
    periodic tasks keep pointing at the original.)"""
    conninfo = settings().database_url.replace("postgresql+psycopg://", "postgresql://")
    connector = _Connector(conninfo=conninfo, min_size=1, max_size=5)
    with jobs.replace_connector(connector):
        async with jobs.open_async():
            yield jobs


async def run_worker(concurrency: int = 2) -> None:
    """Work until cancelled; then finish what runs, at most 5 seconds.

    A worker stops when the database goes away; then another begins, until it is back.
    """
    task = asyncio.current_task()
    while task is None or not task.cancelling():
        try:
            await _work(concurrency)
        except Exception as error:
            log.warning("worker_lost", kind=type(error).__name__)
        await asyncio.sleep(_PAUSE)


async def _work(concurrency: int) -> None:
    """One worker for mail, one for all else: a mail server that hangs delays mail only."""
    async with connected() as app:
        workers = [
            asyncio.create_task(
                app.run_worker_async(
                    queues=queues,
                    concurrency=concurrency,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=5,
                    delete_jobs="successful",
                    fetch_job_polling_interval=2,
                )
            )
            for queues in ([MAIL], [DEFAULT, LETTERS])
        ]
        try:
            await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for worker in workers:
                worker.cancel()
            ended = await asyncio.gather(*workers, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error
