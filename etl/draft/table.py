"""The text of a drafted table file."""

import re
from collections.abc import Iterable

import pyarrow as pa

from etl.contract.types import MOST_SCALE, MOST_WHOLE, TIME, column_type, decimal_type
from etl.core.arrow_types import arrow_type
from etl.draft.guess import is_measure
from etl.draft.names import class_name, entity, free, words
from etl.draft.parts import ROW_NUMBER, Item, Part, Refers

_WIDTH = 118
_LONG = 200_000
_LONGEST_DESCRIPTION = 1_000
_MOST_ROLES = 20
"""Dates of a fact that refer to the calendar."""


def table_text(part: Part, *, hashes: bool = False) -> str:
    """Write a table file. hashes: whether pseudonyms of personal texts are to be published in their place."""
    pii = "HASH" if hashes else "True"
    body = [*_columns(part, pii)]
    assigned = {r.on[0]: r.day_of for r in part.refers if r.day_of}
    used = set(re.findall(r"(?::|= )\s?(\w+)", "\n".join(body))) | {"Fact" if part.is_fact else "Dimension"}
    used |= {"business_date", "Night"} if assigned else set()
    used |= {"HASH"} if any("pii=HASH" in line for line in body) else set()
    title = words(entity(part.table.name))
    lines = [f'"""{title}: drafted from {part.table.full.replace(chr(34), "")}."""', "", "import pandas as pd", ""]
    lines += [*_import(used), "", "", *_class(part), *body, "", "", *_build(part, assigned)]
    return "\n".join(lines) + "\n"


def dated(part: Part, calendar: str) -> None:
    """Let the dates of a fact refer to the calendar, in the order of the columns. calendar: its name."""
    taken = [*part.item_names, *(refers.name for refers in part.refers)]
    days = [item for item in part.items if kind_of(item) in ("Date", "Timestamp")]
    days.sort(key=lambda item: bool(re.search("updat|modif|chang|creat|insert|load|sync|delet", item.name)))
    for item in days[:_MOST_ROLES]:
        is_day = kind_of(item) == "Date"
        on = item.name if is_day else free(f"{_event(item.name)}_date", taken)
        name = free(f"{on}_key", taken)
        taken += [on, name]
        told = words(item.name).lower()
        what = f"The date of {told}." if is_day else f"The date of {told}, in business time."
        part.refers.append(Refers(name, calendar, (on,), what, day_of="" if is_day else item.name))


def _event(name: str) -> str:
    return re.sub(r"_(?:at|on|time|timestamp|ts|date|datetime)$", "", name)


def kind_of(item: Item) -> str:
    """Return the word of a contract for a column's type."""
    kind = arrow_type(item.arrow or "string")
    if pa.types.is_null(kind) or item.written.header == "text":
        return "Text"
    if pa.types.is_string(kind) and re.fullmatch(
        r"time( without time zone|\(\d\)( without time zone)?)?", item.source_type.lower()
    ):
        return TIME.word
    if pa.types.is_timestamp(kind):
        return "Timestamp"
    if pa.types.is_decimal(kind):
        scale = min(kind.scale, MOST_SCALE)
        return decimal_type(max(min(kind.precision - kind.scale, MOST_WHOLE) + scale, 1), scale).word
    found = column_type(kind)
    return found.word if found else "Text"


def _import(names: Iterable[str]) -> list[str]:
    import etl.contract

    known = [name for name in etl.contract.__all__ if name in set(names)]
    line = f"from etl.contract import {', '.join(known)}"
    if len(line) <= _WIDTH:
        return [line]
    return ["from etl.contract import (", *(f"    {name}," for name in known), ")"]


def _class(part: Part) -> list[str]:
    options = []
    if (part.rows or 0) > _LONG and not any(refers.dimension == part.name for refers in part.refers):
        options.append(f'stream="{part.query}"')
    else:
        options.append(f'rows_of=("{part.query}",)')
    days = [r.day_of or r.on[0] for r in part.refers if r.day_of or (r.key is None and part.is_fact)]
    if days and part.is_fact:
        options.append(f'partition_by="{days[0]}"')
    if unknown := max((refers.unknown for refers in part.refers), default=0.0):
        options.append(f"unknown={unknown:g}")
    base = "Fact" if part.is_fact else "Dimension"
    name = class_name(part.name)
    line = f"class {name}({', '.join([base, *options])}):"
    lines = [line] if len(line) <= _WIDTH else [f"class {name}(", *(f"    {o}," for o in [base, *options]), "):"]
    about = [f'    """One row per {entity(part.table.name).replace("_", " ")}.']
    comment = part.table.comment.replace("\\", "/").replace('"', "'")[:2000]
    return [*lines, *([*about, "", *_wrapped(comment), '    """'] if comment else [f'{about[0]}"""']), ""]


def _wrapped(text: str) -> list[str]:
    import textwrap

    return [f"    {line}" for line in textwrap.wrap(text, _WIDTH - 4)]


def _columns(part: Part, pii: str) -> Iterable[str]:
    if not part.is_fact:
        yield f"    {entity(part.table.name)}_key: Key = surrogate_key()"
    items = {item.name: item for item in part.items}
    hidden = {name for refers in part.refers if refers.key for name in refers.on} - set(part.natural)
    for name in part.natural:
        if name == ROW_NUMBER:
            yield f'    {name}: Integer = natural_key("The row\'s number; the source has no key.")'
        else:
            yield from _line(part, items[name], "natural_key", pii)
    for refers in part.refers:
        yield from _reference(refers)
    for item in part.items:
        if item.name not in part.natural and item.name not in hidden:
            yield from column_lines(part, item, pii)


def column_lines(part: Part, item: Item, pii: str) -> list[str]:
    """Write the lines of one column: as of a number that people add up, or as one that describes.

    pii: what is written of personal texts.
    """
    is_number = kind_of(item) in ("Integer", "Number") or kind_of(item).startswith("Decimal")
    is_sum = part.is_fact and is_number and is_measure(item.name) and item.name not in part.refer
    return list(_line(part, item, "measure" if is_sum else "attribute", pii))


def _reference(refers: Refers) -> Iterable[str]:
    for note in refers.notes:
        yield from _comment(note)
    on = f'"{refers.on[0]}"' if len(refers.on) == 1 else "[" + ", ".join(f'"{each}"' for each in refers.on) + "]"
    yield from _fitted(
        f"    {refers.name}: Key = reference(", [f'"{refers.dimension}"', _text(refers.what), f"on={on}"]
    )


def _line(part: Part, item: Item, word: str, pii: str) -> Iterable[str]:
    options = [_text(_description(item))]
    kind = kind_of(item)
    may_be_null = item.column.nullable or item.is_joined or re.search("CASE|NULLIF", item.written.sql)
    if word != "natural_key" and may_be_null:
        options.append("nullable=True")
    if word == "attribute" and not part.is_fact and kind == "Text":
        options.append('unknown="Unknown"')
    if word == "measure" and kind != "Integer":
        options.append('number_format="#,0.00"')
    if word != "measure" and item.is_personal:
        options.append(f"pii={pii if kind == 'Text' else 'True'}")
    yield from _fitted(f"    {item.name}: {kind} = {word}(", options)


def _description(item: Item) -> str:
    if item.column.comment:
        return item.column.comment[:_LONGEST_DESCRIPTION]
    return f"{words(item.name)}: drafted from {item.table.name}.{item.column.name}."


def _text(text: str) -> str:
    """Write a text as Python does, in double quotes."""
    plain = "".join(c if c.isprintable() else " " for c in text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def _fitted(begin: str, parts: list[str]) -> Iterable[str]:
    line = f"{begin}{', '.join(parts)})"
    if len(line) <= _WIDTH + 2:
        yield line
        return
    inner = f"        {', '.join(parts)}"
    yield begin
    yield from [inner] if len(inner) <= _WIDTH + 2 else [f"        {part}," for part in parts]
    yield "    )"


def _comment(note: str) -> Iterable[str]:
    import textwrap

    yield from (f"    # {line}" for line in textwrap.wrap(note, _WIDTH - 6))


def _build(part: Part, assigned: dict[str, str]) -> list[str]:
    if not assigned:
        told = '    """Return the rows as the query has them."""'
        return [f"def build({part.query}: pd.DataFrame) -> pd.DataFrame:", told, f"    return {part.query}"]
    lines = [f"def build({part.query}: pd.DataFrame, night: Night) -> pd.DataFrame:"]
    lines += ['    """Add the dates of times, in business time."""', f"    return {part.query}.assign("]
    lines += [f'        {day}=business_date({part.query}["{at}"], night.time_zone),' for day, at in assigned.items()]
    return [*lines, "    )"]
