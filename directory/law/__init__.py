"""Law as dated data: each row has its source and the day on which it was so. Never an `if` in code.

`compacts.csv` (members of PSYPACT, the Counseling Compact and the Social Work Compact) is kept here
for the practice authorities that come later; nothing reads it yet. Someone qualified must confirm
every row before real use.
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
