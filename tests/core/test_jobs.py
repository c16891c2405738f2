"""The worker runs what is due, whatever becomes of it meanwhile."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from core import jobs, retention
from core.database import driver_connection, request_engine, transaction
from core.mail import Letter, Mail, post
from main import create_app

LETTER = Letter("someone@example.com", "Hello", "text", "<p>html</p>")


async def _until_sent(session: Session) -> None:
    async with asyncio.timeout(20):
        while (
            not session.connection()
            .execute(text("SELECT 1 FROM mail WHERE sent_at > '-infinity'"))
            .first()
        ):
            session.rollback()
            await asyncio.sleep(0.1)


async def _with_worker(session: Session, upset: str) -> None:
    worker = asyncio.create_task(jobs.run_worker())
    try:
        await asyncio.sleep(1)
        if upset:
            session.connection().execute(text(upset))
            session.commit()
        await asyncio.to_thread(_post)
        await _until_sent(session)
        assert not worker.done()
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
    assert worker.done()


def _post() -> None:
    with suppress(OperationalError):  # the first to meet a dead connection clears the pool
        _post_once()
    _post_once()


def _post_once() -> None:
    with transaction() as session:
        post(session, "hello", LETTER)


@pytest.mark.parametrize(
    "upset",
    [
        "",
        # what a restart of the database looks like from here
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    ],
    ids=["in peace", "after the database was away"],
)
def test_a_letter_is_sent_by_the_worker(
    session: Session, upset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_PAUSE", 0.2)
    asyncio.run(_with_worker(session, upset))
    request_engine().dispose()  # its connections are dead, too, and would meet the next test
    assert session.get_one(Mail, _only_id(session)).sent_at is not None


def _only_id(session: Session) -> object:
    return session.connection().execute(text("SELECT id FROM mail")).scalar_one()


def test_a_job_exists_exactly_if_its_change_does(session: Session) -> None:
    post(session, "one", LETTER)
    session.rollback()
    post(session, "two", LETTER)
    post(session, "two", LETTER)
    session.commit()
    counts = "SELECT (SELECT count(*) FROM mail), (SELECT count(*) FROM procrastinate_jobs)"
    assert tuple(session.connection().execute(text(counts)).one()) == (1, 1)


def test_every_task_is_in_a_queue_that_is_worked() -> None:
    create_app()
    queues = {task.queue for name, task in jobs.jobs.tasks.items() if "builtin" not in name}
    assert queues <= {jobs.DEFAULT, jobs.MAIL, jobs.LETTERS}


def test_tidying_goes_on_after_a_failure(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []

    def fail(opened: Session) -> None:
        raise RuntimeError(str(driver_connection(opened).info.dbname))

    parts = [fail, lambda opened: done.append(driver_connection(opened).info.backend_pid)]
    monkeypatch.setattr(retention, "_parts", parts)
    with pytest.raises(ExceptionGroup):
        retention.drop_what_ran_out(timestamp=0)
    assert len(done) == 1
