"""Runs the jobs that are due, as the worker would, and stops when none is left."""

import asyncio

from procrastinate.periodic import PeriodicRegistry

from core.jobs import connected


def run_jobs() -> None:
    """Do every job whose time has come. Those that fail stay, to be tried again later."""
    asyncio.run(_run_jobs())


async def _run_jobs() -> None:
    async with connected() as app:
        # Where a minute ends meanwhile, the periodic ones would be added to the tests' own.
        periodic, app.periodic_registry = app.periodic_registry, PeriodicRegistry()  # type: ignore[no-untyped-call]  # theirs
        try:
            await app.run_worker_async(
                wait=False,
                listen_notify=False,
                install_signal_handlers=False,
                delete_jobs="successful",
            )
        finally:
            app.periodic_registry = periodic
