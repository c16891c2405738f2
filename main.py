"""Openchair's composition root: builds the application, wires the routers, and is the command
line. `python main.py serve` starts all there is."""

import gc

if __name__ == "__main__":
    # What is imported stays; looking for garbage among it takes a fifth of the time.
    gc.disable()

import asyncio
import ctypes
import socket
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Annotated, NoReturn

import anyio.to_thread
import typer
import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from starlette.middleware.gzip import GZipMiddleware

import accounts.web
import booking.web
import directory.web
from accounts import mailbox
from accounts.sessions import identify
from booking.calendar.openings import read_openings
from core import clock, jobs, logs
from core.database import transaction
from core.errors import Invalid
from core.postgres import WAITS
from core.replica import replica_in
from core.settings import Settings, settings
from core.start_up import RefusedStart, check_start
from core.starting import NotReady, end_with_parent, prepare, say
from core.web import health, security_txt
from core.web.assets import Assets
from core.web.middleware import RequestMiddleware
from core.web.openapi import describe
from core.web.problems import add_error_handlers

VERSION = "0.1.0"
DEMO_PROVIDERS = 240
DEMO_SEED = 1
_M_ARENA_MAX = -8  # <malloc.h>


def _share_heaps() -> None:
    """glibc gives each thread a heap of its own; what all of them have free, between search's
    large and short-lived arrays, adds up to 100 MB at a million listings."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Few threads (the tail shrinks), the job worker, and what the packages need at start. Raises
    RefusedStart, or ValueError where a key is missing: a server of the operator's own choice may
    start this, too."""
    logs.set_up()  # here too: with WORKERS above 1 this is a process of its own
    check_start(settings())
    settings().encryption_keys()
    end_with_parent()
    anyio.to_thread.current_default_thread_limiter().total_tokens = settings().threads
    _share_heaps()
    # A full collection walks all that is kept while every request waits; let it be rare.
    gc.set_threshold(*gc.get_threshold()[:2], 1000)
    with directory.web.running(app), replica_in(app.state):
        worker = asyncio.create_task(jobs.run_worker()) if settings().run_worker else None
        yield
        if worker is not None:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker


def create_app() -> FastAPI:
    """The application. Needs a migrated database at DATABASE_URL once it serves."""
    app = FastAPI(
        title="Openchair",
        version=VERSION,
        description="Verified therapists and psychiatrists, and the times you can book with them.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=lifespan,
        max_body_size=None,  # House limits bodies, and answers as we do
    )
    app.openapi = partial(describe, app)  # type: ignore[method-assign]  # FastAPI's own way
    app.state.identify = identify
    app.state.read_openings = read_openings
    app.state.readiness = {}
    app.mount("/static", Assets(), name="static")
    # Routes are tried in turn: what is asked most comes first.
    for package in (directory.web, booking.web, accounts.web):
        for router in package.routers:
            app.include_router(router)
    app.include_router(health.router)
    if settings().contact:
        app.include_router(security_txt.router)
    if settings().demo:
        app.include_router(mailbox.router)
    add_error_handlers(app)
    app.add_middleware(GZipMiddleware, minimum_size=800, compresslevel=5)
    app.add_middleware(RequestMiddleware)
    return app


cli = typer.Typer(add_completion=False, no_args_is_help=True)


@cli.callback()
def read_settings() -> None:
    """Openchair: verified therapists and psychiatrists, and times you can book."""
    try:
        settings()
    except ValidationError as error:
        from core.check.settings import unreadable

        _stop(*unreadable(error))


def _prepare(wait: float = 0) -> None:
    """A migrated database behind DATABASE_URL, or one clear line and exit code 1."""
    try:
        prepare(wait)
    except NotReady as error:
        _stop(str(error))


def _check_start(config: Settings) -> None:
    try:
        check_start(config)
    except RefusedStart as error:
        _stop(*str(error).splitlines())


def _check_people(is_demo: bool) -> None:
    """Real people and the demo's never share a database."""
    from demo.mark import refusal

    with transaction() as session:
        reason = refusal(session, is_demo)
    if reason:
        _stop(reason)


def _stop(*reasons: str) -> NoReturn:
    for reason in reasons:
        say(reason)
    raise typer.Exit(1)


def _load_demo(providers: int, seed: int) -> None:
    """Into a database without providers; any other is left alone."""
    from demo.load import has_providers, load_demo, sign_ins
    from demo.portraits.photos import drawn_photos

    with transaction() as session:
        is_there = has_providers(session)
    if not is_there:
        written = load_demo(providers, seed, clock.now(), drawn_photos(seed))
        _show("Loading the demo directory", providers, written)
    print(sign_ins(settings().public_url), flush=True)


def _show(what: str, total: int, counts: Iterable[int]) -> None:
    """Go through `counts`, of how much is done: with a bar on a terminal, else with a line."""
    console = Console()
    if not console.is_terminal:
        print(f"{what} …", flush=True)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        for done in counts:
            progress.update(task, completed=done)


def _check_port() -> None:
    config = settings()
    with socket.socket(socket.AF_INET6 if ":" in config.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError as error:
            _stop(
                f"Port {config.port} on {config.host} cannot be used ({error.strerror}). "
                "Choose another with PORT=…"
            )


@cli.command()
def serve() -> None:
    """Serve the application (and, unless RUN_WORKER=false, run its jobs)."""
    logs.set_up()
    _check_start(settings())
    _check_port()
    _prepare(WAITS)
    config = settings()
    _check_people(config.demo)
    if config.demo:
        _load_demo(DEMO_PROVIDERS, DEMO_SEED)
    print(f"Openchair is at {config.public_url}  (Ctrl-C stops it)", flush=True)
    uvicorn.run(
        "main:create_app",
        factory=True,
        host=config.host,
        port=config.port,
        http="core.web.connections:Connection",
        workers=config.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=config.trusted_proxies,
        timeout_graceful_shutdown=5,
        # A process that is still importing does not answer: a busy machine would never be ready.
        timeout_worker_healthcheck=60,
    )


@cli.command()
def worker() -> None:
    """Run jobs only: mail, reminders, expiry. For a process of its own."""
    logs.set_up()
    # Whatever RUN_WORKER says here, this is a second process.
    _check_start(settings().model_copy(update={"run_worker": False}))
    _prepare(WAITS)
    _check_people(settings().demo)
    with suppress(KeyboardInterrupt):
        asyncio.run(jobs.run_worker(concurrency=4))


@cli.command(name="migrate")
def migrate_command() -> None:
    """Bring the database to this version's schema and stop."""
    _prepare()


@cli.command()
def check() -> None:
    """Look for everything that could be set wrong, and say what to do about it."""
    from core.check import look
    from core.check.findings import as_lines, must_mend
    from demo.mark import look_at_people

    findings = list(look(settings(), look_at_people))
    print("\n".join(as_lines(findings)))
    raise typer.Exit(int(must_mend(findings)))


@cli.command()
def demo(
    providers: Annotated[int, typer.Option(help="How many to make.", min=20)] = DEMO_PROVIDERS,
    seed: Annotated[int, typer.Option(help="The same seed makes the same directory.")] = DEMO_SEED,
) -> None:
    """Load the demo directory into an empty database."""
    _prepare()
    _check_people(is_demo=True)
    _load_demo(providers, seed)


@cli.command()
def country(
    listings: Annotated[int, typer.Option(help="How many to make.", min=1)] = 1_000_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same directory.")] = 1,
    days: Annotated[int, typer.Option(help="Days of each calendar.", min=2, max=61)] = 14,
) -> None:
    """Load a made directory of the whole country into an empty database, by COPY."""
    _prepare()
    _check_people(is_demo=True)
    from demo.country import Country, load_country
    from demo.load import sign_ins

    made = Country(listings, seed, days, clock.now())
    try:
        _show("Making listings", listings, load_country(made))
    except Invalid as error:
        _stop(error.fields[0][1])
    print(sign_ins(settings().public_url))


@cli.command(name="rekey")
def rekey_command() -> None:
    """Seal everything anew with the first key of SECRET_KEYS, while others serve; run it again
    where it was interrupted."""
    _prepare()
    from core import rekey

    with transaction() as session:
        total = rekey.count_old(session)
    _show("Sealing anew", total, rekey.rekey())
    with transaction() as session:
        newest, *older = rekey.keys_in_use(session).items()
    print(f"The key {newest[0]} seals everything that is written now.")
    for key_id, count in older:
        print(
            f"The key {key_id} may go from SECRET_KEYS: nothing needs it any more."
            if count == 0
            else f"The key {key_id} still opens {count:,} values: keep it, restart every process "
            "with the new SECRET_KEYS, and run this again."
        )
    if path := rekey.retired_file(settings()):
        print(
            f"{path} holds a key that SECRET_KEYS has retired: once no line above says to keep it, "
            "remove the file, or a start without SECRET_KEYS would take it."
        )


@cli.command()
def admin(email: Annotated[str, typer.Argument(help="Address of the new admin.")]) -> None:
    """Make someone an admin (admins are made only here)."""
    _prepare()
    from accounts.people import make_admin

    try:
        print(make_admin(email))
    except Invalid as error:
        _stop(error.fields[0][1])


@cli.command(name="reset-factor")
def reset_factor(email: Annotated[str, typer.Argument(help="Whose factors are lost.")]) -> None:
    """Remove someone's second factors (for the only admin; others ask another admin)."""
    _prepare()
    from accounts.factors.resets import reset_by_command

    try:
        print(reset_by_command(email))
    except Invalid as error:
        _stop(error.fields[0][1])


if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    cli()
