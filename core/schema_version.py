"""Whether the database has this version's schema: a look at its one row, without alembic, whose
import alone takes longer than all the rest of a start's look at the database."""

import re
from pathlib import Path

import psycopg

_VERSIONS = Path(__file__).parents[1] / "alembic" / "versions"
_REVISION = re.compile(r"^revision\b.*=\s*['\"](\w+)['\"]", re.MULTILINE)
_BEFORE = re.compile(r"^down_revision\b.*=\s*['\"](\w+)['\"]", re.MULTILINE)


def is_current(url: str) -> bool:
    """True only where nothing is left to migrate at `url`; False also where that is in doubt, and
    `core.migrations.migrate` knows for certain.

    A migration writes the version with its last step, so another process that is migrating just
    now is not mistaken for one that is done.
    """
    return _stored(url) == newest_versions(_VERSIONS)


def is_new(url: str) -> bool:
    """Whether nothing was ever migrated at `url`; False where that is in doubt."""
    return _stored(url) == set()


def newest_versions(folder: Path) -> set[str]:
    """The migrations in `folder` that none other follows: one, unless something is wrong."""
    sources = [one.read_text(encoding="utf-8") for one in folder.glob("*.py")]
    followed = {found for one in sources for found in _BEFORE.findall(one)}
    return {found for one in sources for found in _REVISION.findall(one)} - followed


def _stored(url: str) -> set[str] | None:
    """None where this user may not look."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        try:
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        except psycopg.errors.UndefinedTable:
            return set()
        except psycopg.errors.InsufficientPrivilege:
            return None
    return {version for (version,) in rows}
