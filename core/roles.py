"""Two roles of the database: the owner, who migrates, and the application, which may change rows
and nothing else: no table, no trigger, no privilege, and no row of what is append-only.

`grant` runs after migrating, at every start, and writes only what differs.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

APPLICATION: Final = "openchair_app"
"""The application's role on the embedded server; anywhere else the operator names it."""

_GRANTING: Final = 7_036_002  # held while granting; any number nobody else uses


class WrongRoles(Exception):
    """The two addresses do not belong together; the message is for the person at the terminal."""


@dataclass(frozen=True)
class Standing:
    """What the user of an address may do. `excess`: privileges it should not have, in words."""

    user: str
    is_owner: bool
    may_migrate: bool
    excess: tuple[str, ...]


_STANDING: Final = """
    SELECT current_user,
        rolsuper OR EXISTS (
            SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace
            AND relkind IN ('r', 'p') AND pg_has_role(relowner, 'USAGE')),
        rolsuper OR has_schema_privilege('public', 'CREATE'),
        has_schema_privilege('public', 'CREATE'),
        has_parameter_privilege('session_replication_role', 'SET')
    FROM pg_roles WHERE rolname = current_user
"""

# What is append-only has the trigger that refuses all else; the privileges follow it.
_TABLES: Final = """
    SELECT relname, wanted, ARRAY(SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE',
            'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p WHERE has_table_privilege(%(role)s, oid, p))
    FROM (
        SELECT oid, relname, CASE
            WHEN relname = 'alembic_version' THEN ARRAY['SELECT']
            WHEN EXISTS (
                SELECT FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
                WHERE tgrelid = pg_class.oid AND proname = 'refuse_change')
            THEN ARRAY['SELECT', 'INSERT']
            ELSE ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'] END AS wanted
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
    ) AS ours ORDER BY relname
"""
_SEQUENCES: Final = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
        AND NOT (has_sequence_privilege(%(role)s, oid, 'USAGE')
            AND has_sequence_privilege(%(role)s, oid, 'SELECT')
            AND has_sequence_privilege(%(role)s, oid, 'UPDATE'))
"""
_FUNCTIONS: Final = """
    SELECT oid::regprocedure::text FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND prokind <> 'a'
        AND pg_has_role(proowner, 'USAGE') AND NOT has_function_privilege(%(role)s, oid, 'EXECUTE')
"""
_SCHEMA: Final = """
    SELECT has_schema_privilege(%(role)s, 'public', 'USAGE'),
        has_schema_privilege(%(role)s, 'public', 'CREATE')
"""
_IS_ONE: Final = """
    SELECT rolsuper OR pg_has_role(rolname, current_user, 'MEMBER') FROM pg_roles
    WHERE rolname = %(role)s
"""
_PLACE: Final = """
    SELECT current_database(), (SELECT system_identifier FROM pg_control_system())
"""


def standing(url: str) -> Standing:
    """Of the user in `url`. Raises psycopg.Error."""
    with psycopg.connect(_libpq(url)) as connection:
        user, is_owner, may_migrate, creates, replays = _row(connection, _STANDING)
        excess = [f"{name}: {rights}" for name, rights in _excess(connection, user)]
    if creates:
        excess.append("CREATE on the schema public")
    if replays:
        excess.append("SET on session_replication_role")
    return Standing(user, is_owner, may_migrate, tuple(excess))


def missing(url: str) -> list[str]:
    """Tables on which the user in `url` lacks something. Raises psycopg.Error."""
    with psycopg.connect(_libpq(url)) as connection:
        user = _row(connection, "SELECT current_user")[0]
        rows = connection.execute(_TABLES, {"role": user}).fetchall()
    return [name for name, wanted, has in rows if not set(wanted) <= set(has)]


def _excess(connection: psycopg.Connection[Any], role: str) -> list[tuple[str, str]]:
    rows = connection.execute(_TABLES, {"role": role}).fetchall()
    more = [(name, sorted(set(has) - set(wanted))) for name, wanted, has in rows]
    return [(name, ", ".join(rights)) for name, rights in more if rights]


def grant(owner_url: str, application_url: str) -> None:
    """Give the user of `application_url` what the application needs and take what it must not
    have. Raises WrongRoles where the two are one, or of two databases, and psycopg.Error."""
    with psycopg.connect(_libpq(application_url)) as connection:
        place, role = _row(connection, _PLACE), _row(connection, "SELECT current_user")[0]
    with psycopg.connect(_libpq(owner_url)) as connection:
        if _row(connection, _PLACE) != place:
            message = "DATABASE_OWNER_URL and DATABASE_URL are not the same database."
            raise WrongRoles(message)
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_GRANTING])
        _check_apart(connection, role)
        try:
            for statement in _differences(connection, role):
                connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege as error:
            message = f"DATABASE_OWNER_URL's user owns not all of the tables: {error}".strip()
            raise WrongRoles(message) from error


def _check_apart(connection: psycopg.Connection[Any], role: str) -> None:
    """A member of the owner's role is the owner, and so is a superuser."""
    is_one = connection.execute(_IS_ONE, {"role": role}).fetchall()[0][0]
    if is_one:
        raise WrongRoles(
            f"DATABASE_URL's user, {role}, is the owner's too, or a superuser. "
            "Set DATABASE_URL to a user that is neither (docs/operations.md, Two roles)."
        )


def _differences(connection: psycopg.Connection[Any], role: str) -> list[sql.Composed]:
    """Statements; none where all is as it should be."""
    values = {"role": role}
    to, found = sql.Identifier(role), []
    uses, creates = connection.execute(_SCHEMA, values).fetchall()[0]
    if not uses:
        found.append(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(to))
    if creates:
        found.append(sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {}").format(to))
    for name, wanted, has in connection.execute(_TABLES, values).fetchall():
        table = sql.Identifier(name)
        if set(has) - set(wanted):
            found.append(sql.SQL("REVOKE ALL ON {} FROM PUBLIC, {}").format(table, to))
        if set(has) != set(wanted):
            rights = sql.SQL(", ").join(map(sql.SQL, wanted))
            found.append(sql.SQL("GRANT {} ON {} TO {}").format(rights, table, to))
    for (name,) in connection.execute(_SEQUENCES, values).fetchall():
        statement = sql.SQL("GRANT USAGE, SELECT, UPDATE ON SEQUENCE {} TO {}")
        found.append(statement.format(sql.Identifier(name), to))
    for (signature,) in connection.execute(_FUNCTIONS, values).fetchall():
        statement = sql.SQL("GRANT EXECUTE ON ROUTINE {} TO {}")
        found.append(statement.format(sql.SQL(signature), to))
    return found


def make_application(owner_url: str) -> str:
    """The address of `owner_url` as the application's role, made where it is missing, with the
    same password: for the embedded server, whose owner is its superuser and needs none."""
    password = conninfo_to_dict(_libpq(owner_url)).get("password") or None
    made = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
        sql.Identifier(APPLICATION), sql.Literal(password)
    )
    with psycopg.connect(_libpq(owner_url), autocommit=True) as connection:
        known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [APPLICATION])
        if known.fetchone() is None:
            # Another process may do it at the same moment.
            with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
                connection.execute(made)
    return as_user(owner_url, APPLICATION)


def as_user(url: str, user: str) -> str:
    """The same address for another user, with the same password."""
    parts = conninfo_to_dict(_libpq(url))
    who = f"{quote(user)}:{quote(str(parts.get('password') or ''), safe='')}"
    host, name = str(parts.get("host") or ""), quote(str(parts.get("dbname", "")), safe="")
    if host.startswith("/"):
        return f"postgresql://{who}@/{name}?host={host}"
    return f"postgresql://{who}@{host}:{parts.get('port') or 5432}/{name}"


def _libpq(url: str) -> str:
    return url.replace("+psycopg", "", 1)


def _row(connection: psycopg.Connection[Any], query: str) -> Any:
    return connection.execute(query.encode()).fetchall()[0]
