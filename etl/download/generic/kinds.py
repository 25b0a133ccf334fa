"""Which databases have a room of their own, by what a URL calls them."""

from sqlalchemy.engine import URL, Dialect

from etl.download.duckdb.database import DuckDb
from etl.download.files.database import Files
from etl.download.generic.database import Database
from etl.download.mssql.database import Mssql
from etl.download.mysql.database import MySql
from etl.download.oracle.database import Oracle
from etl.download.source import Limits
from etl.download.sqlite.database import Sqlite

_DATABASES: dict[str, type[Database]] = {
    "mysql": MySql,
    "mariadb": MySql,
    "sqlite": Sqlite,
    "duckdb": DuckDb,
    "file": Files,
    "oracle": Oracle,
    "mssql": Mssql,
}


def database_of(url: URL, limits: Limits) -> Database:
    """Return what speaks to a database; one without a room is asked as most databases are."""
    return _DATABASES.get(url.get_backend_name(), Database)(url, limits)


def quoted(dialect: Dialect, name: str) -> str:
    """Write a name as a database does; SQLAlchemy's own would double a % that `text` doubles again."""
    preparer = dialect.identifier_preparer
    quote = preparer.quote if dialect.requires_name_normalize else preparer.quote_identifier
    return quote(name).replace("%%", "%") if "%%" in quote("%") else quote(name)
