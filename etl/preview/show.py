"""`etl preview`: a star table or a query on a slice: what became of its rows, what its columns hold, the first rows."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

import config
from config import Settings
from config.redacted import STARS
from etl.company.queries import Query, read_queries
from etl.company.tables import TableFile
from etl.contract.column import UNKNOWN, Column
from etl.core import arrow_csv
from etl.core.errors import ContractError, UsageError
from etl.core.log import quiet
from etl.core.names import guess, table_paths
from etl.core.personal import Marks
from etl.core.runs import Store
from etl.core.safe_text import safe
from etl.core.scratch import scratch_folder
from etl.download.stage import dialects_of
from etl.look import vertical
from etl.look.grid import Cells
from etl.look.rejects import Shown, reasons
from etl.look.screen import console, table
from etl.look.values import texts
from etl.preview.build import build, limits, plan_of
from etl.preview.extract import from_raw, from_sources, of_nothing
from etl.transform.context import Context, star_files
from etl.transform.files import REJECTS
from etl.transform.keys import losers
from etl.transform.raw import RawRows, read_whole
from etl.transform.runner import Result

_EXAMPLES, _LONGEST, _WIDEST = 3, 200, 40


def preview(settings_file: Path, name: str, rows: int, first: int, *, raw: bool, show_personal: bool) -> None:
    """Print what a table or a query gives, of so many rows of its source. first: how many rows are printed.

    raw: whether the rows are those of the newest raw run.
    """
    settings = config.load(settings_file)
    queries = _queries(settings)
    with quiet(), scratch_folder() as scratch:
        store = Store(scratch / "data")
        if name in queries:
            told = _extracted(settings, store, queries, {name: rows}, {}, name, raw)
            _show_query(store, queries[name], rows, first, told, show_personal=show_personal)
            return
        _check_name(settings, name, queries)
        tables, plan = plan_of(settings, list(queries), name)
        wanted = limits(tables, name, rows)
        told = _extracted(settings, store, queries, wanted, tables, name, raw)
        (scratch / "star").mkdir()
        try:
            context, results = build(settings, store, plan, scratch / "star")
        except ContractError as error:
            raise _with_texts(error, scratch / "star" / REJECTS, show_personal=show_personal) from None
        _show_table(settings, store, context, results, tables[name], wanted, first, told, show_personal=show_personal)


def _with_texts(error: ContractError, folder: Path, *, show_personal: bool) -> ContractError:
    """Say how to read an exception's text that may hold personal data: a night keeps it in a file, and we do not."""
    message, hint = error.message, error.hint
    for path in folder.glob("*.error.txt"):
        cure = "" if show_personal else "Read it with --show-personal."
        hint = hint.replace(f"Read it in {path.name} in the data folder's failed_rejects.", cure).strip()
        message += f"\n{path.read_text(encoding='utf-8').strip()}" if show_personal else ""
    return ContractError(message, hint)


def _queries(settings: Settings) -> dict[str, Query]:
    marks = Marks.of(settings.tables_dir)
    found = read_queries(settings.queries_dir, dialects_of(settings))
    return {name: replace(query, marks=marks) for name, query in found.items()}


def _check_name(settings: Settings, name: str, queries: Mapping[str, Query]) -> None:
    names = [path.stem for path in table_paths(settings.tables_dir)]
    if name not in names:
        raise UsageError(f"There is no table and no query {name}.", guess(name, [*names, *queries]))


def _extracted(
    settings: Settings,
    store: Store,
    queries: Mapping[str, Query],
    wanted: Mapping[str, int],
    star: Mapping[str, TableFile],
    name: str,
    raw: bool,
) -> list[str]:
    if not wanted:
        of_nothing(settings, store)
        return []
    if raw:
        return from_raw(settings, Store.of(settings), store, queries, wanted)
    return from_sources(settings, store, queries, wanted, star, name)


def _show_table(
    settings: Settings,
    store: Store,
    context: Context,
    results: Mapping[str, Result],
    file: TableFile,
    wanted: Mapping[str, int],
    first: int,
    told: Iterable[str],
    *,
    show_personal: bool,
) -> None:
    screen, contract, result = console(), file.contract, results[file.name]
    raw = store.raw.newest("")
    parts = [arrow_csv.read_file(path, contract.schema) for path in star_files(context, file.name)]
    built = pa.concat_tables([contract.schema.empty_table(), *parts])
    if contract.surrogate_key:
        built = built.filter(pc.field(contract.surrogate_key) != UNKNOWN)
    counts = result.counts
    screen.print(
        f"{file.name}: {built.num_rows:,} rows of {counts.handed:,}; {counts.all_rejected:,} rejected,"
        f" {counts.all_set_aside:,} set aside."
    )
    for line in told:
        screen.print(line, soft_wrap=True)
    cut = [name for name, most in wanted.items() if raw.tables[name].rows >= most]
    read = ", ".join(
        f"{table_.rows:,} of {name}{' (cut)' if name in cut else ''}" for name, table_ in raw.tables.items()
    )
    if read:
        screen.print(f"Rows that were read: {read}. Nothing is committed.", soft_wrap=True)
    marks = Marks() if show_personal else Marks.of(settings.tables_dir)
    declared = frozenset(name for each in raw.tables.values() for name in each.personal)
    shown = Shown(_EXAMPLES, _LONGEST, marks, frozenset() if show_personal else declared)
    reasons(file.name, [context.folder / REJECTS / part.file.name for part in result.parts], shown)
    for reason, count in counts.why_set_aside.items():
        screen.print(f"\n{count:,} set aside: {safe(reason)}", soft_wrap=True)
    _unknown(result, [name for name in cut if name not in file.inputs])
    hidden = frozenset() if show_personal else contract.personal
    _summary(built, contract.columns, hidden)
    _first(built.slice(0, first), hidden)


def _unknown(result: Result, cut: list[str]) -> None:
    """Tell of references that match no member, which may be the slice's fault."""
    screen = console()
    unknown = {name: each for name, each in result.counts.unknown.items() if each.rows}
    for name, each in unknown.items():
        screen.print(f"\n{name}: {each.unmatched:,} rows match no member, {each.null:,} have none.", soft_wrap=True)
    if any(each.unmatched for each in unknown.values()) and cut:
        screen.print(f"Members may be missing because {', '.join(cut)} were cut.", soft_wrap=True)


def _summary(rows: pa.Table, columns: Iterable[Column], hidden: frozenset[str]) -> None:
    lines = table("column", "type", "NULL", "distinct", "least", "greatest", right=("NULL", "distinct"))
    for column in columns:
        lines.add_row(column.name, column.type_name, *_held(rows.column(column.name), column.name in hidden))
    console().print()
    console().print(lines)


def _held(values: pa.ChunkedArray, is_hidden: bool) -> Iterator[str]:
    """Say what a column holds: NULLs, different values, the least and the greatest."""
    yield f"{values.null_count:,}"
    yield f"{pc.count_distinct(values).as_py():,}"
    if is_hidden:
        yield from (STARS, STARS)
    elif pa.types.is_boolean(values.type) or values.null_count == len(values):
        yield from ("", "")
    else:
        least = pc.min_max(values)
        yield from _texts(pa.array([least["min"].as_py(), least["max"].as_py()], values.type), _WIDEST)


def _texts(values: pa.Array, longest: int) -> list[str]:
    return ["∅" if text is None else safe(text, longest) for text in texts(values)]


def _first(rows: pa.Table, hidden: frozenset[str]) -> None:
    if not rows.num_rows:
        return
    print()
    block = []
    for name in rows.column_names:
        shown = _texts(rows.column(name).combine_chunks(), _LONGEST)
        shown = [STARS if name in hidden and text != "∅" else text for text in shown]
        block.append(Cells(shown, range(len(shown))))
    vertical.show(rows.column_names, [block])


def _show_query(store: Store, query: Query, rows: int, first: int, told: Iterable[str], *, show_personal: bool) -> None:
    """Print what a query gives, typed as tables get it."""
    screen, raw = console(), store.raw.newest("")
    entry = raw.tables[query.name]
    found: RawRows = read_whole(store.raw.path(raw.run), entry)
    personal = frozenset() if show_personal else entry.personal
    cut = " (cut)" if entry.rows >= rows else ""
    screen.print(f"{query.name}: {entry.rows:,} rows{cut}, {len(found.rejects):,} rejected. Nothing is committed.")
    for line in told:
        screen.print(line, soft_wrap=True)
    for reason in dict.fromkeys(reason for reason, _ in found.rejects):
        count = sum(each == reason for each, _ in found.rejects)
        screen.print(f"\n{count:,} × {safe(reason)}", soft_wrap=True)
    doubled = len(losers(found.frame, entry.key, entry.survivor, query.name))
    if doubled:
        screen.print(f"\n{doubled:,} rows have the same {', '.join(entry.key)} as another.", soft_wrap=True)
    typed = pa.Table.from_pandas(found.frame, preserve_index=False)
    lines = table(
        "column", "type", "in the source", "NULL", "distinct", "least", "greatest", right=("NULL", "distinct")
    )
    for column in entry.columns:
        held = _held(typed.column(column.name), column.name in personal)
        lines.add_row(safe(column.name), column.type, column.source_type, *held)
    screen.print()
    screen.print(lines)
    _first(typed.slice(0, first), personal)
