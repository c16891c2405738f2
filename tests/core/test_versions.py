"""Versions: what they are of, and what If-Match allows to be replaced (RFC 9110, 13.1.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import VersionChanged
from core.versions import version_of
from core.web.versions import etag, read_if_match

CONTENT = st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers() | st.none())


@given(CONTENT, CONTENT)
def test_a_version_differs_where_the_content_does(
    one: dict[str, object], other: dict[str, object]
) -> None:
    assert (version_of(one) == version_of(other)) == (one == other)
    assert version_of(one) == version_of(dict(reversed(one.items())))


@pytest.mark.parametrize(
    ("header", "allowed"),
    [
        (None, True),  # as before there were versions
        ("*", True),
        (" * ", True),
        ('"abc"', True),
        ('"x", "abc"', True),
        ('"x","abc" , "y"', True),
        (', "abc",', True),  # empty elements of a list are to be ignored
        ('"x", W/"y", "abc"', True),
        ('"x"', False),
        ('W/"abc"', False),  # the comparison is strong
        ('"x", W/"abc"', False),
        ("abc", False),  # no tag: whoever sent it meant to be careful
        ('"abc', False),
        ('"abc" "x"', False),
        ("", False),
        ('"*"', False),
    ],
)
def test_if_match_is_read_as_the_standard_says(header: str | None, allowed: bool) -> None:
    expected = read_if_match(header)
    if allowed:
        expected.check("abc")
    else:
        with pytest.raises(VersionChanged):
            expected.check("abc")


def test_an_etag_allows_its_own_version() -> None:
    read_if_match(etag(version_of({"a": 1}))).check(version_of({"a": 1}))
