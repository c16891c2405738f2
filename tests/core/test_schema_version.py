"""A start looks for alembic only where something is to be migrated."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from core.roles import make_application
from core.schema_version import is_current, is_new, newest_versions
from tests.whole.servers import database_beside

ROOT = Path(__file__).parents[2]


def test_the_newest_version_is_the_one_that_alembic_finds() -> None:
    scripts = ScriptDirectory.from_config(Config(ROOT / "alembic.ini"))
    assert newest_versions(ROOT / "alembic" / "versions") == set(scripts.get_heads())


def test_a_migrated_database_is_current(owner_url: str) -> None:
    assert is_current(owner_url)
    assert not is_new(owner_url)


def test_a_start_does_not_load_alembic() -> None:
    loaded = "import sys, main; print('alembic' in sys.modules)"
    command = [sys.executable, "-c", loaded]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603  # our own program
    assert said.stdout.strip() == "False"


def test_a_database_without_tables_is_not(owner_url: str) -> None:
    with database_beside(owner_url, f"no_version_{os.getpid()}") as url:
        assert not is_current(url)
        assert is_new(url)


@pytest.mark.parametrize("stored", [[], ["0001"], ["9999"], ["0001", "9999"]])
def test_nor_is_one_of_another_version(owner_url: str, stored: list[str]) -> None:
    with database_beside(owner_url, f"another_version_{os.getpid()}") as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE alembic_version (version_num text)")
            rows = [[one] for one in stored]
            connection.cursor().executemany("INSERT INTO alembic_version VALUES (%s)", rows)
        assert not is_current(url)
        assert is_new(url) is (not stored)


def test_what_may_not_be_looked_at_is_not_taken_for_new(owner_url: str) -> None:
    with database_beside(owner_url, f"closed_version_{os.getpid()}") as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE alembic_version (version_num text)")
        application = make_application(url)
        assert not is_new(application)
        assert not is_current(application)
