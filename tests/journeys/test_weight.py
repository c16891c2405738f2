"""What a page costs over the wire: at most 100 kB and 10 requests, all of them to us."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from tests.whole.loads import PUBLIC_PAGES, load

MOST_BYTES = 100_000
MOST_REQUESTS = 10


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_a_page_is_light_and_asks_nobody_else(
    open_context: Callable[..., BrowserContext], site: str, path: str
) -> None:
    found = load(open_context(), site + path)
    assert found.status == 200
    assert found.bytes <= MOST_BYTES, f"{path}: {found.bytes} bytes"
    assert found.requests <= MOST_REQUESTS, f"{path}: {found.requests} requests"
    assert found.elsewhere == []
