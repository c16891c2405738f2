"""Which licences the check lets through."""

from typing import Any

import pytest

from tests.check_licences import is_allowed, problems

MIT = {"license": {"id": "MIT"}}
GPL = {"license": {"id": "GPL-3.0-only"}}
LOCK = """one==1.0 \\
    --hash=sha256:00
elsewhere==2.0 ; sys_platform == 'never' \\
    --hash=sha256:00
"""


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),  # ours to choose
        ("MIT AND GPL-3.0-only", False),  # both hold
        ("(MIT OR GPL-2.0-only) AND BSD-3-Clause", True),
        ("AGPL-3.0-or-later", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_an_expression_is_read(expression: str, allowed: bool) -> None:
    assert is_allowed(expression) == allowed


@pytest.mark.parametrize(
    ("components", "told"),
    [
        ([{"name": "One", "licenses": [MIT]}], []),
        ([{"name": "one", "licenses": [{"expression": "MIT OR ISC"}]}], []),
        ([{"name": "one"}], ["one: no licence told"]),
        (
            [{"name": "one", "licenses": [{"license": {"id": "GPL-3.0-only"}}]}],
            ["one: GPL-3.0-only"],
        ),
        # All that is declared holds.
        ([{"name": "one", "licenses": [MIT, GPL]}], ["one: MIT and GPL-3.0-only"]),
        ([], ["one: not installed"]),
    ],
)
def test_what_is_locked_must_be_allowed(components: list[dict[str, Any]], told: list[str]) -> None:
    assert list(problems({"components": components}, LOCK)) == told
