"""Which routes may read from a replica: counted over the whole application."""

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from sqlmodel import Session

from core.database import make_engine
from core.replica import READS
from core.settings import settings
from core.web.transactions import TransactionalRoute, may_lag
from main import create_app
from tests.whole.world import build_world

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "accounts", "directory", "booking", "demo")
SOURCES = [ROOT / "main.py", *(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))]

ROUTES = [
    context.original_route
    for context in iter_route_contexts(create_app().routes)
    if isinstance(context.original_route, TransactionalRoute)
]
READING = [route for route in ROUTES if may_lag(route.endpoint)]

# What shows the directory.
EXPECTED = {
    "/compare",
    "/providers/{slug}",
    "/api/v1/providers/{provider_id}",
    "/api/v1/suggest",
    "/sitemap/providers-{part}.xml",
}
# What decides, what belongs to someone, and what must be heard at once.
NEVER = (
    "/account",
    "/admin",
    "/alerts",
    "/api/v1/admin",
    "/api/v1/alerts",
    "/api/v1/appointments",
    "/api/v1/holds",
    "/api/v1/me",
    "/api/v1/providers/{provider_id}/slots",
    "/api/v1/auth",
    "/appointments",
    "/book",
    "/demo",
    "/healthz",
    "/metrics",
    "/provider/",
    "/readyz",
    "/sign-in",
)
FILES = {path: ast.parse(path.read_text()) for path in SOURCES}


def test_the_directory_is_what_may_be_read_from_it() -> None:
    assert {route.path for route in READING} >= EXPECTED


@pytest.mark.parametrize("route", READING, ids=lambda route: str(route.path))
def test_only_public_reads_that_decide_nothing(route: TransactionalRoute) -> None:
    assert route.methods == {"GET"}
    assert route.access.anyone
    assert not route.path.startswith(NEVER)


def test_what_decides_has_routes() -> None:
    for start in NEVER:
        assert any(route.path.startswith(start) for route in ROUTES), start


@pytest.mark.parametrize("path", sorted(route.path_format for route in READING))
def test_a_read_only_session_is_enough_and_none_of_them_searches(
    session: Session, app: FastAPI, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Cards are kept with the index's answer; an older one would be shown for as long as that."""

    def refuse(*_: object) -> None:
        raise AssertionError("a search on a replica")

    filled = path.format_map(build_world(session).ids)
    database = make_engine(settings().database_url, "-c default_transaction_read_only=on")
    monkeypatch.setattr("directory.search.source_of", refuse)
    before = READS.labels("replica")._value.get()
    with TestClient(app) as client:
        app.state.replica = SimpleNamespace(engine=database, is_current=lambda: True)
        assert client.get(filled).status_code == 200
    database.dispose()
    assert READS.labels("replica")._value.get() == before + 1


@pytest.mark.parametrize("path", sorted(FILES), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_else_knows_of_it(path: Path) -> None:
    """Only pages and the API may ask for `Reading`, and only the house hands out a replica."""
    imported = {
        f"{node.module}.{name.name}"
        for node in ast.walk(FILES[path])
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    place = path.relative_to(ROOT).parts
    if any(name.startswith("core.replica.") for name in imported):
        assert place in {("main.py",), ("core", "web", "replica_reads.py")}
    if "core.web.visit.Reading" in imported:
        assert place[1] in ("api", "pages") or place == ("core", "web", "transactions.py")
