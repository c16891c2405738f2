"""`python main.py check`: everything an operator could have got wrong, in one list."""

from collections.abc import Callable, Iterator

from core.check.database import look_at_database
from core.check.findings import Finding, note, wrong
from core.check.machine import look_at_folder, look_at_mail
from core.check.settings import look_at_settings
from core.settings import Settings

Look = Callable[[Settings], Iterator[Finding]]

_LOOKS: tuple[Look, ...] = (
    look_at_settings,
    look_at_folder,
    look_at_database,
    look_at_mail,
)


def look(config: Settings, *more: Look) -> Iterator[Finding]:
    """All there is to say, in the order of a start; the worst thing is that a look itself fails.
    Changes nothing, but that the embedded database, where there is one, runs meanwhile."""
    for part in (*_LOOKS, *more):
        try:
            yield from part(config)
        except Exception as error:  # the rest of the list is of use all the same
            name = part.__name__.removeprefix("look_at_")
            yield wrong(
                f"Looking at the {name} failed ({type(error).__name__}).",
                "Look at the lines above first; if there are none, please tell us of this one.",
            )
    yield note(
        "Backups cannot be seen from here.",
        "Restore the last one somewhere else, now and again: see Backup and restore in "
        "docs/operations.md.",
    )
