"""Typed settings: what each means, its unit and its default stand in .env.example."""

import io
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv.parser import parse_stream
from pydantic import AfterValidator, Field, HttpUrl, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.paths import EXAMPLE_SETTINGS, ROOT, beneath_root, data_folder_of

_SOURCE = re.compile(r"SOURCE_(\w+)_URL", re.IGNORECASE)


class SettingsError(Exception):
    """Every fault of the settings at once. message: what is wrong with which; hint: what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no IANA time zone such as Europe/Madrid") from None
    return name


ProjectPath = Annotated[Path, AfterValidator(beneath_root)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]


class Settings(BaseSettings):
    """The settings of one company. Secrets are secret types, which print as asterisks."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, env_ignore_empty=True)

    sources: dict[str, SecretStr] = {}

    warehouse: Literal["bigquery", "duckdb"]
    duckdb_file: ProjectPath | None = None
    bigquery_project: str | None = None
    bigquery_dataset: str | None = Field(None, pattern=r"^\w+$")
    bigquery_location: str = "EU"
    bigquery_credentials: Literal["default", "key file", "anonymous"] = "default"
    bigquery_key_file: ProjectPath | None = None
    bigquery_impersonate: str | None = None
    bigquery_endpoint: HttpUrl | None = None

    data_dir: ProjectPath
    queries_dir: ProjectPath = ROOT / "queries"
    tables_dir: ProjectPath = ROOT / "tables"
    keep_runs: int = Field(7, ge=1)
    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    business_time_zone: TimeZone
    window_years: int = Field(3, ge=1, le=100)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="after")
    def _whole_bigquery(self) -> Self:
        missing = [
            name.upper()
            for name in ("bigquery_project", "bigquery_dataset")
            if self.warehouse == "bigquery" and not getattr(self, name)
        ]
        if missing:
            raise ValueError(f"{' and '.join(missing)} must be set when WAREHOUSE is bigquery")
        if self.bigquery_credentials == "key file" and not self.bigquery_key_file:
            raise ValueError("BIGQUERY_KEY_FILE must be set when BIGQUERY_CREDENTIALS is key file")
        if self.bigquery_credentials == "anonymous" and not self.bigquery_endpoint:
            raise ValueError("BIGQUERY_CREDENTIALS anonymous is for an emulator: set BIGQUERY_ENDPOINT")
        return self

    @property
    def duckdb_path(self) -> Path:
        """The embedded warehouse's file."""
        return self.duckdb_file or self.data_dir / "warehouse.duckdb"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over what `load` read from the file."""
        return env_settings, init_settings


def load(file: Path) -> Settings:
    """Read the settings file; a variable of the environment wins over its line. Raises SettingsError."""
    lines = _read(file)
    sources = {
        m[1].lower(): v for name, v in (lines | dict(os.environ)).items() if (m := _SOURCE.fullmatch(name)) and v
    }
    given: dict[str, Any] = {
        name.lower(): value for name, value in lines.items() if value and not _SOURCE.fullmatch(name)
    }
    given.setdefault("data_dir", str(data_folder_of(file)))
    try:
        return Settings(sources=sources, **given)
    except ValidationError as error:
        faults = "\n".join(f"  {_fault(dict(details))}" for details in error.errors())
        raise SettingsError(
            f"The settings are faulty (looked in the environment and in {file}):\n{faults}",
            f"Each setting is explained in {EXAMPLE_SETTINGS}.",
        ) from None


def _read(file: Path) -> dict[str, str]:
    if not file.is_file():
        raise SettingsError(
            f"The settings file {file} does not exist.", f"Copy {EXAMPLE_SETTINGS} there and fill it in."
        )
    try:
        lines = list(parse_stream(io.StringIO(file.read_text(encoding="utf-8"))))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {file} cannot be read: {error}.", "It is to be UTF-8 text.") from None
    broken = [str(line.original.line) for line in lines if line.error or (line.key and line.value is None)]
    if broken:
        raise SettingsError(f"The settings file {file} is broken in line {', '.join(broken)}.", "Write NAME=VALUE.")
    return {line.key: line.value for line in lines if line.key and line.value is not None}


def _fault(details: dict[str, Any]) -> str:
    name = ".".join(str(part) for part in details["loc"]).upper()
    if details["type"] == "missing":
        return f"{name} is not set"
    if details["type"] == "extra_forbidden":
        return f"{name} is no setting"
    text = str(details["msg"]).removeprefix("Value error, ")
    return f"{name}: {text}" if name else text
