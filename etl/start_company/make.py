"""Making a company's folder. Nothing that is there is overwritten: what is missing is added."""

import getpass
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from shlex import quote
from zoneinfo import ZoneInfo

import config
from config import urls
from config.paths import EXAMPLE_SETTINGS, IS_CLONE, ROOT
from etl.core.call import set_up
from etl.core.chosen import settings_files
from etl.core.errors import UsageError
from etl.core.modes import shared
from etl.start_company.source import NewSource, new_source, tried

_TEMPLATES = Path(__file__).parent / "templates"
_SETTINGS, _NAMES = "prod.env", {"gitignore": ".gitignore"}
_NOT_MEANT = (".git", ".venv", ".venv.lock")
"""What a folder may hold that is to become a company's: etl.sh may have made an environment there to run in."""
_FOLDERS_OF_REPORTS = ("measures", "views", "pages")


def make_company(folder: Path, url: str | None) -> None:
    """Make a company's folder, and say what is in it and what to do next. url: of its source, if it is known.

    Raises UsageError where the folder is another's.
    """
    folder = folder.absolute()
    source = new_source(url)
    _check_free(folder)
    there = settings_files(folder) if folder.is_dir() else []
    settings = there[0].name if there else _SETTINGS
    files = _rendered(_context(folder, source, settings))
    if there:
        del files[Path(_SETTINGS)]
    with shared():
        made = [name for name, text in files.items() if _added(folder / name, text)]
    data = folder / "data" / settings.removesuffix(".env")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)  # an older version's of that name is another company's
    kept = [str(name) for name in files if name not in made] + ([settings] if there else [])
    print(f"{folder}: {', '.join(map(str, made)) or 'nothing'} added.")
    if kept:
        print(f"Left as they are: {', '.join(kept)}.")
    _tell(folder, source, is_new=not there)


def _check_free(folder: Path) -> None:
    """Refuse a folder that is there and no company's."""
    if folder.is_file() or folder.resolve() == ROOT:
        what = "the program's own folder" if folder.is_dir() else "a file"
        raise UsageError(f"{folder} is {what}.", "Name a folder for the company, which need not be there yet.")
    there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    others = [name for name in there if name not in _NOT_MEANT]
    if others and not settings_files(folder):
        raise UsageError(
            f"{folder} is not empty, and holds no company's settings: {', '.join(others[:5])}.",
            "Name a new folder, an empty one, or that of a company, which gets what it lacks.",
        )


def _context(folder: Path, source: NewSource, settings: str) -> dict[str, object]:
    """Return what the templates tell."""
    from etl.commands import commands

    words = [word for word in re.split(r"[\W_]+", folder.name) if word]
    title = " ".join(word[:1].upper() + word[1:] for word in words)
    program = Path(sys.prefix) / "bin" / "etl"
    guide = ROOT / "docs" / "tables.md"
    return {
        "commands": tuple(commands()),
        "drivers": source.drivers,
        "engine": ROOT,
        "example": EXAMPLE_SETTINGS,
        "folder": folder,
        "has_catalogue": not urls.is_folder(source.url),
        "guide": guide if guide.is_file() else "",
        "etl": ROOT if IS_CLONE else program,
        "night": '"$ETL/nightly.sh"' if IS_CLONE else '"$ETL" night',
        "nightly": quote(str(ROOT / "nightly.sh")) if IS_CLONE else f"{quote(str(program))} night",
        "password": source.password,
        "program": quote(str(ROOT / "etl.sh" if IS_CLONE else program)),
        "quoted": _quoted,
        "set_up": set_up(folder / settings),
        "settings": settings,
        "source": source.name,
        "title": title if title and title.lower() not in _FOLDERS_OF_REPORTS else "Company",
        "url": source.url,
        "user": getpass.getuser(),
        "zone": _zone(),
    }


def _rendered(context: Mapping[str, object]) -> dict[Path, str]:
    """Return the text of each file, by its path in the folder."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(  # noqa: S701 -- no HTML is written
        loader=FileSystemLoader(_TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True
    )
    names = sorted(path.relative_to(_TEMPLATES) for path in _TEMPLATES.rglob("*.j2"))
    return {
        name.with_name(_NAMES.get(name.stem, name.stem)): templates.get_template(name.as_posix()).render(context)
        for name in names
    }


def _added(path: Path, text: str) -> bool:
    """Write a file unless it is there; returns whether it was. Settings are their owner's alone, from the start."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o600 if path.suffix == ".env" else 0o777 if text.startswith("#!") else 0o666
    with suppress(FileExistsError), open(path, "x", encoding="utf-8", opener=lambda p, f: os.open(p, f, mode)) as file:
        file.write(text)
        return True
    return False


def _tell(folder: Path, source: NewSource, *, is_new: bool) -> None:
    """Say whether the source can be reached, and what comes next."""
    if source.lacking and is_new:
        named = ", ".join(source.lacking)
        print(f"The source {source.name} needs {named}, which requirements.txt names now: {set_up(folder / _SETTINGS)}")
    elif source.url and is_new:
        print(tried(config.load(folder / _SETTINGS), source))
    elif source.url:
        print(f"The settings are there already: add SOURCE_{source.name.upper()}_URL to them yourself.")
    print(f"Next: cd {quote(str(folder))}, and go on with its README.md.")


def _quoted(text: str) -> str:
    """Write a value as settings files need it."""
    if not re.search(r"[\s'\"#\\$`]", text):
        return text
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _zone() -> str:
    """Return the machine's time zone, UTC where it does not say it by name."""
    named = os.environ.get("TZ", ""), str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    for name in filter(None, named):
        with suppress(ValueError, OSError, KeyError):
            return ZoneInfo(name.removeprefix("posix/")).key.removeprefix("Etc/")
    return "UTC"
