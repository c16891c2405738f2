"""Law as dated data: each row has its source and the day on which it was so. Never an `if` in code.

`compacts.csv` (members of PSYPACT, the Counseling Compact and the Social Work Compact) is kept here
for the practice authorities that come later; nothing reads it yet. `registers.csv` says where a
credential is looked up: a board without a row of its own is found by its federation's site. Someone
qualified must confirm every row before real use.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from directory.taxonomy.tables import load_table


@dataclass(frozen=True)
class PrescribingState:
    """A state whose law lets psychologists with a certificate prescribe; `enacted` is a year."""

    state: str
    enacted: int
    source: str
    as_of: date


PRESCRIBING_PSYCHOLOGIST_STATES: Final = load_table(
    __name__, "prescribing_psychologists.csv", PrescribingState
)


@dataclass(frozen=True)
class Register:
    """Where an admin looks a credential up. `kind`: of credentials, or "exclusions"; `state` is
    None, and `professions` empty, for all of them."""

    key: str
    kind: str
    state: str | None
    professions: tuple[str, ...]
    title: str
    url: str
    source: str
    as_of: date


REGISTERS: Final = load_table(__name__, "registers.csv", Register)


def find_register(kind: str, state: str = "", profession: str = "") -> Register | None:
    """The state's own for this profession, else that of all states; None where none is known."""
    fitting = [
        one
        for one in REGISTERS.values()
        if one.kind == kind
        and one.state in (state or None, None)
        and (not one.professions or profession in one.professions)
    ]
    return min(fitting, key=lambda one: one.state is None, default=None)
