"""The same search asked of tantivy, a search engine library in Rust, with its facet counts.

Every group is a raw text field under a term dictionary and a fast column, fee and first opening
are fast numbers. Counts are terms aggregations: one over what matches, one more for each chosen
group with its own choice set aside. Weekdays and times are left out: they would need a field per
time zone.
"""

import shutil
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import tantivy

from directory.search.query import DAY_STEPS, FEE_STEPS, GROUPS, WHEN, SearchQuery

COUNTED = [group for group in GROUPS if group not in WHEN]
NEVER = 1 << 40


class InTantivy:
    """An index on disk, made of the listings of a database, in one segment if it will."""

    def __init__(self, connection: psycopg.Connection[Any], folder: Path) -> None:
        builder = tantivy.SchemaBuilder()
        for group in COUNTED:
            builder.add_text_field(
                group, stored=False, tokenizer_name="raw", index_option="basic", fast=True
            )
        for name in ("number", "fee", "opens"):
            builder.add_unsigned_field(name, stored=name == "number", indexed=True, fast=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self._index = tantivy.Index(builder.build(), path=str(folder))
        writer = self._index.writer(500_000_000, 1)
        with connection.transaction(), connection.cursor(name="everything") as cursor:
            cursor.itersize = 20_000
            for row in cursor.execute(
                "SELECT number, min_fee_cents, extract(epoch FROM next_opening)::bigint / 60,"
                " facets, ARRAY(SELECT jsonb_object_keys(states)) FROM listing"
                " WHERE published_at IS NOT NULL"
            ):
                writer.add_document(_document(*row))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()
        self._schema = self._index.schema

    def answer(self, query: SearchQuery, now: datetime) -> tuple[int, dict[str, Any], list[int]]:
        """Total, counts by group, and the numbers of the first page by its order."""
        minute = int(now.timestamp()) // 60
        conditions = dict(self._conditions(query, minute))
        every = self._all([*conditions.values()])
        column = "fee" if query.sort == "fee" else "opens"
        hits = self._searcher.search(
            every, query.limit, order_by_field=column, order=tantivy.Order.Asc
        )
        counts = self._searcher.aggregate(every, _aggregations([*COUNTED, *_RANGES], minute))
        for group in conditions:
            others = self._all([one for name, one in conditions.items() if name != group])
            counts |= self._searcher.aggregate(others, _aggregations([group], minute))
        numbers = [self._searcher.doc(address)["number"][0] for _, address in hits.hits]
        return hits.count or 0, counts, numbers

    def _conditions(self, query: SearchQuery, minute: int) -> Any:
        for group, keys in query.choices.items():
            if group in COUNTED:
                yield group, tantivy.Query.term_set_query(self._schema, group, list(keys))
        if query.within_days is not None:
            last = minute + query.within_days * 1440
            yield "opens", self._range("opens", last)
        if query.max_fee is not None:
            yield "fee", self._range("fee", query.max_fee * 100)

    def _range(self, field: str, last: int) -> tantivy.Query:
        kind = tantivy.FieldType.Unsigned
        return tantivy.Query.range_query(self._schema, field, kind, 0, last)

    def _all(self, conditions: list[tantivy.Query]) -> tantivy.Query:
        if not conditions:
            return tantivy.Query.all_query()
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, one) for one in conditions])


_RANGES = ("opens", "fee")


def _aggregations(groups: list[str], minute: int) -> dict[str, Any]:
    """Counts by key; for fee and first opening between one step and the next."""
    steps = {
        "opens": [0, *(minute + days * 1440 + 1 for days in DAY_STEPS)],
        "fee": [0, *(fee * 100 + 1 for fee in FEE_STEPS)],
    }
    return {
        group: (
            {"range": {"field": group, "ranges": _between(steps[group])}}
            if group in steps
            else {"terms": {"field": group, "size": 100}}
        )
        for group in groups
    }


def _between(steps: list[int]) -> list[dict[str, int]]:
    return [{"from": step, "to": following} for step, following in pairwise(steps)]


def _document(
    number: int, fee: int, opens: int | None, facets: dict[str, list[str]], states: list[str]
) -> tantivy.Document:
    document = tantivy.Document()
    document.add_unsigned("number", number)
    document.add_unsigned("fee", fee)
    document.add_unsigned("opens", NEVER if opens is None else opens)
    for group, keys in {**facets, "state": states}.items():
        for key in keys:
            document.add_text(group, key)
    return document
