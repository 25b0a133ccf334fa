"""PostgreSQL: what of a server, a role and what stands before them would fail a night, or weaken what it promises."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2

from etl.company.queries import Query
from etl.core.origin import described, libpq_options
from etl.doctor.asking import OfPostgres
from etl.doctor.check import Finding, check, counted, failure, ok, warning
from etl.doctor.source import SeenSource, told_of_tls
from etl.download.postgres.errors import lost
from etl.download.postgres.session import Reader, begin_leader, connect, hold
from etl.download.postgres.watch import within
from etl.download.ranges import scale_of
from etl.download.source import Plan
from etl.receipts.postgres import Postgres

_VERIFIED = ("verify-ca", "verify-full")

_ROLE = """
SELECT rolsuper, rolcreaterole OR rolcreatedb, has_database_privilege(current_database(), 'CREATE')
FROM pg_roles WHERE rolname = current_user
"""
_WRITABLE = """
SELECT count(*), min(format('%I.%I', nspname, relname)), count(*) FILTER (WHERE pg_has_role(relowner, 'USAGE'))
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 'p') AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
  AND has_schema_privilege(relnamespace, 'USAGE')
  AND has_table_privilege(pg_class.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
"""
_STANDBY = """
SELECT pg_is_in_recovery(), current_setting('hot_standby_feedback'), setting::bigint
FROM pg_settings WHERE name = 'max_standby_streaming_delay'
"""
_LEAST_DELAY = 3_600_000
ROOM_SECONDS = 5
"""How long a connection may wait for its place."""
_TIMEOUTS = """
SELECT name, setting, unit, source FROM pg_settings
WHERE name = 'statement_timeout' AND setting <> '0'
"""
_BELOW = {"date": "1987-06-05", "timestamp": "1987-06-05 04:03:02"}


def _of(seen: SeenSource) -> OfPostgres:
    if not isinstance(seen.asking, OfPostgres):
        raise TypeError(seen.asking)
    return seen.asking


@check(finds="the server's version, time zone and encoding")
def server(seen: SeenSource) -> Iterator[Finding]:
    """Tell them; an encoding that says nothing of its texts is a warning."""
    [(version, zone, encoding)] = seen.asking.ask(
        "SELECT current_setting('server_version'), (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'),"
        " current_setting('server_encoding')"
    )
    yield ok(f"PostgreSQL {version}, time zone {zone} (the night reads in UTC), encoding {encoding}.")
    if encoding == "SQL_ASCII":
        yield warning(
            "The database's encoding is SQL_ASCII, which does not say how its texts are written: those that are not"
            " UTF-8 fail the night.",
            "Say in the query how they are written: convert_from(convert_to(name, 'SQL_ASCII'), 'LATIN1') AS name.",
        )


@check(finds="a connection that others can read or divert")
def tls(seen: SeenSource) -> Iterator[Finding]:
    """Ask libpq what it agreed on with whatever it is connected to."""
    info = _of(seen).connection.info
    protocol = (info.ssl_attribute("protocol") or "TLS") if info.ssl_in_use else ""
    mode = info.dsn_parameters.get("sslmode", "")
    yield told_of_tls(seen, protocol, verified=mode in _VERIFIED, option="sslmode=verify-full&sslrootcert=FILE")


@check(finds="a role that can write")
def role(seen: SeenSource) -> Iterator[Finding]:
    """Ask what the role may do besides reading."""
    [(is_super, may_make, may_create)] = seen.asking.ask(_ROLE)
    [(tables, first, owned)] = seen.asking.ask(_WRITABLE)
    cure = "Make a role that can only read: `python -m etl grants` prints the statements."
    if is_super:
        yield warning("The role is a superuser: whoever gets its password can change and delete everything.", cure)
    elif tables:
        how = f"owns {counted(owned, 'table', 'tables')}, and may write into" if owned else "may write into"
        others = f" and {tables - 1} more" if tables > 1 else ""
        yield warning(f"The role {how} {first}{others}.", cure)
    elif may_make or may_create:
        yield warning("The role may create roles, databases or schemas.", cure)
    else:
        yield ok("The role can only read.")


@check(finds="snapshots that cannot be shared, or too few connections for them")
def snapshot(seen: SeenSource) -> Iterator[Finding]:
    """Export a snapshot, and open as many connections on it as the night does."""
    if not seen.queries:
        return
    options, limits = libpq_options(seen.url), seen.limits
    count = limits.connections
    with ExitStack() as stack:
        try:
            leader = stack.enter_context(closing(connect(options)))
            cursor = stack.enter_context(leader.cursor())
            with within(ROOM_SECONDS, leader):
                begin_leader(cursor, limits)
                held = hold(cursor, count)
            for _ in range(count):
                reader = stack.enter_context(closing(connect(options)))
                with within(ROOM_SECONDS, reader):  # a pooler without room says nothing for minutes
                    Reader(reader, held, limits, seen.queries[0])
        except psycopg2.Error as error:
            fault = lost(error, seen.name, described(seen.url), None)
            yield failure(
                f"The night needs {count + 1} connections at once beside the one that asks, and did not get them:"
                f" {fault.message}",
                f"{fault.hint} Or lower SOURCE_CONNECTIONS (here {count}).",
            )
            return
    if not held.roomy:
        yield warning(
            "The server's table of locks may be too small for the night.", "Raise max_locks_per_transaction there."
        )
    yield ok(f"A snapshot can be exported, and {count} connections see it at once.")


@check(finds="a standby that gives way to its primary in mid-night")
def standby(seen: SeenSource) -> Iterator[Finding]:
    """Ask a standby how long it lets a query hold up what it follows."""
    [(is_standby, feedback, delay)] = seen.asking.ask(_STANDBY)
    if is_standby and feedback == "off" and 0 <= delay < _LEAST_DELAY:
        yield warning(
            f"The server is a standby that cancels queries after {delay / 1000:.0f} s of conflict with its primary"
            " (hot_standby_feedback is off).",
            "Turn hot_standby_feedback on there, or raise max_standby_streaming_delay to more than the night takes.",
        )
    elif is_standby:
        yield ok("The server is a standby, and gives queries the time that they need.")


@check(finds="a pooler between")
def pooler(seen: SeenSource) -> Iterator[Finding]:
    """Compare the process that the connection names with the one that answers: a pooler makes numbers of its own."""
    [(answers,)] = seen.asking.ask("SELECT pg_backend_pid()")
    if _of(seen).connection.info.backend_pid != answers:
        yield ok(
            f"A pooler (PgBouncer or its like) is between; in transaction mode its pool needs room for"
            f" {seen.limits.connections + 1} connections of the night."
        )


@check(finds="statements that are cut short")
def timeouts(seen: SeenSource) -> Iterator[Finding]:
    """Ask for a limit that the role, the database or the server sets; the night lifts all others by itself."""
    for name, setting, unit, source in seen.asking.ask(f"SET LOCAL statement_timeout TO DEFAULT; {_TIMEOUTS}"):
        if not seen.company.settings.source_statement_seconds:
            yield warning(
                f"{name} is {setting} {unit} (set by the {source}): a table that takes longer to read fails the night.",
                f"ALTER ROLE … SET {name} = 0 for the night's role, or split long queries by `-- partition on: …`.",
            )


@check(finds="business dates that the source and this machine count differently")
def zone(seen: SeenSource) -> Iterator[Finding]:
    """Let the server convert two instants of the business time zone, and compare."""
    name = seen.company.settings.business_time_zone
    year = seen.source.as_of.year
    instants = [f"{year}-01-15 12:00:00+00", f"{year}-07-15 12:00:00+00"]
    for instant in instants:
        [(there,)] = seen.asking.ask(
            "SELECT to_char(%s::timestamptz AT TIME ZONE %s, 'YYYY-MM-DD HH24:MI')", instant, name
        )
        here = datetime.fromisoformat(instant + ":00").astimezone(ZoneInfo(name)).strftime("%Y-%m-%d %H:%M")
        if there != here:
            yield warning(
                f"{instant} is {there} in {name} for the source, and {here} for this machine: one of them has old time"
                " zone data.",
                "Update tzdata on the older one.",
            )
            return
    yield ok(f"The source knows the time zone {name}.")


@check(finds="long queries whose ranges no index finds")
def ranges(seen: SeenSource) -> Iterator[Finding]:
    """Plan a range of each query that is split, and look whether it reads a whole table."""
    for plan in seen.plans.values():
        if plan.query.partition_on and (tables := _read_whole(seen, plan)):
            yield warning(
                f"{plan.query.path}: no index finds the ranges of `-- partition on: {plan.query.partition_on}`, so that"
                f" each range reads {', '.join(sorted(tables))} as a whole.",
                f"CREATE INDEX CONCURRENTLY on {plan.query.partition_on} there, or leave the line out.",
            )


def _read_whole(seen: SeenSource, plan: Plan) -> set[str]:
    """Name the tables that a scan filters by a value of the column, although the planner was asked to use indexes."""
    query: Query = plan.query
    column = next(column for column in plan.columns if column.name == query.partition_on)
    scale = scale_of(query, column)
    value = next((v for kind, v in _BELOW.items() if column.type.startswith(kind)), scale.text(12_345))
    condition = f"{Postgres(utf8=True).quoted(column.name)} < '{value}'::{column.source_type}"
    explain = f"SET LOCAL enable_seqscan = off; EXPLAIN (FORMAT JSON) SELECT 1 FROM {{query}} WHERE {condition}"
    [(told,)] = seen.asking.over(query, explain)
    return set(_scans(told[0]["Plan"], str(value)))


def _scans(node: dict[str, Any], value: str) -> Iterator[str]:
    if node["Node Type"].endswith("Seq Scan") and value in node.get("Filter", ""):
        yield node["Relation Name"]
    for child in node.get("Plans", ()):
        yield from _scans(child, value)
