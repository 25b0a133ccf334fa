"""Keys that are numbers, but no whole ones of 64 bits: as such they identify nothing, so they are drafted as text."""

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from etl.contract.table import Contract
from etl.core.arrow_types import arrow_type
from etl.draft.asking import Asking
from etl.draft.parts import Item, Part, Refers
from etl.draft.types import Written

_BEYOND = "NOT (abs({0}) <= 9223372036854775807) OR {0} <> round({0}, 0)"
_AS_TEXT = {"postgresql": "{0}::text", "mysql": "CAST({0} AS CHAR)"}
_OTHERS = "CAST({0} AS VARCHAR)"

Places = set[tuple[str, str]]


def as_texts(parts: Mapping[str, Part], known: Mapping[str, Contract], asking: Asking) -> list[Part]:
    """Write such keys, and all that refers to them, as text; returns the parts whose query is another one now."""
    items = {(part.name, item.name): item for part in parts.values() for item in part.items}
    found = {place for place in _keys(parts) if place in items and _is_beyond(parts[place[0]], items[place], asking)}
    pairs = list(_pairs(parts, known))
    while more := {place for pair in pairs if pair & found or None in pair for place in pair if place} - found:
        found |= more
    for place in found & items.keys():
        _write(items[place], asking.backend)
    return [part for part in parts.values() if any(name == part.name for name, _ in found)]


def _keys(parts: Mapping[str, Part]) -> Places:
    """Name what identifies or refers."""
    found = {(part.name, name) for part in parts.values() for name in part.natural}
    return found | {(part.name, name) for part in parts.values() for name in _referring(part.refers)}


def _referring(references: Iterable[Refers]) -> Iterator[str]:
    yield from (name for refers in references if refers.key for name in refers.on)


def _pairs(parts: Mapping[str, Part], known: Mapping[str, Contract]) -> Iterator[set[tuple[str, str] | None]]:
    """Pair what refers with the key that it refers to: None for one that is a text in a table file that is there."""
    for part in parts.values():
        arrows = {item.name: arrow_type(item.arrow or "string") for item in part.items}
        for refers in part.refers:
            if refers.key and refers.dimension in parts:
                theirs = parts[refers.dimension].natural
                for ours, name in zip(refers.on, theirs, strict=False):
                    yield {(part.name, ours), (refers.dimension, name)}
            elif refers.key:
                there = known[refers.dimension]
                for ours, name in zip(refers.on, there.natural_key, strict=False):
                    if pa.types.is_string(there.schema.field(name).type) and not pa.types.is_string(arrows[ours]):
                        yield {(part.name, ours), None}


def _is_beyond(part: Part, item: Item, asking: Asking) -> bool:
    """Whether a column of decimals holds what no whole number of 64 bits is."""
    if item.is_joined or not pa.types.is_decimal(arrow_type(item.arrow or "string")):
        return False
    place = asking.place(part.table.schema, part.table.name)
    return bool(asking.rows(f"SELECT 1 FROM {place} WHERE {_BEYOND.format(asking.quoted(item.column.name))} LIMIT 1"))


def _write(item: Item, backend: str) -> None:
    if pa.types.is_string(arrow_type(item.arrow or "string")):
        return
    item.notes.append("a key that is no whole number of 64 bits everywhere, so it is text here")
    item.written = Written(_AS_TEXT.get(backend, _OTHERS), "text" if backend == "sqlite" else "")
