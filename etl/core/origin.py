"""What data belongs to: the sources and the warehouse that the settings name. Each manifest says so."""

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from config import Settings
from etl.core.errors import UsageError


def origin_of(settings: Settings) -> dict[str, str]:
    """Name the sources and the warehouse of the settings, without users and passwords."""
    urls = sorted((name, url.get_secret_value()) for name, url in settings.sources.items())
    return {f"source {name}": described(read_url(name, url)) for name, url in urls} | {
        "warehouse": warehouse_of(settings)
    }


def warehouse_of(settings: Settings) -> str:
    """Name the warehouse."""
    if settings.warehouse == "duckdb":
        return f"duckdb:{settings.duckdb_path}"
    return f"bigquery:{settings.bigquery_project}.{settings.bigquery_dataset}"


def read_url(name: str, text: str) -> URL:
    """Read a source's URL. Raises UsageError without repeating it, for it holds a password."""
    try:
        return make_url(text)
    except (ArgumentError, ValueError):
        raise UsageError(
            f"SOURCE_{name.upper()}_URL is no database URL.", "Write e.g. postgresql://user:password@host:5432/database"
        ) from None


def described(url: URL) -> str:
    """Name a database for people and manifests: no user, no password."""
    host = url.host or url.query.get("host") or ""
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{host}{port}/{url.database or ''}"
