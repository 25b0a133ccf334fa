"""`etl draft`: from a source's catalogue to queries and table files that pass their own checks."""

from pathlib import Path
from tempfile import TemporaryDirectory

import config
from config import Settings
from etl.company.plan import make_plan
from etl.company.sql import POSTGRES
from etl.company.tables import contracts, read_tables
from etl.contract.table import Contract
from etl.core.call import call
from etl.core.errors import UsageError
from etl.core.names import guess
from etl.core.origin import read_url
from etl.download.stage import dialects_of, source_of
from etl.draft.asking import asking
from etl.draft.calendar import CALENDAR
from etl.draft.catalogue import Catalogue, found, read_catalogue
from etl.draft.guess import looks_like_a_fact, referred_by
from etl.draft.keys import Looked
from etl.draft.measure import Measuring, allowed
from etl.draft.shape import Folder, Part, Shaping
from etl.draft.table import dated, table_text
from etl.look.screen import console, number, table

DATES = "dim_" + "date"
"""The calendar's name; a table file of this name that is there is taken, whatever it is."""
_MOST_LISTED = 60


def draft(settings_file: Path, source: str, names: list[str]) -> None:
    """Draft tables of a source, as facts with all that they refer to; without names, list what there is."""
    settings = config.load(settings_file)
    source = source.lower()
    if source not in settings.sources:
        raise UsageError(
            f"The settings name no source {source} (SOURCE_{source.upper()}_URL).", guess(source, settings.sources)
        )
    url = read_url(source, settings.sources[source].get_secret_value())
    with source_of(settings, source, {}) as opened, asking(url) as connection:
        catalogue = read_catalogue(connection)
        if not names:
            _overview(catalogue, settings_file, source)
            return
        chosen = [found(catalogue, name, connection.inspector.default_schema_name or "") for name in names]
        looked = Looked(connection, catalogue)
        shaping = Shaping(looked, _folder(settings))
        for each in chosen:
            shaping.fact(each)
        with TemporaryDirectory() as trial:
            dialect = dialects_of(settings).get(source, POSTGRES)
            measuring = Measuring(looked, opened, source, Path(trial), dialect)
            texts = _texts(settings, list(shaping.parts.values()), measuring)
    _check(settings, texts)
    _write(texts)
    _tell(texts, shaping, settings_file)


def _folder(settings: Settings) -> Folder:
    queries = [path.stem for path in sorted(settings.queries_dir.glob("*.sql"))]
    return Folder(_contracts(settings.tables_dir), queries)


def _contracts(folder: Path) -> dict[str, Contract]:
    return contracts(folder) if list(folder.glob("[!_.]*.py")) else {}


def _texts(settings: Settings, parts: list[Part], measuring: Measuring) -> dict[Path, str]:
    """Write the text of each file that is to be made."""
    texts: dict[Path, str] = {}
    calendar = _contracts(settings.tables_dir).get(DATES)
    has_calendar = calendar is None or [str(calendar.schema.field(n).type) for n in calendar.natural_key] == [
        "date32[day]"
    ]
    for part in parts:
        texts[settings.queries_dir / f"{part.query}.sql"] = measuring.measure(part)
        if part.is_fact and has_calendar:
            dated(part, DATES)
            for refers in part.refers:
                item = next((i for i in part.items if i.name == (refers.day_of or refers.on[0])), None)
                if refers.key is None and item is not None:
                    refers.unknown = allowed(item.outside)
        texts[settings.tables_dir / f"{part.name}.py"] = table_text(part)
    if calendar is None and any(refers.dimension == DATES for part in parts for refers in part.refers):
        years = measuring.years or [2000]
        texts[settings.tables_dir / f"{DATES}.py"] = CALENDAR.format(first=min(years), last=max(years))
    return texts


def _check(settings: Settings, texts: dict[Path, str]) -> None:
    """Let the checks of a night see the drafted files among those that are there."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "tables"
        folder.mkdir()
        queries = {path.stem for path in (*settings.queries_dir.glob("*.sql"), *texts) if path.suffix == ".sql"}
        for path in settings.tables_dir.glob("*.py"):
            (folder / path.name).write_bytes(path.read_bytes())
        for path, text in texts.items():
            if path.suffix == ".py":
                (folder / path.name).write_text(text, encoding="utf-8")
        if list(folder.glob("[!_.]*.py")):
            make_plan(read_tables(folder), sorted(queries))


def _write(texts: dict[Path, str]) -> None:
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)


def _tell(texts: dict[Path, str], shaping: Shaping, settings_file: Path) -> None:
    screen = console()
    lines = sum(text.count("\n") for text in texts.values())
    for path, text in texts.items():
        screen.print(f"wrote {path} ({text.count(chr(10))} lines)", soft_wrap=True)
    for name in dict.fromkeys(shaping.kept):
        screen.print(f"kept {name}, which is there already", soft_wrap=True)
    if not texts:
        screen.print("Nothing was written.")
        return
    screen.print(f"{lines} lines in {len(texts)} files. Read the comments: they say what was guessed and what bites.")
    fact = next((part.name for part in shaping.parts.values() if part.is_fact), None)
    if fact:
        screen.print(f"Look at it: {call('-m etl preview', settings_file, fact)}", soft_wrap=True)


def _overview(catalogue: Catalogue, settings_file: Path, source: str) -> None:
    """List the tables, those that look like facts first, and say what to type."""
    screen = console()
    if not catalogue:
        raise UsageError(f"The source {source} has no table that we may see.", "Grant the role SELECT on them.")
    facts = [t for t in catalogue.values() if looks_like_a_fact(catalogue, t)]
    ordered = sorted(catalogue.values(), key=lambda t: (t not in facts, -(t.rows or 0), t.full))
    lines = table("table", "rows", "columns", "refers to", "referred to by", "", right=("rows", "columns"))
    for each in ordered[:_MOST_LISTED]:
        refers = ", ".join(dict.fromkeys(key.table for key in each.foreign_keys))
        mark = "looks like a fact" if each in facts else "view" if each.is_view else ""
        lines.add_row(
            each.full, number(each.rows), str(len(each.columns)), refers, number(referred_by(catalogue, each)), mark
        )
    screen.print(lines)
    if len(ordered) > _MOST_LISTED:
        screen.print(f"… and {len(ordered) - _MOST_LISTED} more.")
    screen.print("Rows are the catalogue's estimates.")
    screen.print(f"Draft one: {call('-m etl draft', settings_file, source, ordered[0].full)}", soft_wrap=True)
