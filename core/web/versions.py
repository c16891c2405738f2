"""Versions as the web carries them: ETag and If-Match of the API, a hidden field of a form."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from fastapi import Depends, Form, Header

from core.errors import VersionChanged, status_of
from core.versions import ANY_VERSION, Expected

NOTHING: Final = "Nothing"

_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_LIST: Final = re.compile(rf"[\s,]*{_TAG.pattern}(?:\s*,(?:\s*{_TAG.pattern})?)*\s*")


def etag(version: str) -> str:
    """The strong entity tag of a version."""
    return f'"{version}"'


def read_if_match(header: str | None) -> Expected:
    """What If-Match allows to be replaced (RFC 9110, 13.1.1): without one, and for `*`, whatever
    stands. The comparison is strong, so weak tags allow nothing; nor does what is no list of tags,
    for whoever sent it meant to be careful."""
    if header is None or header.strip() == "*":
        return ANY_VERSION
    tags = _TAG.findall(header) if _LIST.fullmatch(header) else []
    return Expected(frozenset(tag[1:-1] for tag in tags if tag.startswith('"')))


_IfMatch = Annotated[
    list[str] | None,
    Header(
        alias="If-Match",
        description="ETags: change it only if one of them still holds, else answer 412.",
    ),
]


async def _from_header(if_match: _IfMatch = None) -> Expected:
    return read_if_match(", ".join(if_match) if if_match else None)


async def _from_form(version: Annotated[str, Form(max_length=1000)] = "") -> str:
    return version


def expected_by(version: str) -> Expected:
    """What a form allows to be replaced: the version that it carries, or whatever stands."""
    return Expected(frozenset([version])) if version else ANY_VERSION


def form_status(errors: Sequence[object], changed: Sequence[object]) -> int:
    """The status of a form's page: 422 with errors, 412 where something newer was saved."""
    if errors:
        return 422
    return status_of(VersionChanged()) if changed else 200


def differences(saved: Mapping[str, str], typed: Mapping[str, str]) -> list[dict[str, str]]:
    """The parts that differ, as rows {label, saved, typed} for `components/versions.html`."""
    return [
        {"label": label, "saved": saved[label] or NOTHING, "typed": typed[label] or NOTHING}
        for label in saved
        if saved[label] != typed[label]
    ]


IfMatch = Annotated[Expected, Depends(_from_header)]
"""The versions that a call may replace, by its header."""

FormVersion = Annotated[str, Depends(_from_form)]
"""The version that a form was filled in from, by its hidden field `version`; empty without it."""
