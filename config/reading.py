"""Reading a settings file and the environment: what is misspelt is named, and no secret lies open to others."""

import io
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Any

from dotenv.parser import parse_stream
from pydantic import ValidationError

from config import redacted, urls
from config.paths import EXAMPLE_SETTINGS, IS_CLONE, SAMPLE_SETTINGS, data_folder_of, home_of, seen_from, url_seen_from
from config.settings import HOME, Settings, SettingsError, lacking_together
from config.wanted import wanted

_SOURCE = re.compile(r"SOURCE_(\w+)_(URL|PASSWORD)(_FILE)?")
_SECRETS = ("PSEUDONYM_KEY", "POWERBI_CLIENT_SECRET", "HEARTBEAT_URL", "WEBHOOK_URL", "NOTIFY_URLS")
_KNOWN = ({name.upper() for name in Settings.model_fields} - {"SOURCES"}) | {f"{name}_FILE" for name in _SECRETS}
_NO_SETTING = " is not a setting"
_OR_NEWER = " Was it written for a newer engine? --version tells this one's, and docs/operating.md how to update."
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")


def load(file: Path) -> Settings:
    """Read the settings file; a variable of the environment wins over its line. Raises SettingsError.

    Whatever is secret in it is kept out of errors, logs and notices from now on.
    """
    lines = _read(file)
    there = {name.upper(): value for name, value in lines.items() if value and _is_known(name.upper())}
    home, mode = home_of(file), _fault_of_mode(file, there)
    given, faults = _with_secret_files(_overlaid(there), home)
    redacted.remember(*_secrets_in(given))
    faults = [_unknown(name) for name, value in lines.items() if value and not _is_known(name.upper())] + faults
    sources, more = _sources(given)
    faults += more
    sources = {name: url_seen_from(home, url) for name, url in sources.items()}
    fields = dict.fromkeys(("data_dir", "local_dir"), str(data_folder_of(file))) | {"sources": sources}
    fields |= {"queries_dir": str(home / "queries"), "tables_dir": str(home / "tables")}
    fields |= {name.lower(): value for name, value in given.items() if not _SOURCE.fullmatch(name)}
    try:
        settings = Settings.model_validate(fields, context={HOME: home})
    except ValidationError as error:
        faults += [_fault(dict(details)) for details in error.errors() if details["loc"]]
        faults += lacking_together(fields)
    if mode and not faults:
        raise mode
    if faults:
        hint = f"Run `{mode.hint}`. " if mode else ""
        raise SettingsError(
            f"The settings are faulty (looked in the environment and in {file}):\n"
            + "\n".join(f"  {fault}" for fault in [*([mode.message] if mode else []), *faults]),
            f"{hint}Each setting is explained in {EXAMPLE_SETTINGS}."
            + (_OR_NEWER if any(fault.endswith(_NO_SETTING) for fault in faults) else ""),
        )
    return settings


def _is_known(name: str) -> bool:
    return name in _KNOWN or _SOURCE.fullmatch(name) is not None


def _overlaid(there: Mapping[str, str]) -> dict[str, str]:
    """Let the environment win over the file: a secret also over the file that was to hold it, and the reverse."""
    found = {name.upper(): value for name, value in os.environ.items() if value and _is_known(name.upper())}
    hidden = {name.removesuffix("_FILE") if name.endswith("_FILE") else f"{name}_FILE" for name in found}
    return {name: value for name, value in there.items() if name not in hidden} | found


def _sources(given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the sources' URLs, with the passwords that are settings of their own; and what is wrong with these."""
    urls_, faults = (
        {m[1].lower(): v for name, v in given.items() if (m := _SOURCE.fullmatch(name)) and m[2] == "URL"},
        [],
    )
    for name, password in given.items():
        source = _SOURCE.fullmatch(name)
        if source is None or source[2] == "URL":
            continue
        url, setting = urls_.get(source[1].lower(), ""), f"SOURCE_{source[1]}_URL"
        if not url:
            faults.append(f"{setting} must be set when {name} is")
        elif urls.database_fault(url):
            continue  # which is told
        elif urls.passwords_in(url):
            faults.append(f"{setting} holds a password besides {name}: leave one out")
        elif with_it := urls.with_password(url, password):
            urls_[source[1].lower()] = with_it
        else:
            faults.append(f"{setting} names no user for the password in {name}")
    return urls_, faults


def _read(file: Path) -> dict[str, str]:
    if file.is_dir():
        raise SettingsError(
            f"{file} is a folder, not a settings file.", f"Name the file in it, e.g. {file / 'prod.env'}."
        )
    if file == SAMPLE_SETTINGS and not IS_CLONE:
        raise SettingsError(
            f"The settings file {file} is the sample company's, which comes only with a clone of the project.",
            "Name a company's settings file: --env FILE",
        )
    if not file.is_file():
        raise SettingsError(
            f"The settings file {file} does not exist.", f"Copy {EXAMPLE_SETTINGS} there and fill it in."
        )
    try:
        lines = list(parse_stream(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {file} cannot be read: {error}.", "It must be UTF-8 text.") from None
    broken = [str(line.original.line) for line in lines if line.error or (line.key and line.value is None)]
    if broken:
        named = ", ".join(broken[:5]) + (f" and {len(broken) - 5} more" if len(broken) > 5 else "")
        raise SettingsError(f"The settings file {file} is broken in line {named}.", "Write NAME=VALUE.")
    places: dict[str, list[int]] = {}
    for line in lines:
        if line.key and line.value:
            places.setdefault(line.key.upper(), []).append(line.original.line)
    twice = [f"{name} in lines {' and '.join(map(str, at))}" for name, at in places.items() if len(at) > 1]
    if twice:
        raise SettingsError(
            f"The settings file {file} sets {'; '.join(twice)}.", "Keep one line of each, or put # before the others."
        )
    return {line.key: line.value for line in lines if line.key and line.value is not None}


def _fault_of_mode(file: Path, there: Mapping[str, str]) -> SettingsError | None:
    """Refuse a file with secrets that others may read."""
    holding = [name for name, value in there.items() if _is_secret(name, value)]
    if holding and (mode := _open_to_others(file)):
        return SettingsError(
            f"The settings file {file} holds secrets ({', '.join(holding)}), and others may read it (mode {mode}).",
            f"chmod 600 {quote(str(file))}",
        )
    return None


def _is_secret(name: str, value: str) -> bool:
    source = _SOURCE.fullmatch(name)
    if source is None or source[3]:
        return name in _SECRETS
    return source[2] == "PASSWORD" or bool(urls.passwords_in(value) or urls.database_fault(value))


def _open_to_others(file: Path) -> str:
    """Give the mode of a file that others may use; nothing if its owner alone may, or our group, if it is not ours."""
    status = file.stat()
    theirs = 0o077 if status.st_uid == os.geteuid() else 0o037
    return f"{stat.S_IMODE(status.st_mode):04o}" if status.st_mode & theirs else ""


def _with_secret_files(given: dict[str, str], home: Path) -> tuple[dict[str, str], list[str]]:
    """Put the contents of the files that hold a secret (NAME_FILE) in its place; returns the faults, too."""
    found, faults = {}, []
    for name, value in given.items():
        holder = re.fullmatch(r"(SOURCE_\w+_(?:URL|PASSWORD)|\w+_(?:URLS?|SECRET)|PSEUDONYM_KEY)_FILE", name)
        if holder is None:
            found[name] = value
        elif holder[1] in given:
            faults.append(f"{holder[1]} and {name} are both set: leave one out")
        else:
            text, fault = _secret_in(value, home)
            found |= {holder[1]: text} if text else {}
            faults += [f"{name}: {fault}"] if fault else []
    key_file = found.get("BIGQUERY_KEY_FILE")
    fault = _secret_in(key_file, home)[1] if key_file else ""
    if fault.startswith("others"):  # else, who needs it says what is wrong
        faults.append(f"BIGQUERY_KEY_FILE: {fault}")
    return found, faults


def _secret_in(named: str, home: Path) -> tuple[str, str]:
    """Read a file that holds one secret; returns it, or what is wrong."""
    try:
        path = seen_from(home, Path(named))
        if mode := _open_to_others(path):
            return "", f"others may read {path} (mode {mode}): chmod 600 {quote(str(path))}"
        text = path.read_text(encoding="utf-8-sig").rstrip("\r\n")
    except (OSError, RuntimeError, UnicodeDecodeError) as error:
        return "", f"{named} cannot be read: {getattr(error, 'strerror', None) or type(error).__name__}"
    return text, "" if text else f"{path} is empty"


def _secrets_in(given: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """List what is secret, and the users of the databases."""
    secrets, users = [], []
    for name, value in given.items():
        source = _SOURCE.fullmatch(name)
        if source and source[2] == "URL":
            secrets += [*([value] if urls.passwords_in(value) else []), *urls.passwords_in(value)]
            parts = urls.Parts.of(value)
            users += [parts.user] if parts else []
        elif name in _SECRETS and name.endswith("_URL"):
            secrets += urls.secrets_in_address(value)
        elif name == "NOTIFY_URLS":
            secrets += [secret for url in value.split() for secret in urls.secrets_in_address(url)]
        elif source or name in _SECRETS:
            secrets.append(value)
    return secrets, users


def _fault(details: dict[str, Any]) -> str:
    first, *others = (str(part).upper() for part in details["loc"])
    name = f"SOURCE_{others[0]}_URL" if first == "SOURCES" and others else ".".join((first, *others))
    if details["type"] == "missing":
        return f"{name} is not set"
    if details["type"] != "value_error":
        return f"{name}: it should be {wanted(details)}"
    fault = f"{name}: {details['ctx']['error']}"
    return f"{fault}; or put it into {name[:-4]}_PASSWORD as it is" if urls.ESCAPES in fault and others else fault


def _unknown(name: str) -> str:
    """Name what is not a setting, and the one that was probably meant; what is not a name may be part of a secret."""
    from difflib import get_close_matches

    if not _NAME.fullmatch(name):
        return "a line begins with a name that is not a setting's"
    source = re.fullmatch(r"SOURCE_(\w+)_\w+", name.upper())
    ours = [f"SOURCE_{source[1]}_{what}" for what in ("URL", "PASSWORD", "PASSWORD_FILE")] if source else []
    near = get_close_matches(name.upper(), [*sorted(_KNOWN), *ours], 1, cutoff=0.75)
    return f"{name.upper()}{_NO_SETTING}" + (f". Did you mean {near[0]}?" if near else "")
