"""`python -m tests.check_migrations`: the models say what the migrations built, and no more."""

import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from alembic import command
from alembic.config import Config

from core.postgres import ensure_database
from core.settings import settings

NAME = "check_migrations"


def main() -> None:
    """Build a fresh database by the migrations and compare it with the models."""
    with tempfile.TemporaryDirectory(prefix="openchair-", ignore_cleanup_errors=True) as folder:
        server = os.environ.get("TEST_DATABASE_URL") or ensure_database(Path(folder))
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {NAME}")
        os.environ["DATABASE_URL"] = urlunsplit(urlsplit(server)._replace(path=f"/{NAME}"))
        os.environ["DATA_DIR"] = folder
        settings().make_key()
        config = Config(Path(__file__).parents[1] / "alembic.ini")
        command.upgrade(config, "head")
        command.check(config)


if __name__ == "__main__":
    main()
