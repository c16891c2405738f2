"""Lighthouse-style figures of each page in Chromium: weight, requests, LCP and CLS.

    python -m bench.pages [URL]

Without an address it starts a server with a demo directory of its own. Measured on a phone's
screen with a cold cache; the median of three loads. The network is this machine's own, so LCP
speaks of our pages and not of anybody's connection.
"""

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from core.postgres import ensure_database
from tests.journeys.conftest import FLAGS, find_chromium
from tests.whole.loads import PUBLIC_PAGES, Load, a_profile, load
from tests.whole.servers import Server

TIMES = 3


def median(browser: Browser, url: str) -> Load:
    """The load whose LCP is in the middle."""
    loads = []
    for _ in range(TIMES):
        context = browser.new_context(viewport={"width": 360, "height": 800})
        loads.append(load(context, url))
        context.close()
    middle = statistics.median_low(sorted(one.lcp for one in loads))
    return next(one for one in loads if one.lcp == middle)


def report(url: str) -> None:
    """Print a table, one line a page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        print(f"{'page':<36}{'kB':>7}{'requests':>10}{'LCP ms':>9}{'CLS':>8}")
        for path in (*PUBLIC_PAGES, a_profile(browser.new_page(), url)):
            found = median(browser, url + path)
            print(
                f"{path[:35]:<36}{found.bytes / 1000:>7.1f}{found.requests:>10}"
                f"{found.lcp:>9.0f}{found.cls:>8.3f}"
            )
        browser.close()


@contextmanager
def own_server() -> Iterator[str]:
    """A demo directory in a temporary folder, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="openchair-bench-", ignore_cleanup_errors=True) as made:
        server = Server(DATA_DIR=made, DATABASE_URL=ensure_database(Path(made)), DEMO="true")
        server.start()
        try:
            yield server.url
        finally:
            server.stop()


if __name__ == "__main__":
    os.umask(0o022)  # the embedded server may run as another user, who must reach its folder
    if len(sys.argv) > 1:
        report(sys.argv[1].rstrip("/"))
    else:
        with own_server() as address:
            report(address)
