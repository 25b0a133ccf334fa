"""The lists in the guides: the star's tables, linked into the dictionary, what may be declared, and the guards."""

import re
from collections.abc import Iterable

from etl.company.queries import HEADER
from etl.contract.options import OPTIONS, about
from etl.contract.reserved import RESERVED
from etl.contract.types import TYPES, decimal_type
from etl.docs.lineage import Kind
from etl.docs.markdown import anchors, code, escaped
from etl.docs.parts import Book, Code, Line, share
from etl.guards.every import GUARDS
from etl.guards.raw import LINES


def renewed(guide: str, book: Book, dictionary: str) -> str:
    """Return the guide's text with each list between its marks, of those that it has.

    dictionary: where the Markdown dictionary lies, as seen from the guide.
    """
    lists = {"tables": listed(book, dictionary), "types": types(), "reserved": reserved()}
    lists |= {"options": options(), "guards": guards(), "header": header()}
    for name, text in lists.items():
        begin, end = f"<!-- {name}: begin (python -m etl docs) -->", f"<!-- {name}: end -->"
        between = re.compile(f"({re.escape(begin)}).*({re.escape(end)})", re.DOTALL)
        guide = between.sub(lambda marks, text=text: f"{marks[1]}\n\n{text}\n\n{marks[2]}", guide)  # type: ignore[misc]
    return guide


def header() -> str:
    """List in Markdown the lines of a query's header."""
    guarded = [(f"{name}: {each.metadata['example']}", "A guard: see docs/trust.md.") for name, each in LINES.items()]
    return _table("line", "meaning", rows=[(code(f"-- {line}"), told) for line, told in (*HEADER.items(), *guarded)])


def types() -> str:
    """List in Markdown the types that a column may have."""
    rows = [(code(each.word), each.holds) for each in (*TYPES, decimal_type(18, 4))]
    return _table("type", "holds", rows=rows)


def reserved() -> str:
    """List in Markdown the columns that `build` may add."""
    rows = [(code(each.word), code(name), each.meaning) for name, each in RESERVED.items()]
    return _table("word", "column", "meaning", rows=rows)


def options() -> str:
    """List in Markdown what a contract's class arguments may be."""
    rows = []
    for name, field in OPTIONS.items():
        option = about(name)
        default = f" By default {code(str(field.default))}." if isinstance(field.default, float) else ""
        rows.append((code(f"{name}={option.example}", in_table=True), f"{option.meaning}{default}"))
    return _table("argument", "meaning", rows=rows)


def guards() -> str:
    """List in Markdown what each guard refuses, and where it is told how much it lets pass."""
    rows = [
        (code(guard.name), ", ".join(guard.stages), escaped(guard.stops), _declared(guard.reads))
        for guard in GUARDS.values()
    ]
    return _table("guard", "stage", "refuses", "tolerance, declared in", rows=rows)


def _declared(names: Iterable[str]) -> str:
    """Return where what a guard reads is written, with the defaults, or else with examples."""
    lines = {each.name: f"-- {line}: {_told(each.default, each.metadata['example'])}" for line, each in LINES.items()}
    query = [code(lines[name]) for name in names if name in lines]
    contract = [code(f"{n}={_told(OPTIONS[n].default, about(n).example)}") for n in names if n in OPTIONS]
    where = {"the query": query, "the contract": contract}
    return "; ".join(f"{what}: {', '.join(told)}" for what, told in where.items() if told)


def _told(default: object, example: str) -> str:
    return example if not isinstance(default, float) else share(default) if example.endswith("%") else str(default)


def listed(book: Book, dictionary: str) -> str:
    """List the star's tables in Markdown, by what one row is."""
    where = anchors(book)
    entries = [entry for chapter in book.chapters for entry in chapter.entries]
    rows = [
        (f"[{code(entry.node.name)}]({dictionary}#{where[entry.node]})", _text(entry.summary))
        for entry in entries
        if entry.node.kind in (Kind.DIMENSION, Kind.FACT)
    ]
    return _table("table", "grain", rows=rows)


def _table(*headings: str, rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in (headings, *rows)]
    return "\n".join([lines[0], f"|{'---|' * len(headings)}", *lines[1:]])


def _text(line: Line) -> str:
    return "".join(
        code(p.text, in_table=True) if isinstance(p, Code) else escaped(p if isinstance(p, str) else p.shown)
        for p in line
    )
