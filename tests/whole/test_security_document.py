"""docs/security.md names only what there is, and leaves no requirement out."""

import re
from collections.abc import Iterator

from tests.whole.servers import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text()
# How many requirements of levels 1 and 2 each section of ASVS 5.0 has, by their last numbers.
ASVS = {
    "1.1": 2,
    "1.2": 9,
    "1.3": 11,
    "1.4": 3,
    "1.5": 2,
    "2.1": 3,
    "2.2": 3,
    "2.3": 4,
    "2.4": 1,
    "3.2": 2,
    "3.3": 4,
    "3.4": 6,
    "3.5": 5,
    "3.7": 2,
    "4.1": 3,
    "4.2": 1,
    "4.3": 2,
    "4.4": 4,
    "5.1": 1,
    "5.2": 3,
    "5.3": 2,
    "5.4": 3,
    "6.1": 3,
    "6.2": 12,
    "6.3": 4,
    "6.4": 4,
    "6.5": 5,
    "6.6": 3,
    "6.8": 4,
    "7.1": 3,
    "7.2": 4,
    "7.3": 2,
    "7.4": 5,
    "7.5": 2,
    "7.6": 2,
    "8.1": 2,
    "8.2": 3,
    "8.3": 1,
    "8.4": 1,
    "9.1": 3,
    "9.2": 4,
    "10.1": 2,
    "10.2": 2,
    "10.3": 4,
    "10.4": 11,
    "10.5": 5,
    "10.6": 2,
    "10.7": 3,
    "11.1": 2,
    "11.2": 3,
    "11.3": 3,
    "11.4": 4,
    "11.5": 1,
    "11.6": 1,
    "12.1": 3,
    "12.2": 2,
    "12.3": 4,
    "13.1": 1,
    "13.2": 5,
    "13.3": 2,
    "13.4": 5,
    "14.1": 2,
    "14.2": 4,
    "14.3": 3,
    "15.1": 3,
    "15.2": 3,
    "15.3": 7,
    "16.1": 1,
    "16.2": 5,
    "16.3": 4,
    "16.4": 3,
    "16.5": 3,
    "17.1": 1,
    "17.2": 4,
    "17.3": 2,
}


def requirements(text: str) -> Iterator[str]:
    """Each number in the first column of a table or in the brackets of a list; `1.2.6–8` is
    three."""
    for cells in re.findall(r"^\| (\d+\.\d+\.\d+.*?) \||^- V\d+ .*?\((.*?)\)", text, re.M):
        for one in "".join(cells).split(", "):
            section, _, numbers = one.rpartition(".")
            first, _, last = numbers.partition("–")
            yield from (f"{section}.{n}" for n in range(int(first), int(last or first) + 1))


def test_no_requirement_is_missing_or_there_twice() -> None:
    asked = [f"{section}.{n}" for section, last in ASVS.items() for n in range(1, last + 1)]
    assert sorted(requirements(TEXT)) == sorted(asked)


def test_every_file_and_test_named_is_there() -> None:
    named = set(re.findall(r"`([^`\s]+)`", TEXT))
    files = {one for one in named if re.search(r"^[a-z]+/.*(\.py|/)$", one)}
    assert [one for one in sorted(files) if not (ROOT / one).exists()] == []
    there = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        there.update(re.findall(r"^def (test_\w+)", path.read_text(), re.M))
    assert sorted({one for one in named if one.startswith("test_")} - there) == []


def test_what_is_met_is_shown() -> None:
    for row in re.findall(r"^\| \d.*\|$", TEXT, re.M):
        number, _, state, _, shown = (cell.strip() for cell in row.strip("|").split("|"))
        assert state in {"yes", "part", "no", "op", "—"}, number
        assert shown or state != "yes", number


def test_pages_linked_are_there() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)", TEXT):
        assert (ROOT / "docs" / target).exists(), target
