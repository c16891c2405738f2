"""`python -m tests.check_migrations`: the models say what the migrations built, no more, no less."""

import os
import tempfile
from pathlib import Path

import psycopg
from alembic.config import Config

from alembic import command


def main() -> None:
    """Build a fresh database by the migrations and compare it with the models."""
    from core.postgres import ensure_database

    folder = Path(tempfile.gettempdir()) / f"openchair-tests-{os.environ.get('USER', 'user')}"
    server = os.environ.get("TEST_DATABASE_URL") or ensure_database(folder)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS check_migrations WITH (FORCE)")
        connection.execute("CREATE DATABASE check_migrations")
    os.environ["DATABASE_URL"] = server.replace("/openchair", "/check_migrations")
    config = Config(Path(__file__).parents[1] / "alembic.ini")
    command.upgrade(config, "head")
    command.check(config)


if __name__ == "__main__":
    main()
