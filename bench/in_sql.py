"""A search with all its counts as PostgreSQL alone would answer it, as well as it can.

The listings go into a flat table: facet values as small numbers under a GIN index, what is sorted
by under B-trees. A search is one statement per group of counts over the rows that match, which
are found once. It reads what listings say (`facets`, `states`, `openings`) and of what the index
reads only the hours that are open, bit by bit, so that it can also prove the index right.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from directory.listings.packed_columns import HOURS
from directory.search.columns import NAME_BYTES
from directory.search.day_times import WEEKDAYS
from directory.search.query import DAY_STEPS, FEE_STEPS, GROUPS, WHEN, SearchQuery

Connection = psycopg.Connection[Any]
Counts = dict[str, dict[str, int]]
COUNTED = (*GROUPS, "within_days", "max_fee")

_BUILD = """
    CREATE TABLE flat AS
    SELECT number, min_fee_cents AS fee, due_at, make_interval(mins => notice_minutes) AS notice,
           substring(convert_to(sort_name, 'UTF8') FOR {bytes}) AS name,
           (SELECT array_agg(word.id)
            FROM (SELECT key AS name, jsonb_array_elements_text(value) AS word
                  FROM jsonb_each(facets)
                  UNION ALL SELECT 'state', jsonb_object_keys(states)) AS said
            JOIN word ON (word.name, word.key) = (said.name, said.word)) AS words,
           (SELECT array_agg((one->>'starts_at')::timestamptz)
            FROM jsonb_array_elements(openings) AS one) AS starts,
           (SELECT array_agg(to_timestamp((24 * day + hour) * 3600.0))
            FROM (SELECT get_byte(hours, 0) * 256 + get_byte(hours, 1) AS day) AS first,
                 generate_series(0, {hours} - 1) AS hour
            WHERE get_bit(hours, 16 + hour) = 1) AS hours,
           next_opening AS opens
    FROM (SELECT number, min_fee_cents, due_at, notice_minutes, sort_name, facets, states, openings,
                 next_opening, nullif(hours, '') AS hours
          FROM listing WHERE published_at IS NOT NULL) AS listed
"""
_INDEXES = """
    CREATE INDEX flat_words ON flat USING gin (words);
    CREATE INDEX flat_opens ON flat (opens, number);
    CREATE INDEX flat_fee ON flat (fee, number);
    CREATE INDEX flat_name ON flat (name, number);
"""
_PART = """CASE WHEN extract(hour FROM local) < 12 THEN 'morning'
           WHEN extract(hour FROM local) < 17 THEN 'afternoon' ELSE 'evening' END"""


class InSql:
    """Searches over one connection; its tables are made anew."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        words = [(group, key) for group in GROUPS if group not in WHEN for key in GROUPS[group]]
        self._ids = {word: number for number, word in enumerate(words)}
        self._words = dict(enumerate(words))
        connection.execute("DROP TABLE IF EXISTS word, flat")
        connection.execute("CREATE TABLE word (id smallint, name text, key text)")
        connection.cursor().executemany(
            "INSERT INTO word VALUES (%s, %s, %s)",
            [(number, *word) for word, number in self._ids.items()],
        )
        connection.execute("CREATE INDEX word_name ON word (name, key)")
        sizes = {"bytes": sql.Literal(NAME_BYTES), "hours": sql.Literal(HOURS)}
        connection.execute(sql.SQL(_BUILD).format(**sizes))
        connection.execute(_INDEXES)
        connection.execute("ANALYZE flat")

    def answer(self, query: SearchQuery, now: datetime) -> tuple[int, Counts, list[int]]:
        """Total, counts as in the API's `facets`, and the numbers of the first page."""
        conditions = dict(self._conditions(query, now))
        every = [*conditions.values()]
        total, counts = self._counts(query, now, every, COUNTED)
        for group in COUNTED:
            name = "when" if group in WHEN else group
            if name in conditions:
                others = [condition for key, condition in conditions.items() if key != name]
                counts |= self._counts(query, now, others, [group])[1]
        first = sql.SQL("SELECT number FROM flat WHERE {} ORDER BY {}, number LIMIT {}").format(
            _all(every, now), self._order(query, now), query.limit
        )
        return total, counts, [row[0] for row in self._connection.execute(first)]

    def _order(self, query: SearchQuery, now: datetime) -> sql.Composable:
        if query.sort == "soonest":
            return _opens(now)
        return sql.Identifier(query.sort)

    def _conditions(self, query: SearchQuery, now: datetime) -> Iterator[tuple[str, sql.Composed]]:
        for group, keys in query.choices.items():
            if group not in WHEN:
                ids = [self._ids[group, key] for key in keys]
                yield group, sql.SQL("words && {}::smallint[]").format(ids)
        if any(group in query.choices for group in WHEN):
            yield "when", _when(query, now)
        if query.within_days is not None:
            yield "within_days", _within(query.within_days, now)
        if query.max_fee is not None:
            yield "max_fee", sql.SQL("fee <= {}").format(query.max_fee * 100)

    def _counts(
        self,
        query: SearchQuery,
        now: datetime,
        conditions: list[sql.Composed],
        groups: Sequence[str],
    ) -> tuple[int, Counts]:
        """How many rows these conditions leave, and the counts of these groups among them."""
        steps = [
            *((f"within_days {days}", _within(days, now)) for days in DAY_STEPS),
            *((f"max_fee {fee}", sql.SQL("fee <= {}").format(fee * 100)) for fee in FEE_STEPS),
        ]
        parts: list[sql.Composable] = [sql.SQL("SELECT '', '', count(*) FROM found")]
        parts += [
            sql.SQL("SELECT {}, {}, count(*) FILTER (WHERE {}) FROM found").format(
                *name.split(), condition
            )
            for name, condition in steps
            if name.split()[0] in groups
        ]
        if ids := [number for number, word in self._words.items() if word[0] in groups]:
            parts.append(
                sql.SQL(
                    "SELECT word.name, word.key, count(*) FROM found, unnest(words) AS one (id)"
                    " JOIN word USING (id) WHERE id = ANY({}::smallint[]) GROUP BY 1, 2"
                ).format(ids)
            )
        parts += [_count_when(query, now, group) for group in WHEN if group in groups]
        statement = sql.SQL("WITH found AS MATERIALIZED (SELECT * FROM flat WHERE {}) {}").format(
            _all(conditions, now), sql.SQL(" UNION ALL ").join(parts)
        )
        counts: Counts = {group: dict.fromkeys(GROUPS.get(group, ()), 0) for group in groups}
        total = 0
        for name, key, count in self._connection.execute(statement):
            if name:
                counts[name][key] = count
            else:
                total = count
        return total, counts


def _all(conditions: list[sql.Composed], now: datetime) -> sql.Composed:
    return sql.SQL(" AND ").join([sql.SQL("due_at > {}").format(now), *conditions])


def _opens(now: datetime) -> sql.Composed:
    """The first start that can be booked now, by the same minutes as the index."""
    text = "CASE WHEN opens > {0} + notice THEN opens ELSE (SELECT min(one) FROM unnest(starts)"
    return sql.SQL(text + " AS one WHERE one > {0} + notice) END").format(now)


def _within(days: int, now: datetime) -> sql.Composed:
    last = now.replace(second=0, microsecond=0) + timedelta(days=days)
    return sql.SQL("{} <= {}").format(_opens(now), last)


def _local(query: SearchQuery, now: datetime) -> sql.Composed:
    text = "(SELECT one AT TIME ZONE {} AS local FROM unnest(hours) AS one"
    return sql.SQL(text + " WHERE one >= date_trunc('hour', {}, 'UTC')) AS at").format(
        query.zone, _opens(now)
    )


def _when(query: SearchQuery, now: datetime) -> sql.Composed:
    """An opening on a chosen day at a chosen time."""
    return sql.SQL("EXISTS (SELECT FROM {} WHERE {})").format(
        _local(query, now), _chosen(query, but="")
    )


def _chosen(query: SearchQuery, but: str) -> sql.Composed:
    days = [list(WEEKDAYS).index(key) + 1 for key in query.choices.get("weekday", ())]
    times = list(query.choices.get("time", ()))
    tests = [sql.SQL("true").format()]
    if days and but != "weekday":
        tests.append(sql.SQL("extract(isodow FROM local) = ANY({})").format(days))
    if times and but != "time":
        tests.append(sql.SQL(_PART + " = ANY({})").format(times))
    return sql.SQL(" AND ").join(tests)


def _count_when(query: SearchQuery, now: datetime, group: str) -> sql.Composed:
    if group == "weekday":
        names = [sql.Literal(key) for key in WEEKDAYS]
        key = sql.SQL("(ARRAY[{}])[extract(isodow FROM local)::int]").format(
            sql.SQL(", ").join(names)
        )
    else:
        key = sql.SQL(_PART).format()
    return sql.SQL(
        "SELECT {}, {}, count(DISTINCT number) FROM found, LATERAL {} WHERE {} GROUP BY 2"
    ).format(group, key, _local(query, now), _chosen(query, group))
