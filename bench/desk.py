"""How long an admin takes at the desk: twenty credentials verified by keyboard alone.

    python -m bench.desk

Starts a server with a demo directory of its own and counts what Chromium does: seconds from the
desk to the last decision, and key presses. Looking a number up at its register is left out: what is
measured is what the page itself costs.
"""

import os
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.looks import ADMIN, sign_in
from core.postgres import ensure_database
from tests.journeys.conftest import FLAGS, find_chromium
from tests.whole.servers import Server

CREDENTIALS = 20
PROVIDERS = 480  # one in 24 waits, with two credentials or more
GOAL = 60  # seconds


def press(page: Page, key: str) -> int:
    page.keyboard.press(key)
    return 1


def verify_all(page: Page, url: str) -> tuple[float, int]:
    """Seconds and key presses, from the desk until the last decision is recorded."""
    page.goto(f"{url}/admin")
    presses = 0
    started = time.monotonic()
    presses += press(page, "j")
    with page.expect_navigation():
        presses += press(page, "Enter")
    for _ in range(CREDENTIALS):
        page.locator("[data-decide-key]:not([hidden])").wait_for()
        presses += press(page, "1")
        with page.expect_navigation():
            presses += press(page, "Control+Enter")
        assert "notice=decided" in page.url, page.url
    return time.monotonic() - started, presses


def main() -> None:
    os.umask(0o022)  # the embedded server may run as another user, who must reach its folder
    with tempfile.TemporaryDirectory(prefix="openchair-bench-", ignore_cleanup_errors=True) as made:
        server = Server(DATA_DIR=made, DATABASE_URL=ensure_database(Path(made)), DEMO="true")
        server.run("demo", "--providers", str(PROVIDERS))
        server.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            sign_in(context, server.url, ADMIN)
            seconds, presses = verify_all(context.new_page(), server.url)
            browser.close()
        server.stop()
    verdict = "within" if seconds <= GOAL else "beyond"
    print(
        f"{CREDENTIALS} credentials: {seconds:.1f} s, {presses} key presses,"
        f" {verdict} the {GOAL} s that are the goal"
    )


if __name__ == "__main__":
    main()
