"""What the application is made of may be used by anybody.

`python -m tests.check_licences SBOM LOCK` looks up each distribution of the lock in a CycloneDX
document of the environment, and ends with 1 where a licence is not among `ALLOWED`, or none is
told.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ALLOWED: Final = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC0-1.0",
        "ISC",
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "PSF-2.0",
        "Unlicense",
        "Zlib",
        # Of psycopg, used as it is and not changed: the LGPL asks nothing of who imports it.
        "LGPL-3.0-only",
        # As older distributions write it.
        "License :: OSI Approved :: Apache Software License",
        "License :: OSI Approved :: BSD License",
    }
)
"""SPDX identifiers and classifiers."""


def locked(lock: str) -> set[str]:
    """Names of what the lock installs on this machine."""
    lines = re.findall(r"^[A-Za-z0-9][^\\\n]*", lock, re.M)
    wanted = [Requirement(line.strip()) for line in lines]
    return {
        canonicalize_name(one.name)
        for one in wanted
        if one.marker is None or one.marker.evaluate({"extra": ""})
    }


def is_allowed(expression: str) -> bool:
    """Whether one of an expression's choices (OR) is allowed in each of its parts (AND)."""
    return all(
        any(choice.strip(" ()") in ALLOWED for choice in part.split(" OR "))
        for part in expression.split(" AND ")
    )


def licences(component: dict[str, Any]) -> list[str]:
    """What a component of the document declares; all of it holds at once."""
    found = []
    for one in component.get("licenses", []):
        licence = one.get("license", {})
        found.append(one.get("expression") or licence.get("id") or licence.get("name") or "")
    return found


def problems(document: dict[str, Any], lock: str) -> Iterator[str]:
    """A line for each distribution of the lock that is not there, or not allowed."""
    there: dict[str, dict[str, Any]] = {
        canonicalize_name(one["name"]): one for one in document["components"]
    }
    for name in sorted(locked(lock)):
        if name not in there:
            yield f"{name}: not installed"
            continue
        declared = licences(there[name])
        if not declared or not all(map(is_allowed, declared)):
            yield f"{name}: {' and '.join(declared) or 'no licence told'}"


if __name__ == "__main__":
    sbom, lock = (Path(name).read_text() for name in sys.argv[1:])
    found = list(problems(json.loads(sbom), lock))
    print("\n".join(found) or f"{len(locked(lock))} distributions, all with a licence we allow")
    sys.exit(bool(found))
