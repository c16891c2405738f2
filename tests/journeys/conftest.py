"""A real Chromium in front of a real server with a small demo directory.

Each context watches what a page does behind the scenes: a request to another origin, an error on
the console or something that the content policy refused fails the test that caused it.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    sync_playwright,
)

from core.postgres import ensure_database
from core.settings import settings
from tests.whole.servers import Server, database_beside

PROVIDERS = 60
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


def find_chromium() -> str | None:
    """The browser named by CHROMIUM, or one on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all stories. Missing: skipped, or failed where CI asks for it."""
    path = find_chromium()
    if path is None:
        reason = "no Chromium on the PATH and none named by CHROMIUM"
        if os.environ.get("REQUIRE_BROWSER") == "1" or os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def site_database(browser: Browser) -> Iterator[str]:
    """The address of the server's database, for what happened before a story begins."""
    server_address = os.environ.get("TEST_DATABASE_URL") or ensure_database(settings().data_dir)
    with database_beside(server_address, f"journeys_{os.getpid()}") as address:
        yield address


@contextmanager
def demo_site(database: str, folder: Path, providers: int) -> Iterator[str]:
    """The address of a server with a demo directory, its worker running, its limits off. Photos
    lie in `folder`, its own: other tests forget whichever no database of theirs knows."""
    settings().make_key()  # the same key: stories write into its database, too
    server = Server(
        DATABASE_URL=database,
        DATA_DIR=str(folder),
        SECRET_KEYS=settings().secret_keys.get_secret_value() or settings().key_file.read_text(),
        RUN_WORKER="true",
        DEMO="true",
        SMTP_URL="",
    )
    server.run("demo", "--providers", str(providers))
    server.start()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def site(site_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the server that most stories meet."""
    with demo_site(site_database, tmp_path_factory.mktemp("site"), PROVIDERS) as address:
        yield address


@dataclass
class Watch:
    """What a context did that no page of ours may do."""

    site: str
    faults: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def request(self, request: Request) -> None:
        if not request.url.startswith((self.site + "/", "data:", "about:", "blob:")):
            self.faults.append(f"asked another origin: {request.url}")

    def console(self, message: ConsoleMessage) -> None:
        # A refused form is an answer of ours (422); Chromium reports it as a failed load.
        is_answer = message.text.startswith("Failed to load resource") and any(
            f"status of {status}" in message.text for status in ("422", *self.expected)
        )
        if message.type == "error" and not is_answer:
            self.faults.append(f"console: {message.text}")

    def error(self, error: Exception) -> None:
        self.faults.append(f"script: {error}")


@pytest.fixture
def watch(site: str) -> Iterator[Watch]:
    watching = Watch(site)
    yield watching
    assert watching.faults == []


@pytest.fixture
def refusals(watch: Watch) -> None:
    """This story asks for what is not there, not theirs, not free any more or changed meanwhile."""
    watch.expected += ["403", "404", "409", "410", "412"]


@pytest.fixture
def open_context(
    browser: Browser, site: str, watch: Watch
) -> Iterator[Callable[..., BrowserContext]]:
    """Makes contexts: people's own browsers, kept apart from each other."""
    opened: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        wanted = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", **options}
        context = browser.new_context(
            base_url=site, reduced_motion="reduce", timezone_id="America/Los_Angeles", **wanted
        )
        context.set_default_timeout(30_000)
        context.on("request", watch.request)
        context.on("console", watch.console)
        context.on("weberror", lambda error: watch.error(error.error))
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    """A person's browser, as most have it."""
    return open_context().new_page()


@pytest.fixture
def plain_page(open_context: Callable[..., BrowserContext]) -> Page:
    """A browser with JavaScript switched off."""
    return open_context(java_script_enabled=False).new_page()
