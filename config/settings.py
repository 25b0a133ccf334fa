"""Typed settings: what each means, its unit and its default stand in .env.example."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    PlainValidator,
    SecretStr,
    ValidationInfo,
    model_validator,
)

from config import urls
from config.executor import ADDRESS, executor_faults
from config.paths import ROOT, seen_from

_POWERBI = tuple(f"powerbi_{name}" for name in ("workspace", "tenant", "client_id", "client_secret"))
_LEAST_OF_A_KEY = 32
_GUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TAG = r"projects/[^/\s]+/locations/[\w-]+/taxonomies/\d+/policyTags/\d+"
_RUNS = ("folder.id", "1_raw", "2_star", "3_loaded", "nights")
_NOTIFY = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_CLOUD_FOLDER = re.compile(r"gs://[a-z0-9][\w.-]+(/[\w.=-]+)*/?")

HOME = "home"
"""The context of a validation: the folder that relative paths are seen from."""


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
        raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Madrid") from None
    return name


def _own_path(path: Path, info: ValidationInfo) -> Path:
    """Read a path as seen from the settings file's folder. Raises ValueError where an older version saw another."""
    home = (info.context or {}).get(HOME, ROOT)
    try:
        found, older = seen_from(home, path), seen_from(ROOT, path)
    except RuntimeError as error:  # ~somebody who is not there
        raise ValueError(str(error)) from None
    if not found.exists() and _is_older(older, is_data=info.field_name in ("data_dir", "local_dir")):
        raise ValueError(
            f"there is no {found}, as {path} is seen from the settings file's folder. Older versions saw it from the"
            f" program's: write {older}, or move that there"
        )
    return found


def _is_older(path: Path, *, is_data: bool) -> bool:
    """Whether something is at a path, of a data folder one with runs."""
    return any((path / name).exists() for name in _RUNS) if is_data else path.exists()


def _data_folder(given: object, info: ValidationInfo) -> Path | str:
    """Read a folder: a path of this machine, or the address of one in Cloud Storage."""
    text = str(given)
    if "://" not in text:
        return _own_path(Path(text), info)
    if not _CLOUD_FOLDER.fullmatch(text):
        named = "it" if "@" in text else repr(text)  # which may hold a password
        raise ValueError(f"{named} is neither a folder nor gs://bucket/folder")
    return text.rstrip("/")


def _web_address(url: SecretStr) -> SecretStr:
    if fault := urls.web_fault(url.get_secret_value()):
        raise ValueError(fault)
    return url


def _notify_urls(listed: SecretStr) -> SecretStr:
    wrong = [n for n, url in enumerate(listed.get_secret_value().split(), 1) if not _NOTIFY.fullmatch(url)]
    if wrong:  # which may hold a token
        raise ValueError(f"address {wrong[0]} of it has no scheme such as slack:// or mailto://")
    return listed


def _database_url(url: SecretStr) -> SecretStr:
    if fault := urls.database_fault(url.get_secret_value()):
        raise ValueError(fault)
    return url


def _without_user(url: HttpUrl | None) -> HttpUrl | None:
    if url and (url.username or url.password):
        raise ValueError("it takes no user and no password")
    return url


def _long_enough(key: SecretStr | None) -> SecretStr | None:
    if key and len(key.get_secret_value()) < _LEAST_OF_A_KEY:
        raise ValueError(f"it has fewer than {_LEAST_OF_A_KEY} characters: make one with `openssl rand -hex 32`")
    return key


def _spelled(pattern: str, such_as: str, flags: re.RegexFlag = re.NOFLAG) -> AfterValidator:
    """Refuse a text that is not written as a pattern says, in words for people, and without the text."""

    def check(text: str | None) -> str | None:
        if text is not None and not re.fullmatch(pattern, text, flags):
            raise ValueError(f"it is not {such_as}")
        return text

    return AfterValidator(check)


WebAddress = Annotated[SecretStr, AfterValidator(_web_address)]
NotifyUrls = Annotated[SecretStr, AfterValidator(_notify_urls)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
PowerBiId = Annotated[str, _spelled(_GUID, "an id such as 11111111-2222-3333-4444-555555555555", re.IGNORECASE)]
SecureAddress = Annotated[str, _spelled(r"https://[^/\s?#@]+", "an address such as https://host, without a user")]
OwnPath = Annotated[Path, AfterValidator(_own_path)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]


class Settings(BaseModel):
    """The settings of one company. Secrets are secret types, which print as asterisks."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    sources: dict[str, DatabaseUrl] = {}

    warehouse: Literal["bigquery", "duckdb"]
    duckdb_file: OwnPath | None = None
    bigquery_project: str | None = None
    bigquery_dataset: Annotated[str | None, _spelled(r"\w+", "made of letters, digits and underscores")] = None
    bigquery_location: str = "EU"
    bigquery_credentials: Literal["default", "key file", "anonymous"] = "default"
    bigquery_key_file: OwnPath | None = None
    bigquery_impersonate: str | None = None
    bigquery_policy_tag: Annotated[
        str | None, _spelled(_TAG, "a tag such as projects/P/locations/eu/taxonomies/1/policyTags/2")
    ] = None
    bigquery_endpoint: Annotated[HttpUrl | None, AfterValidator(_without_user)] = None

    powerbi_workspace: PowerBiId | None = None
    powerbi_dataset: PowerBiId | None = None
    powerbi_tenant: Annotated[str | None, _spelled(r"[\w.-]+", "a tenant's id, or its domain")] = None
    powerbi_client_id: PowerBiId | None = None
    powerbi_client_secret: SecretStr | None = None
    powerbi_billing_project: str | None = None
    powerbi_patience: int = Field(10800, ge=1)
    powerbi_service: SecureAddress = "https://api.powerbi.com"
    powerbi_sign_in: SecureAddress = "https://login.microsoftonline.com"
    powerbi_scope: str = "https://analysis.windows.net/powerbi/api/.default"
    powerbi_fabric: SecureAddress = "https://api.fabric.microsoft.com"

    source_lock_seconds: int = Field(60, ge=1)
    source_patience: int = Field(120, ge=0)
    source_stall_seconds: int = Field(120, ge=1)
    source_connections: int | None = Field(None, ge=1)
    source_statement_seconds: int = Field(0, ge=0)
    source_megabytes_per_second: float = Field(0, ge=0)

    data_dir: Annotated[Path | str, PlainValidator(_data_folder)]
    local_dir: OwnPath = ROOT / "data" / "default"
    queries_dir: OwnPath = ROOT / "queries"
    tables_dir: OwnPath = ROOT / "tables"
    report_dir: OwnPath | None = None
    keep_runs: int = Field(7, ge=1)
    executor: Annotated[str | None, _spelled(ADDRESS, "an address such as tls://host:8786")] = None
    executor_ca: OwnPath | None = None
    executor_certificate: OwnPath | None = None
    executor_key: OwnPath | None = None
    executor_plain: bool = False
    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    business_time_zone: TimeZone
    pseudonym_key: Annotated[SecretStr | None, AfterValidator(_long_enough)] = None
    window_years: int = Field(3, ge=1, le=100)
    receipts: Literal["off", "columns", "rows", "full"] = "rows"
    heartbeat_url: WebAddress | None = None
    webhook_url: WebAddress | None = None
    notify_urls: NotifyUrls | None = None
    dashboard_copy_to: OwnPath | None = None
    dashboard_mail_to: NotifyUrls | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if faults := lacking_together(dict(self)):
            raise ValueError("; ".join(faults))
        return self

    @property
    def machine_dir(self) -> Path:
        """The folder of what is of this machine alone: lock, logs and records of nights, the embedded warehouse."""
        return self.data_dir if isinstance(self.data_dir, Path) else self.local_dir

    @property
    def report_folder(self) -> Path:
        """The folder of the report's measures and pages."""
        return self.report_dir or self.tables_dir.parent / "powerbi"

    @property
    def has_report(self) -> bool:
        """Whether there is a report: where REPORT_DIR names its folder, it is to be there."""
        return self.report_dir is not None or (self.report_folder / "report.toml").is_file()

    @property
    def dashboard_file(self) -> Path:
        """Where the nights write the dashboard."""
        return self.machine_dir / "dashboard.html"

    @property
    def duckdb_path(self) -> Path:
        """The embedded warehouse's file."""
        return self.duckdb_file or self.machine_dir / "warehouse.duckdb"


def lacking_together(given: Mapping[str, Any]) -> list[str]:
    """Find what is not set although another setting needs it."""
    missing = [
        name.upper()
        for name in ("bigquery_project", "bigquery_dataset")
        if given.get("warehouse") == "bigquery" and not given.get(name)
    ]
    faults = [f"{' and '.join(missing)} must be set when WAREHOUSE is bigquery"] if missing else []
    credentials = given.get("bigquery_credentials")
    if credentials == "key file" and not given.get("bigquery_key_file"):
        faults.append("BIGQUERY_KEY_FILE must be set when BIGQUERY_CREDENTIALS is key file")
    if credentials == "anonymous" and not given.get("bigquery_endpoint"):
        faults.append("BIGQUERY_CREDENTIALS anonymous is for an emulator: set BIGQUERY_ENDPOINT")
    lacking = [name.upper() for name in _POWERBI if not given.get(name)]
    named = [name.upper() for name in (*_POWERBI, "powerbi_dataset") if given.get(name)]
    if lacking and named:
        there = named[0]
        faults.append(f"{' and '.join(lacking)} must be set when {there} is")
    return faults + executor_faults(given)
