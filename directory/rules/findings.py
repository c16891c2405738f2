"""What an admin usually sees at a primary source, ready to be picked and changed."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Finding:
    """`is_good`: what is usually verified; else what is usually rejected. `seen` and `reason` are
    what it writes of it; the provider reads the reason. `kinds`: of credentials; empty for all."""

    key: str
    label: str
    is_good: bool
    seen: str
    reason: str = ""
    kinds: frozenset[str] = frozenset()


_LICENCES: Final = frozenset({"state_license", "board_certification", "dea"})

FINDINGS: Final = (
    Finding(
        "active",
        "Active, name agrees, no actions",
        True,
        "Active. The name agrees. No action is on record.",
    ),
    Finding(
        "closed_action",
        "Active, an earlier action is closed",
        True,
        "Active. The name agrees. An earlier action is on record, and closed.",
        kinds=_LICENCES,
    ),
    Finding(
        "other_name",
        "Active, but another name",
        False,
        "Active, but in another name.",
        "At the source it is in another name. Send it again with the name that is printed on it.",
    ),
    Finding(
        "not_active",
        "Expired or not active",
        False,
        "On record, but not active.",
        "At the source it is not active. Renew it, and send it again.",
    ),
    Finding(
        "restricted",
        "Restricted, or an action is open",
        False,
        "On record, with a restriction or an open action.",
        "At the source there is a restriction or an open action. Write to us if that is wrong.",
        kinds=_LICENCES,
    ),
    Finding(
        "not_found",
        "Not found under this number",
        False,
        "No record under this number.",
        "We did not find this number at the source. Look at it again, and send it anew.",
    ),
)


def findings_for(kind: str) -> list[Finding]:
    """Those that a credential of this kind can have."""
    return [one for one in FINDINGS if not one.kinds or kind in one.kinds]


def find_finding(key: str) -> Finding | None:
    return next((one for one in FINDINGS if one.key == key), None)
