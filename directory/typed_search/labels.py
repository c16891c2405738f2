"""Choices of a search in words: Psychiatrist in Washington; CBT for anxiety; Spanish in Texas."""

from collections.abc import Iterable, Mapping
from typing import Final

from core.web.formats import listed
from directory.addresses import KIND_SLUGS, WHO, Place, spoken
from directory.search.query import GROUPS
from directory.taxonomy import MODALITIES, PROFESSIONS

Choices = Mapping[str, tuple[str, ...]]

_WHOLE: Final = {frozenset(WHO[slug]): Place(slug).title(1) for slug in KIND_SLUGS.values()}
_NAMED: Final = 3
"""Values of one group that are named one by one."""
_HEADS: Final = ("profession", "modality", "kind")
"""What a line rather begins with; else it is the first of the joined."""
_JOINTS: Final = {
    "condition": "for ",
    "ages": "for ",
    "modality": "offering ",
    "kind": "for ",
    "language": "speaking ",
    "insurance": "taking ",
    "accepts_new": "with ",
    "state": "in ",
    "weekday": "on ",
    "time": "",
}
"""In the order of a sentence: what joins a group to what stands before it."""
_OWN: Final[Mapping[str, Mapping[str, str]]] = {
    "accepts_new": {"yes": "room for new patients"},
    "time": {
        "morning": "before noon",
        "afternoon": "from noon to 5 pm",
        "evening": "after 5 pm",
    },
}
_IN_A_SENTENCE: Final = {"condition", "ages", "kind"}


def label_of(choices: Choices) -> str:
    """One line that begins with a capital; empty for no choices."""
    order = [group for group in (*_HEADS, *_JOINTS) if group in choices]
    head = order[0] if order else ""
    joined = [group for group in _JOINTS if group in choices and group != head]
    parts = [_said(head, choices[head])] if head else []
    parts += [_JOINTS[group] + _said(group, choices[group]) for group in joined]
    line = " ".join(parts)
    return line[:1].upper() + line[1:]


def _said(group: str, keys: tuple[str, ...]) -> str:
    whole = _WHOLE.get(frozenset(keys)) if group == "profession" else None
    return whole or _few(_value(group, key) for key in keys)


def _few(titles: Iterable[str]) -> str:
    named = list(titles)
    return listed(named, "or") if len(named) <= _NAMED else f"{named[0]} or {len(named) - 1} more"


def _value(group: str, key: str) -> str:
    if group in _OWN:
        return _OWN[group][key]
    if group == "profession":
        return PROFESSIONS[key].title
    if group == "modality":
        return spoken(MODALITIES[key].short_title)
    return spoken(GROUPS[group][key]) if group in _IN_A_SENTENCE else GROUPS[group][key]
