"""Where things lie: in this project, and as seen from a settings file. Imports nothing of ours."""

import os
import re
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IS_CLONE = (ROOT / "nightly.sh").is_file()
"""Whether this is the project's folder; False where the engine was installed, as by `pip install .`."""

SAMPLE_SETTINGS = ROOT / "config" / "sample.env"
EXAMPLE_SETTINGS = ROOT / "config" / ".env.example"

_FILE_URL = re.compile(r"((?:sqlite|duckdb)(?:\+\w+)?:///)(?![/:])([^?]+)(.*)", re.DOTALL | re.IGNORECASE)
_FOLDER_URL = re.compile(r"file:(?://(?=/))?([^?]+)(.*)", re.DOTALL | re.IGNORECASE)


def home_of(settings_file: Path) -> Path:
    """Return the folder that a settings file's relative paths are seen from: its own.

    What lies in the project's config/, as the sample's does, is seen from the project.
    """
    folder = settings_file.absolute().parent.resolve()
    return ROOT if folder == ROOT / "config" else folder


def seen_from(home: Path, path: Path) -> Path:
    """Read a path as seen from a folder, wherever cron started us."""
    return (home / path.expanduser()).resolve()


def url_seen_from(home: Path, url: str) -> str:
    """Return a database's URL whose file, if it is one with a relative path, is seen from a folder."""
    if folder := _FOLDER_URL.fullmatch(url):
        return f"file:{seen_from(home, Path(folder[1]))}{folder[2]}"
    found = _FILE_URL.fullmatch(url)
    return f"{found[1]}{seen_from(home, Path(found[2]))}{found[3]}" if found and home != ROOT else url


def data_folder_of(settings_file: Path) -> Path:
    """Return the data folder of a settings file: each has its own, beside it and named after it (prod.env → data/prod).

    Where that one is not there, the folder in this project is meant with which an older version has begun.
    """
    home, folder = home_of(settings_file), settings_file.absolute().parent.resolve()
    name = settings_file.name.removesuffix(".env").strip(".") or "default"
    plain = ROOT / "data" / name
    if folder == ROOT or folder / settings_file.name == SAMPLE_SETTINGS:
        return plain
    hashed = plain.with_name(f"{name}-{sha256(os.fsencode(folder)).hexdigest()[:8]}")
    own = home / "data" / name if home == folder else hashed
    if own.is_dir() or hashed.is_dir():
        return own if own.is_dir() else hashed
    is_anothers = plain == data_folder_of(SAMPLE_SETTINGS) or (ROOT / settings_file.name).exists()
    return plain if plain.is_dir() and not is_anothers else own
