"""A role that can only read what the queries read, in the words of each kind of database."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from shlex import quote

from sqlalchemy.engine import URL

from etl.grants.reads import Reads, Table


@dataclass(frozen=True)
class Wanted:
    """What a source is to let us do. role: the account's name; password: a new one."""

    name: str
    url: URL
    reads: Reads
    role: str
    password: str


def statements(kind: str, wanted: Wanted) -> list[str]:
    """Return the lines for a source. kind: as its URL calls the database."""
    write = _KINDS.get(kind)
    if write is None:
        return [f"-- No statements are known for {kind}: let the role read these tables, and nothing else:"] + [
            f"--   {_dotted(table, _double)}" for table in wanted.reads.tables
        ]
    lines = list(write(wanted))
    lines += [f"-- Not understood: {name}.sql. Grant what it reads as well." for name in wanted.reads.unread]
    return lines


def _postgres(wanted: Wanted) -> Iterator[str]:
    role, tables = _double(wanted.role), wanted.reads.tables
    yield "-- As a superuser, in the source's database: psql --single-transaction --file=-"
    yield f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {_literal(wanted.password)};"
    yield f"ALTER ROLE {role} SET default_transaction_read_only = on;"
    yield f"ALTER ROLE {role} SET statement_timeout = 0;"
    if wanted.url.database:
        yield f"GRANT CONNECT ON DATABASE {_double(wanted.url.database)} TO {role};"
    for schema in sorted({table.schema for table in tables if table.schema}):
        yield f"GRANT USAGE ON SCHEMA {_double(schema)} TO {role};"
    for table in tables:
        yield f"GRANT SELECT ON {_dotted(table, _double)} TO {role};"
    yield "-- Before PostgreSQL 15 everybody may create tables: REVOKE CREATE ON SCHEMA public FROM PUBLIC;"


def _mysql(wanted: Wanted) -> Iterator[str]:
    role = f"{_quoted(wanted.role)}@'%'"
    yield "-- As an administrator: mysql < FILE. Write the machine's address for %, if it has one of its own."
    yield f"CREATE USER {role} IDENTIFIED BY {_quoted(wanted.password)};"
    for table in wanted.reads.tables:
        full = _dotted(Table(table.schema or wanted.url.database or "", table.name), _backtick)
        yield f"GRANT SELECT, SHOW VIEW ON {full} TO {role};"
    yield f"-- If the server has a certificate: ALTER USER {role} REQUIRE SSL;"


def _mssql(wanted: Wanted) -> Iterator[str]:
    role = _bracket(wanted.role)
    database = _bracket(wanted.url.database or "master")
    yield "-- As an administrator: sqlcmd -i FILE"
    yield f"CREATE LOGIN {role} WITH PASSWORD = {_literal(wanted.password)};"
    yield f"ALTER DATABASE {database} SET ALLOW_SNAPSHOT_ISOLATION ON; -- all queries then read one snapshot"
    yield f"USE {database};"
    yield f"CREATE USER {role} FOR LOGIN {role};"
    for table in wanted.reads.tables:
        yield f"GRANT SELECT ON {_dotted(Table(table.schema or 'dbo', table.name), _bracket)} TO {role};"


def _oracle(wanted: Wanted) -> Iterator[str]:
    role, owner = _double(wanted.role.upper()), str(wanted.url.username or "OWNER").upper()
    yield "-- As an administrator: sqlplus / as sysdba @FILE. READ (from 12.1 on) locks no rows, as SELECT may."
    yield f"CREATE USER {role} IDENTIFIED BY {_double(wanted.password)};"
    yield f"GRANT CREATE SESSION TO {role};"
    for table in wanted.reads.tables:
        yield f"GRANT READ ON {_dotted(Table(table.schema or owner, table.name), _double)} TO {role};"
    if bare := [table.name for table in wanted.reads.tables if not table.schema]:
        yield f"-- Write the owner before {', '.join(bare)} in the queries: another account finds them by that alone."


def _file(wanted: Wanted) -> Iterator[str]:
    file = quote(wanted.url.database or "")
    yield "# In a shell, as the file's owner: the night's group may read it, and nobody but the owner may write it."
    if wanted.url.get_backend_name() == "file":  # a folder of files
        yield f"chgrp -R {quote(wanted.role)} {file} && chmod -R u=rwX,g=rX,o= {file}"
        return
    yield f"chgrp {quote(wanted.role)} {file} && chmod u=rw,g=r,o= {file}"
    if wanted.url.get_backend_name() == "sqlite":
        yield "# In WAL mode readers write into FILE-shm: let the group write that one, or read a copy instead."


_KINDS: dict[str, Callable[[Wanted], Iterator[str]]] = {
    "postgresql": _postgres,
    "mysql": _mysql,
    "mariadb": _mysql,
    "mssql": _mssql,
    "oracle": _oracle,
    "sqlite": _file,
    "duckdb": _file,
    "file": _file,
}
"""By what a URL calls a database."""


def _dotted(table: Table, quoted: Callable[[str], str]) -> str:
    return ".".join(quoted(part) for part in (table.schema, table.name) if part)


def _double(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _backtick(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _bracket(name: str) -> str:
    return "[" + name.replace("]", "]]") + "]"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
