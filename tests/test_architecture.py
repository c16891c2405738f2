"""What holds for the whole house, counted rather than hoped for."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from core.web.transactions import TransactionalRoute
from main import create_app

ROOT = Path(__file__).parents[1]
PACKAGES = ("core", "accounts", "directory", "booking", "demo")
SOURCES = [ROOT / "main.py", *(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PAGES = [path for path in TEMPLATES if path.parent.name != "mail"]

FRAMEWORKS_OWN = {"/api/v1/openapi.json", "/static"}


@pytest.fixture(scope="module")
def whole() -> FastAPI:
    return create_app()


def _routes(app: FastAPI) -> list[TransactionalRoute]:
    contexts = iter_route_contexts(app.routes)
    return [c.original_route for c in contexts if isinstance(c.original_route, TransactionalRoute)]


def test_every_route_says_who_may_call_it(whole: FastAPI) -> None:
    undeclared = []
    for context in iter_route_contexts(whole.routes):
        route = context.original_route
        path = str(getattr(route, "path", route))
        if not isinstance(route, TransactionalRoute) and path not in FRAMEWORKS_OWN:
            undeclared.append(path)
    assert undeclared == []
    assert len(_routes(whole)) > 10


def test_no_two_routes_answer_the_same_request(whole: FastAPI) -> None:
    seen = [(m, route.path_format) for route in _routes(whole) for m in route.methods or ()]
    assert sorted(seen) == sorted(set(seen))


def test_what_is_read_and_what_changes_have_methods_of_their_own(whole: FastAPI) -> None:
    for route in _routes(whole):
        methods = route.methods or set()
        assert len(methods) == 1, route.path
        is_page = not route.path.startswith("/api/")
        assert methods <= {"GET", "POST", *(() if is_page else ("PUT", "PATCH", "DELETE"))}


def test_the_schema_describes_the_api_and_nothing_else(whole: FastAPI) -> None:
    for route in _routes(whole):
        assert route.include_in_schema is route.path.startswith("/api/"), route.path
    described = whole.openapi()["paths"]
    assert all(path.startswith("/api/v1/") for path in described)


def test_endpoints_are_plain_functions(whole: FastAPI) -> None:
    for route in _routes(whole):
        assert isinstance(route, APIRoute)
        assert route.endpoint.__doc__, f"{route.path} does not say what it is for"


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _markup(path: Path) -> str:
    """A template without its comments and expressions."""
    return re.sub(r"\{[#%{].*?[#%}]\}", "", path.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("path", PAGES, ids=_id)
def test_pages_carry_neither_style_nor_script(path: Path) -> None:
    words = _markup(path)
    assert not re.search(r"\sstyle\s*=", words), "style attribute"
    assert not re.search(r"<style\b", words), "style element"
    assert not re.search(r"\son[a-z]+\s*=", words), "event attribute"
    assert "javascript:" not in words
    for tag in re.findall(r"<script\b[^>]*>", words):
        assert "src=" in tag or 'type="speculationrules"' in tag, tag
    assert not re.search(r"\|\s*safe\b", path.read_text()), "unescaped text"


@pytest.mark.parametrize("path", TEMPLATES, ids=_id)
def test_nothing_is_loaded_from_elsewhere(path: Path) -> None:
    words = _markup(path)
    loads = re.findall(r"<(?:script|img|iframe|source|video|audio|embed|object|use)\b[^>]*>", words)
    loads += re.findall(r"<link\b[^>]*>", words)
    for tag in loads:
        assert not re.search(r"(?:src|href|srcset|data)\s*=\s*[\"'](?:https?:)?//", tag), tag


@pytest.mark.parametrize("path", sorted((ROOT / "static").rglob("*.[cj]s*")), ids=_id)
def test_our_files_load_nothing_from_elsewhere(path: Path) -> None:
    words = path.read_text()
    loaded = r"(?:url\(|@import|import\s*\(|from|fetch\()\s*[\"']?(?:https?:)?//[a-z]"
    assert not re.search(loaded, words)


@pytest.mark.parametrize("path", SOURCES, ids=_id)
def test_only_the_clock_asks_what_time_it_is(path: Path) -> None:
    if path == ROOT / "core" / "clock.py":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = ast.unparse(node.func)
            asks = called in {"time.time", "date.today", "datetime.today"}
            assert not asks, f"line {node.lineno}"
            assert not called.endswith(("datetime.now", "datetime.utcnow")), f"line {node.lineno}"


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if "rules" in path.parts or path.name == "rules.py"], ids=_id
)
def test_rules_are_pure(path: Path) -> None:
    """No database, no clock, no web."""
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            impure = (
                "sqlalchemy",
                "sqlmodel",
                "fastapi",
                "psycopg",
                "core.clock",
                "core.database",
                "core.web",
                "core.mail",
                "core.jobs",
            )
            assert not name.startswith(impure), name


@pytest.mark.parametrize("path", SOURCES, ids=_id)
def test_services_never_commit(path: Path) -> None:
    """Transactions end where they begin: around a request, or in `transaction()`."""
    if path in {ROOT / "core" / name for name in ("web/transactions.py", "migrations.py")}:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr != "commit", f"line {node.lineno}"


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if {"pages", "api"} & set(path.parts)], ids=_id
)
def test_pages_and_api_leave_reading_to_queries(path: Path) -> None:
    asks = r"\bsession\.(exec|execute|connection|get|get_one|scalars?|add|delete)\("
    assert not re.search(asks, path.read_text())


def test_alembic_is_the_library() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()


def test_the_arrows_between_packages_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(  # noqa: S603  # the linter of this environment
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
