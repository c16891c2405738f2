"""What people read keeps to the words of `docs/terms.md`."""

import ast
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TERMS = ROOT / "docs" / "terms.md"
ALONE = " (alone)"
SPOKEN = re.compile(
    r"""(?:aria-label|alt|title|placeholder|data-confirm(?:-yes|-no)?)="([^"]*)\""""
)
QUOTED = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""")
# Sentences for whoever runs the service, or for programs; not for those who use it.
NOT_PAGES = ("core/check/", "core/settings.py", "core/start_up.py", "core/starting.py")
PACKAGES = ("accounts", "booking", "core", "directory")


def forbidden() -> list[tuple[str, str]]:
    """(a word that is not to be used, the one to use)."""
    rows = [line.split("|")[1:-1] for line in TERMS.read_text().splitlines() if line[:1] == "|"]
    return [(one.strip(), word.strip()) for word, _, _, bad in rows[2:] for one in bad.split(",")]


def is_used(bad: str, text: str) -> bool:
    if bad.endswith(ALONE):
        return text.strip().lower() == bad.removesuffix(ALONE).lower()
    return re.search(rf"\b{re.escape(bad)}s?\b", text, re.IGNORECASE) is not None


def texts_of_template(source: str) -> Iterator[str]:
    """Words between tags, spoken attributes, and what is quoted in Jinja's own tags."""
    source = re.sub(r"{#.*?#}", " ", source, flags=re.DOTALL)
    for tag in re.findall(r"{[{%](.*?)[%}]}", source, flags=re.DOTALL):
        for one, other in QUOTED.findall(tag):
            yield from _if_words(one or other)
    plain = re.sub(r"{[{%].*?[%}]}", "\x00", source, flags=re.DOTALL)
    plain = re.sub(r"<(style|script).*?</\1>", " ", plain, flags=re.DOTALL)
    yield from SPOKEN.findall(plain)
    for part in re.split(r"<[^>]*>|\x00", plain):
        if part.strip():
            yield " ".join(unescape(part).split())


def texts_of_python(source: str) -> Iterator[str]:
    """Constants that are words for people; not docstrings, SQL or names."""
    tree = ast.parse(source)
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and node.body
        if isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            told.add(id(node.value))  # a text beneath a constant explains it
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield from _if_words(node.value)


def texts_of_script(source: str) -> Iterator[str]:
    source = re.sub(r"/\*.*?\*/|^\s*//.*?$", " ", source, flags=re.DOTALL | re.MULTILINE)
    for one, other in QUOTED.findall(source):
        yield from _if_words(one or other)
    for one in re.findall(r"`([^`]*)`", source):
        yield from _if_words(one)


def _if_words(text: str) -> Iterator[str]:
    """A sentence, or a label: something with a space or a capital, and no SQL."""
    if re.search(r"\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|CREATE|ALTER)\b", text):
        return
    if " " in text.strip() or re.fullmatch(r"[A-Z][a-z]+", text):
        yield text


def _all_texts() -> Iterator[tuple[str, str]]:
    """(file, text) of all that people may read."""
    for path in sorted((ROOT / "templates").rglob("*")):
        is_own = "golden" not in path.parts and path.name != "styleguide.html"
        if path.suffix in (".html", ".txt") and is_own:
            for text in texts_of_template(path.read_text()):
                yield str(path.relative_to(ROOT)), text
    for path in sorted((ROOT / "static" / "js").glob("*.js")):
        for text in texts_of_script(path.read_text()):
            yield str(path.relative_to(ROOT)), text
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if not name.startswith(NOT_PAGES):
                for text in texts_of_python(path.read_text()):
                    yield name, text


def test_no_page_letter_or_message_uses_a_word_that_has_a_better_one() -> None:
    found = [
        f"{name}: “{text[:90]}” – {bad}: say “{word}”"
        for name, text in _all_texts()
        for bad, word in forbidden()
        if is_used(bad, text)
    ]
    assert not found, "\n".join(found)


def test_letters_as_they_go_out_keep_to_the_words() -> None:
    for path in sorted((ROOT / "templates" / "mail" / "golden").glob("*.txt")):
        text = re.sub(r"https?://\S+", "", path.read_text())
        used = [bad for bad, _ in forbidden() if is_used(bad, text)]
        assert not used, f"{path.name}: {used}"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<button>Let it go</button>", True),
        ("<button>Release this time</button>", False),
        ("{{ button('Choose nobody') }}", True),
        ("{# let it go #}", False),  # nobody reads a comment
        ("<a href='/account/factors'>Second step</a>", False),  # nor an address
        ('<a title="Log in">x</a>', True),
        ("<button>Another</button>", True),
        ("<a>Another kind of session</a>", False),
    ],
)
def test_the_reader_of_templates_sees_what_people_see(source: str, found: bool) -> None:
    words = forbidden()
    assert found == any(
        is_used(bad, text) for text in texts_of_template(source) for bad, _ in words
    )


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('x = "Your second factor"', True),
        ('x = f"{name} runs out soon"', True),
        ('def f():\n    """It runs out soon."""', False),
        ('x = "factor"', False),  # a key
        ('x = "SELECT factor FROM a"', False),
    ],
)
def test_the_reader_of_python_sees_what_people_see(source: str, found: bool) -> None:
    words = forbidden()
    assert found == any(is_used(bad, text) for text in texts_of_python(source) for bad, _ in words)
