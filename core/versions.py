"""Which version a change replaces, so that an old page never erases what a newer one saved.

A version is a digest of what can be changed: it needs no column, and nobody can forget to count it
up. Whoever checks one holds the lock under which the change is saved.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import VersionChanged


def version_of(content: Mapping[str, Any]) -> str:
    """Sixteen hexadecimal digits that differ where the content does. Values as JSON has them."""
    written = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(written.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Expected:
    """The versions that a change may replace; None: whatever stands."""

    versions: frozenset[str] | None

    def check(self, version: str) -> None:
        """Raises VersionChanged where `version`, which stands now, is none of these."""
        if self.versions is not None and version not in self.versions:
            raise VersionChanged


ANY_VERSION = Expected(None)
