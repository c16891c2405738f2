"""Brings the database to the schema of this version. Safe to call from many processes at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from core.database import engine

_LOCK = 7_036_001  # any number nobody else uses; held while migrating


def migrate() -> None:
    """Apply what is missing, once, whoever comes first."""
    with engine().connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()
        config = Config(Path(__file__).parents[1] / "alembic.ini")
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
            connection.commit()
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.commit()
