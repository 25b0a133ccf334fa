"""MySQL and MariaDB: what of a server and an account would fail a night, or weaken what it promises."""

import re
from collections.abc import Iterator

from etl.company.sql import names_in
from etl.doctor.asking import OfOthers
from etl.doctor.check import Finding, check, ok, warning
from etl.doctor.source import SeenSource, told_of_tls

_READING = {"SELECT", "SHOW VIEW", "USAGE", "PROCESS", "SHOW DATABASES", "REPLICATION CLIENT", "BINLOG MONITOR"}
"""What lets nobody change a row."""
_OF_PUBLIC = re.compile(r" ON (\S+) TO PUBLIC\b")
"""What is granted to every account, and where."""
_VERIFYING = ("ssl_ca", "ssl_verify_cert", "ssl_verify_identity", "ssl")
_TIMEOUTS = ("max_statement_time", "max_execution_time")
_SIZES = """
SELECT LOWER(table_name), SUM(data_length) FROM information_schema.tables
WHERE table_schema NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys') GROUP BY 1
"""


@check(finds="the server's version, time zone and character set")
def server(seen: SeenSource) -> Iterator[Finding]:
    """Tell them."""
    [row] = seen.asking.ask("SELECT VERSION(), @@global.time_zone, @@system_time_zone, @@character_set_database")
    version, zone, system, charset = map(str, row)
    shown = system if zone == "SYSTEM" else zone
    yield ok(f"Version {version}, time zone {shown} (the night reads in UTC), character set {charset}.")


@check(finds="a connection that others can read or divert")
def tls(seen: SeenSource) -> Iterator[Finding]:
    """Ask the server which cipher this connection has."""
    found = seen.asking.ask("SHOW SESSION STATUS LIKE 'Ssl_version'")
    protocol = str(found[0][1]) if found else ""
    verified = any(name in seen.url.query for name in _VERIFYING)
    yield told_of_tls(seen, protocol, verified=verified, option="ssl_ca=FILE")


@check(finds="an account that can write")
def role(seen: SeenSource) -> Iterator[Finding]:
    """Read the account's grants."""
    own: set[str] = set()
    everybody: dict[str, set[str]] = {}
    for grant in (str(row[0]) for row in seen.asking.ask("SHOW GRANTS")):
        writing = {*_rights(grant)} - _READING
        if found := _OF_PUBLIC.search(grant):
            everybody.setdefault(found[1], set()).update(writing)
        else:
            own |= writing
    if own:
        yield warning(
            f"The account may do more than read: {_few(own)}.",
            "Make an account that can only read: `python -m etl grants` prints the statements.",
        )
    for where, writing in everybody.items():
        if writing:  # MariaDB comes with a database in which everybody may do everything
            drop = ", or DROP DATABASE test where nobody uses it" if where == "`test`.*" else ""
            yield warning(
                f"Every account of the server may do more than read in {where}: {_few(writing)}.",
                f"Let its administrator take that back: REVOKE ALL PRIVILEGES ON {where} FROM PUBLIC{drop}.",
            )
    if not own and not any(everybody.values()):
        yield ok("The account can only read.")


def _few(rights: set[str]) -> str:
    return f"{', '.join(sorted(rights)[:4])}{' and more' if len(rights) > 4 else ''}"


def _rights(grant: str) -> Iterator[str]:
    """Return the rights of one line of SHOW GRANTS; roles are shown by lines of their own."""
    found = re.match(r"GRANT (.+?) ON ", grant)
    for right in re.sub(r"\([^)]*\)", "", found[1]).split(",") if found else ():
        yield right.strip().upper()
    if "WITH GRANT OPTION" in grant:
        yield "GRANT OPTION"


@check(finds="tables that know no snapshot")
def snapshot(seen: SeenSource) -> Iterator[Finding]:
    """Name the tables whose engine has no transactions, as the night's log does."""
    if not isinstance(seen.asking, OfOthers):
        return
    remarks = {
        remark: None for query in seen.queries for remark in seen.asking.database.remarks(seen.asking.connection, query)
    }
    for remark in remarks:
        sentence, _, cure = remark.partition(" (ALTER TABLE")
        yield warning(f"{sentence}.", f"ALTER TABLE{cure.rstrip(')')}.")
    if not remarks:
        yield ok("A consistent snapshot was begun, and every table that the queries read is in it.")


@check(finds="statements that are cut short")
def timeouts(seen: SeenSource) -> Iterator[Finding]:
    """Ask for the limit that the server sets."""
    for name in _TIMEOUTS:
        found = seen.asking.ask(f"SHOW GLOBAL VARIABLES LIKE '{name}'")
        if found and float(found[0][1]) and not seen.company.settings.source_statement_seconds:
            unit = "s" if name == "max_statement_time" else "ms"
            yield warning(
                f"{name} is {float(found[0][1]):g} {unit}: a table that takes longer to read fails the night.",
                f"SET GLOBAL {name} = 0, or set SOURCE_STATEMENT_SECONDS, which overrules it for the night.",
            )


@check(finds="a time zone that the server does not know")
def zone(seen: SeenSource) -> Iterator[Finding]:
    """Let the server convert an instant, where a query asks for the business time zone."""
    name = seen.company.settings.business_time_zone
    if not any(":business_time_zone" in query.sql for query in seen.queries):
        return
    [(there,)] = seen.asking.ask("SELECT CONVERT_TZ('2030-01-15 12:00:00', '+00:00', %s)", name)
    if there is None:
        yield warning(
            f"The server does not know the time zone {name}: CONVERT_TZ gives NULL, and so do the queries' dates.",
            "Load its zones: mariadb-tzinfo-to-sql /usr/share/zoneinfo | mariadb mysql",
        )
    else:
        yield ok(f"The server knows the time zone {name}.")


@check(finds="how large the tables are")
def sizes(seen: SeenSource) -> Iterator[Finding]:
    """Add up the tables that each query names, for the estimate of the night."""
    known = {str(name): int(float(size or 0)) for name, size in seen.asking.ask(_SIZES)}
    for query in seen.queries:
        seen.figures[query.name] = sum(known.get(name, 0) for name in names_in(query.sql, query.dialect))
    yield ok(f"The tables that the queries name have about {sum(filter(None, seen.figures.values())) / 1e6:,.0f} MB.")
