"""docs/operations.md is true: each command in it runs here, against a real installation, or is
listed below with the reason why it cannot."""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from core.roles import standing
from tests.whole.installation import Installation, installed
from tests.whole.servers import ROOT

DOCUMENT = ROOT / "docs" / "operations.md"
NOT_RUN = {
    "chattr +a": "needs a file system that knows it, and root; what it forbids would stay behind",
    "CREATE INDEX CONCURRENTLY": "names what migrations do; tests/whole/test_migrations.py runs it",
    "Openchair <hello@openchair.example.com>": "a sender, no command",
    "hot_standby = on": "a line of another server's configuration",
    "nginx": "another program's configuration, and there is no nginx here",
    "pg_basebackup": "needs another machine; tests/whole/replicas.py does it on this one",
}
"""Beginnings of what is not run, and why."""

# What the others need: the document explains them below the commands that use them.
FIRST = ("CREATE ", "python -c ")


@dataclass(frozen=True)
class Command:
    """`kind`: the language of its block, or "inline"."""

    kind: str
    text: str

    @property
    def beginning(self) -> str:
        return "nginx" if self.kind == "nginx" else self.text

    def begins_with(self, *words: str) -> bool:
        return self.beginning.startswith(words)


def commands(document: str) -> Iterator[Command]:
    """Each line of a block (nginx's is one), and each other inline code with a space in it."""
    parts = re.findall(r"^```(.*?)^```|`([^`\n]+)`", document, re.S | re.M)
    seen = {_bare(line) for block, _ in parts for line in block.splitlines()}
    for block, inline in parts:
        kind, _, body = block.partition("\n")
        if kind == "nginx":
            yield Command(kind, body)
        elif block:
            yield from (Command(kind, _bare(line)) for line in body.splitlines())
        elif " " in inline and _bare(inline) not in seen:
            seen.add(_bare(inline))
            yield Command("inline", _bare(inline))


def _bare(text: str) -> str:
    return text.strip().rstrip(";")


def is_not_run(command: Command) -> bool:
    return command.begins_with(*NOT_RUN)


HOW: dict[str, Callable[[Installation, str], object]] = {
    "python main.py serve": Installation.serve,
    "python main.py check": Installation.check,
    "python main.py worker": Installation.work,
    "python main.py ": Installation.shell,
    "python -c ": Installation.make_key,
    "make ": Installation.pretend,
    "pip ": Installation.pretend,
    "pg_restore ": Installation.restore,
    "pg_dump ": Installation.shell,
    "tar ": Installation.shell,
    "GET ": Installation.get,
    "CREATE ": Installation.ask_as_superuser,
    "GRANT ": Installation.ask_as_superuser,
    "SELECT ": Installation.ask,
    "UPDATE ": Installation.ask,
    "status = ": Installation.ask_again,
}
"""How a command is run, by its beginning."""


def run(installation: Installation, command: Command) -> None:
    """Raises CalledProcessError, psycopg.Error or OSError where it does not work."""
    how = next((how for words, how in HOW.items() if command.begins_with(words)), None)
    if how is None:
        raise AssertionError(f"Neither run nor listed in NOT_RUN: {command.text}")
    how(installation, installation.filled(command.text))
    installation.done.append(command.text)


@pytest.fixture
def installation(database_url: str, owner_url: str, tmp_path: Path) -> Iterator[Installation]:
    with installed(owner_url, tmp_path, DOCUMENT.read_text()) as made:
        yield made


def test_every_command_is_run_or_listed() -> None:
    found = list(commands(DOCUMENT.read_text()))
    assert [one for one in found if not is_not_run(one) and not one.begins_with(*HOW)] == []
    for beginning in (*NOT_RUN, *HOW):
        assert any(one.begins_with(beginning) for one in found), f"{beginning} is not there"


def test_a_new_command_is_noticed() -> None:
    (block, inline) = commands("Do\n```sh\nrm -rf all\n```\nor `dropdb it`, not `this`.\n")
    assert (block.text, inline.text) == ("rm -rf all", "dropdb it")
    assert not is_not_run(block)
    nowhere = Installation("", Path(), {}, {})
    with pytest.raises(AssertionError, match="Neither run nor listed"):
        run(nowhere, block)


@pytest.mark.long
def test_every_command_works(installation: Installation) -> None:
    found = [one for one in commands(DOCUMENT.read_text()) if not is_not_run(one)]
    for command in sorted(found, key=lambda one: not one.begins_with(*FIRST)):
        run(installation, command)
    assert len(base64.b64decode(installation.environment["SECRET_KEYS"])) == 32
    # What was backed up before it all went is there again, with no more rights than before.
    installation.serve()
    application = installation.environment["DATABASE_URL"]
    assert standing(application).excess == ()
    with psycopg.connect(application) as connection:
        admins = connection.execute("SELECT count(*) FROM audit_entry").fetchone()
    assert admins is not None
    assert admins[0] > 0
