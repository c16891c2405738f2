"""What a look found, and what to do about it."""

from dataclasses import dataclass
from typing import Final

GOOD, NOTE, WARNING, WRONG = "good", "note", "warning", "wrong"

_HEADINGS: Final = {
    WRONG: "To mend",
    WARNING: "Worth a thought",
    NOTE: "To remember",
    GOOD: "In order",
}


@dataclass(frozen=True)
class Finding:
    """`state`: GOOD, NOTE, WARNING or WRONG; `advice` says what to do, and is empty where nothing
    is to be done. Neither ever holds a secret."""

    state: str
    text: str
    advice: str = ""


def good(text: str) -> Finding:
    return Finding(GOOD, text)


def note(text: str, advice: str) -> Finding:
    return Finding(NOTE, text, advice)


def warning(text: str, advice: str) -> Finding:
    return Finding(WARNING, text, advice)


def wrong(text: str, advice: str) -> Finding:
    return Finding(WRONG, text, advice)


def as_lines(findings: list[Finding]) -> list[str]:
    """For a terminal: what must be mended first."""
    lines = []
    for state, heading in _HEADINGS.items():
        found = [one for one in findings if one.state == state]
        if found:
            lines += ["", f"{heading}:"]
        for one in found:
            lines.append(f"  - {one.text}")
            if one.advice:
                lines.append(f"    {one.advice}")
    return lines[1:]


def must_mend(findings: list[Finding]) -> bool:
    return any(one.state == WRONG for one in findings)
