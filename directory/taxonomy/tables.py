"""Reads a csv file beside the code into frozen dataclasses, and refuses a bad row by file and line.

The dataclass is the schema: the header names its fields in order, the first field is the key, and
each cell is read by its field's type. Nothing here knows what the tables mean.
"""

import csv
from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from importlib import resources
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

Entry = TypeVar("Entry")


class BadTable(ValueError):
    """A data file does not fit its dataclass. The message begins with file and line."""


def load_table(package: str, filename: str, entry: type[Entry]) -> dict[str, Entry]:
    """All rows of `filename` in `package`, by key, in the file's order. Raises BadTable."""
    text = resources.files(package).joinpath(filename).read_text(encoding="utf-8")
    return read_table(text.splitlines(), filename, entry)


def read_table(lines: Iterable[str], filename: str, entry: type[Entry]) -> dict[str, Entry]:
    """As `load_table`, from lines already read.

    Cells: `str` may not be empty; `X | None` is None when empty; `bool` is yes or no; `int`;
    `date` is ISO 8601; a `Literal` is one of its words; `tuple[str, ...]` is split at semicolons.
    """
    hints = get_type_hints(entry)
    columns = [field.name for field in fields(entry)]  # type: ignore[arg-type]  # any dataclass
    reader = csv.reader(lines, strict=True)
    if next(reader, None) != columns:
        raise BadTable(f"{filename}:1: the header must be {','.join(columns)}")
    table: dict[str, Entry] = {}
    for cells in reader:
        where = f"{filename}:{reader.line_num}"
        if len(cells) != len(columns):
            raise BadTable(f"{where}: {len(cells)} cells where {len(columns)} are needed")
        values = {
            column: _cell(f"{where}: {column}", cell.strip(), hints[column])
            for column, cell in zip(columns, cells, strict=True)
        }
        key = values[columns[0]]
        if key in table:
            raise BadTable(f"{where}: {key} stands twice")
        table[key] = entry(**values)
    return table


def _cell(where: str, text: str, hint: Any) -> Any:
    if isinstance(hint, UnionType):
        if not text:
            return None
        hint = next(kind for kind in get_args(hint) if kind is not NoneType)
    if get_origin(hint) is tuple:
        return tuple(part.strip() for part in text.split(";") if part.strip())
    if get_origin(hint) is Literal:
        return _one_of(where, text, {word: word for word in get_args(hint)})
    if hint is bool:
        return _one_of(where, text, {"yes": True, "no": False})
    if not text:
        raise BadTable(f"{where} is empty")
    try:
        return date.fromisoformat(text) if hint is date else hint(text)
    except ValueError as error:
        raise BadTable(f"{where}: {error}") from error


def _one_of(where: str, text: str, words: dict[str, Any]) -> Any:
    if text not in words:
        raise BadTable(f"{where} is “{text}”, not one of {', '.join(words)}")
    return words[text]
