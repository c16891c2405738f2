"""Which part of a network address a limit counts by."""

from typing import Any

import pytest
from fastapi import Request, Response

from core.web.visit import Visit


@pytest.mark.parametrize(
    ("host", "address", "site", "wide"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", "2001:db8:1::", "2001:db8:1::"),
        ("2001:db8:1:ffff::1", "2001:db8:1:ffff::", "2001:db8:1::", "2001:db8:1::"),  # one site
        ("2001:db8:2:2::1", "2001:db8:2:2::", "2001:db8:2::", "2001:db8:2::"),  # another
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.0"),
        ("fe80::1%eth0", "fe80::", "fe80::", "fe80::"),
        ("testclient", "unknown", "unknown", "unknown"),
        ("", "unknown", "unknown", "unknown"),
    ],
)
def test_networks_of_a_visit(host: str, address: str, site: str, wide: str) -> None:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "client": (host, 1)}
    visit = Visit(Request(scope), Response())
    assert (visit.address, visit.site, visit.wide_network) == (address, site, wide)


def test_who_connects_without_an_address_is_unknown() -> None:
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/", "headers": []}
    assert Visit(Request(scope), Response()).site == "unknown"
