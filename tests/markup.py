"""What a page says, what its forms hold, and whether each control can be named."""

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

from httpx2 import Response

_CONTROLS = {"input", "select", "textarea"}


@dataclass
class Markup(HTMLParser):
    """`values`: by field name, what a browser would send. `unnamed`: controls without a label
    around them or for them."""

    values: dict[str, list[str]] = field(default_factory=dict)
    disabled: set[tuple[str, str]] = field(default_factory=set)
    ids: list[str] = field(default_factory=list)
    hrefs: list[str] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    fieldsets: int = 0
    legends: int = 0
    _label_depth: int = 0
    _controls: list[dict[str, str]] = field(default_factory=list)
    _select: str = ""
    _textarea: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if "id" in facts:
            self.ids.append(facts["id"])
        if tag == "a" and "href" in facts:
            self.hrefs.append(facts["href"])
        if tag == "label":
            self.labels.add(facts.get("for", ""))
            self._label_depth += 1
        self.fieldsets += tag == "fieldset"
        self.legends += tag == "legend"
        if tag in _CONTROLS and facts.get("type") != "hidden" and not self._label_depth:
            self._controls.append(facts)
        if tag == "input":
            self._input(facts)
        elif tag == "select":
            self._select = facts["name"]
        elif tag == "option" and "selected" in facts:
            self.values.setdefault(self._select, []).append(facts["value"])
        elif tag == "textarea":
            self._textarea = facts["name"]
            self.values.setdefault(self._textarea, [""])

    def _input(self, facts: dict[str, str]) -> None:
        name, value = facts.get("name", ""), facts.get("value", "")
        if "disabled" in facts:
            self.disabled.add((name, value))
        elif facts.get("type") not in ("radio", "checkbox") or "checked" in facts:
            self.values.setdefault(name, []).append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = ""
        self._label_depth -= tag == "label"

    def handle_data(self, data: str) -> None:
        if self._textarea:
            before = self.values[self._textarea][0]
            self.values[self._textarea][0] = (before + data).removeprefix("\n")

    @property
    def unnamed(self) -> list[dict[str, str]]:
        return [one for one in self._controls if one.get("id") not in self.labels]


def markup(html: str) -> Markup:
    """A page, read. Every control has a label, every fieldset a legend, every id is once there,
    and what the error summary links to exists."""
    found = Markup()
    found.feed(html)
    assert not found.unnamed, found.unnamed
    assert found.fieldsets == found.legends
    assert len(found.ids) == len(set(found.ids)), "an id is there twice"
    targets = {one[1:] for one in found.hrefs if one.startswith("#")}
    assert targets <= set(found.ids), targets - set(found.ids)
    return found


def said(html: str) -> str:
    """The words of a page, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def page(answer: Response, status: int = 200) -> str:
    """The words of a page whose markup is sound."""
    assert answer.status_code == status, answer.text
    markup(answer.text)
    return said(answer.text)
