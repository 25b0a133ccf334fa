"""`etl draft`: from a source's catalogue to queries and table files that pass their own checks."""

from pathlib import Path
from tempfile import TemporaryDirectory

import config
from config import Settings
from etl.company.plan import make_plan
from etl.company.sql import POSTGRES
from etl.company.tables import contracts_alone, read_tables
from etl.contract.table import Contract
from etl.core.call import call
from etl.core.errors import UsageError
from etl.core.log import quiet
from etl.core.names import guess, query_files, table_files
from etl.core.origin import read_url
from etl.core.safe_text import safe
from etl.download.stage import dialects_of, limits_of, source_of
from etl.draft.again import Change, changes, told
from etl.draft.asking import asking
from etl.draft.calendar import CALENDAR
from etl.draft.catalogue import Catalogue, found, read_catalogue
from etl.draft.guess import looks_like_a_fact, referred_by
from etl.draft.keys import Looked
from etl.draft.measure import Measuring, allowed
from etl.draft.parts import Folder, Part
from etl.draft.record import Drafted, of_part, path_of, read, refreshed, write
from etl.draft.shape import Shaping
from etl.draft.table import dated, table_text
from etl.look.screen import console, number, table

DATES = "dim_" + "date"
"""What a calendar is called where there is none yet."""
_MOST_LISTED = 60


def draft(settings_file: Path, source: str | None, names: list[str], *, noted: bool = False) -> None:
    """Draft tables of a source, as facts with all that they refer to; without names, list what there is.

    noted: whether the catalogue as it is now is only to be noted, because the files follow it.
    """
    settings = config.load(settings_file)
    source, names = _meant(list(settings.sources), source, names)
    if not source:
        raise UsageError("No source is named.", f"Name one of: {', '.join(settings.sources) or 'none is set'}.")
    if source not in settings.sources:
        raise UsageError(
            f"The settings name no source {source} (SOURCE_{source.upper()}_URL).", guess(source, settings.sources)
        )
    url = read_url(source, settings.sources[source].get_secret_value())
    if url.get_backend_name() == "file":
        raise UsageError(
            f"The source {source} is a folder of files, which has no catalogue to draft from.",
            "Write a query that names a file, FROM 'orders.csv': docs/sources.md, \"CSV, Parquet and Excel files\"."
            f" {call('-m etl preview', settings_file, 'QUERY')} shows what it gives.",
        )
    record = path_of(settings.tables_dir, source)
    known = read(record)
    with (
        quiet(),
        source_of(settings, source, {}) as opened,
        asking(source, url, limits_of(settings)) as connection,
        TemporaryDirectory() as trial,
    ):
        looked = Looked(connection, read_catalogue(connection))
        dialect, pii = dialects_of(settings).get(source, POSTGRES), "HASH" if settings.pseudonym_key else "True"
        measuring = Measuring(looked, opened, source, Path(trial), dialect, pii)
        changed = changes(known, looked.catalogue)
        if noted:
            _note(record, known, looked.catalogue, len(changed))
            return
        if changed:
            _tell_changes(
                changed, _as_today(known, measuring), measuring, call(f"-m etl draft {source} --noted", settings_file)
            )
        if not names:
            _overview(looked.catalogue, settings_file, source)
            return
        chosen = [found(looked.catalogue, name, connection.inspector.default_schema_name or "") for name in names]
        shaping = Shaping(looked, _folder(settings, record, known))
        shaping.facts(chosen)
        texts = _texts(settings, list(shaping.parts.values()), measuring)
    _check(settings, texts)
    _write(texts)
    write(record, known | {name: of_part(part, looked.catalogue) for name, part in shaping.parts.items()})
    _tell(texts, shaping, settings_file)


def _meant(sources: list[str], first: str | None, names: list[str]) -> tuple[str, list[str]]:
    """Return which source and which tables are meant: an only source need not be named."""
    if len(sources) != 1 or (first or "").lower() in sources:
        return (first or "").lower(), names
    return sources[0], [*([first] if first else []), *names]


def _note(record: Path, known: dict[str, Drafted], catalogue: Catalogue, count: int) -> None:
    """Note the catalogue as it is, for the tables that were drafted and are there."""
    there = {name: refreshed(each, catalogue) for name, each in known.items()}
    write(record, {name: each for name, each in there.items() if each})
    what = "1 change of the catalogue is" if count == 1 else f"{count} changes of the catalogue are"
    console().print(f"{what} noted in {record}; no table file was touched.", soft_wrap=True)


def _as_today(known: dict[str, Drafted], measuring: Measuring) -> dict[str, Part]:
    """Draft what was drafted as it would be today, for the lines to write; by the names that it has."""
    looked, shaping = measuring.looked, Shaping(measuring.looked, Folder({}, []))
    for name, each in known.items():
        full = next(iter(each.tables))
        if name.startswith("fact_") and full in looked.catalogue:
            shaping.fact(looked.catalogue[full])
    for part in shaping.parts.values():
        measuring.measure(part)
    made = {(part.table.full, part.is_fact): part for part in shaping.parts.values()}
    places = {name: (next(iter(each.tables)), name.startswith("fact_")) for name, each in known.items()}
    return {name: made[place] for name, place in places.items() if place in made}


def _tell_changes(changed: list[Change], parts: dict[str, Part], measuring: Measuring, command: str) -> None:
    screen = console()
    screen.print("The catalogue has changed since the draft; no file is touched:", soft_wrap=True)
    for change in changed:
        for line in told(change, parts, measuring.lines):
            screen.print(safe(line), soft_wrap=True)
    screen.print(f"Once the files follow: {command}", soft_wrap=True)


def _folder(settings: Settings, record: Path, known: dict[str, Drafted]) -> Folder:
    queries = [path.stem for path in query_files(settings.queries_dir)]
    others = {name for path in record.parent.glob("*.json") if path != record for name in read(path)}
    places = {name: next(iter(each.tables)) for name, each in known.items()}
    its_queries = {name: each.query for name, each in known.items() if each.query in queries}
    return Folder(_contracts(settings.tables_dir), queries, frozenset(others), places, its_queries)


def _contracts(folder: Path) -> dict[str, Contract]:
    return contracts_alone(folder) if table_files(folder) else {}


def _texts(settings: Settings, parts: list[Part], measuring: Measuring) -> dict[Path, str]:
    """Write the text of each file that is to be made."""
    texts: dict[Path, str] = {}
    calendar = _calendar(settings)
    for part in parts:
        measuring.measure(part)
    named, known = {part.name: part for part in parts}, _contracts(settings.tables_dir)
    measuring.write_wide_keys(named, known)
    measuring.check_references(named, known)
    measuring.mark_references(named, known)
    for part in parts:
        query = measuring.query(part)
        if not (path := settings.queries_dir / f"{part.query}.sql").exists():  # else of a table file that is gone
            texts[path] = query
        if part.is_fact:
            dated(part, calendar or DATES)
            for refers in part.refers:
                item = next((i for i in part.items if i.name == (refers.day_of or refers.on[0])), None)
                if refers.key is None and item is not None:
                    refers.unknown = allowed(item.outside)
                    refers.notes += [f"{calendar} has to have {item.years}."] * bool(calendar and item.years)
        texts[settings.tables_dir / f"{part.name}.py"] = table_text(part, hashes=settings.pseudonym_key is not None)
    if not calendar and any(refers.dimension == DATES for part in parts for refers in part.refers):
        years = measuring.years or [2000]
        texts[settings.tables_dir / f"{DATES}.py"] = CALENDAR.format(first=min(years), last=max(years))
    return texts


def _calendar(settings: Settings) -> str:
    """Name the calendar that is there: a dimension found by a date alone; "" where there is none."""
    known = _contracts(settings.tables_dir)
    found_by_a_date = [
        name
        for name, each in known.items()
        if each.is_dimension and [str(each.schema.field(key).type) for key in each.natural_key] == ["date32[day]"]
    ]
    return next(iter(sorted(found_by_a_date, key=lambda name: name != DATES)), "")


def _check(settings: Settings, texts: dict[Path, str]) -> None:
    """Let the checks of a night see the drafted files among those that are there."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "tables"
        folder.mkdir()
        queries = {path.stem for path in (*query_files(settings.queries_dir), *texts) if path.suffix == ".sql"}
        for path in settings.tables_dir.glob("*.py"):
            (folder / path.name).write_bytes(path.read_bytes())
        for path, text in texts.items():
            if path.suffix == ".py":
                (folder / path.name).write_text(text, encoding="utf-8")
        if table_files(folder):
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
    for name, by in shaping.once.items():
        screen.print(
            f"{name} is drafted once, as the dimension that {by} refers to; for a fact of it, too, name it alone.",
            soft_wrap=True,
        )
    if not texts:
        screen.print("Nothing was written.")
        return
    screen.print(f"{lines} lines in {len(texts)} files. Read the comments: they say what was guessed and what bites.")
    if any("pii=True" in text for text in texts.values()):
        screen.print(
            "Columns marked pii=True hold personal data, and are published as they are. With PSEUDONYM_KEY set,"
            " pii=HASH publishes pseudonyms, and pii=DROP nothing.",
            soft_wrap=True,
        )
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
