"""What is wrong with an entry of a company's report, in sentences: pydantic finds it, and its words stay its own."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from config.wanted import wanted
from etl.core.errors import ContractError, EtlError, joined
from etl.core.names import guess
from etl.core.needs import OR_NEWER

_NAMES = ("title", "name", "measure", "text")
"""The lines by which people call an entry of a list."""
_LONGEST = 40
_ANYWHERE = "Correct that line; docs/power-bi.md shows what an entry may say."

Fault = Mapping[str, Any]
Place = tuple[str | int, ...]


def of_entry(path: Path, kind: type[BaseModel], given: Mapping[str, Any], error: ValidationError) -> EtlError:
    """Return all that is wrong with an entry of a file, each once and with its cure."""
    places: dict[Place, list[Fault]] = {}
    for fault in error.errors():
        places.setdefault(_place(given, fault), []).append(fault)
    stray = {place: _stray(kind, place) for place, faults in places.items() if faults[0]["type"] == "extra_forbidden"}
    meant = {(*place[:-1], line) for place, line in stray.items()}
    places = {at: faults for at, faults in places.items() if not any(each[: len(at)] == at != each for each in places)}
    name = f"{path} [{given['name']}]" if isinstance(given.get("name"), str) else str(path)
    return joined(
        [
            _told(name, given, place, faults, kind)
            for place, faults in places.items()
            if not (faults[0]["type"] == "missing" and place in meant)  # it is there, and misspelt
        ]
    )


def _told(
    file: str, given: Mapping[str, Any], place: Place, faults: Sequence[Fault], kind: type[BaseModel]
) -> ContractError:
    """Say what is wrong at a place: several faults are those of several types, of which it should be one."""
    entries, rest = _divided(given, place)
    first, line, name = faults[0], _line(rest), ": ".join([file, *entries])
    if first["type"] == "missing" and isinstance(place[-1], str):
        return ContractError(f"{name} has no {line or 'such line'}.", "Add it.")
    if first["type"] == "extra_forbidden":
        known = _fields(kind, place)
        return ContractError(
            f"{name} has {line}, which is not known.",
            guess(str(place[-1]), known, f"It may have: {', '.join(known)}. {OR_NEWER}"),
        )
    if first["type"] == "value_error":
        said = str(first["ctx"]["error"])
        return ContractError(f"{name}: {f'{line}: ' if line else ''}{said}.", _ANYWHERE)
    types = list(dict.fromkeys(wanted(fault) for fault in faults))
    listed = " or ".join([", ".join(types[:-1]), types[-1]] if len(types) > 1 else types)
    return ContractError(f"{name}: {line or 'it'} is {_shown(first['input'])}, and should be {listed}.", _ANYWHERE)


def _place(given: Mapping[str, Any], fault: Fault) -> Place:
    """Return where a fault is in what is given: without the types that pydantic has tried there."""
    place: list[str | int] = []
    node: Any = given
    for part in fault["loc"]:
        if not _is_there(node, part):
            return (*place, part) if fault["type"] == "missing" else tuple(place)
        place.append(part)
        node = node[part]
    return tuple(place)


def _divided(given: Mapping[str, Any], place: Place) -> tuple[list[str], Place]:
    """Divide a place into the entries of lists that it is in, by what a person calls them, and the line in there."""
    names, rest, node = [], place, given
    for at, part in enumerate(place):
        if not _is_there(node, part):
            break
        node = node[part]  # type: ignore[index]
        if isinstance(part, int) and isinstance(node, dict):
            called = next((each for key in _NAMES if isinstance(each := node.get(key), str)), "")
            names.append(f"{place[at - 1]} “{called}”" if called else f"{place[at - 1]} {part + 1}")
            rest = place[at + 1 :]
    return names, rest


def _is_there(node: object, part: str | int) -> bool:
    if isinstance(part, str):
        return isinstance(node, dict) and part in node
    return isinstance(node, list | tuple) and part < len(node)


def _line(rest: Place) -> str:
    """Name a line of an entry: of one in braces with the name in it."""
    texts = [part for part in rest if isinstance(part, str)]
    return f"`{texts[0]}`{f' of {texts[1]}' if texts[1:] else ''}" if texts else ""


def _stray(kind: type[BaseModel], place: Place) -> str:
    """Return the line that was probably meant by one that is not known."""
    return guess(str(place[-1]), _fields(kind, place), "?").removeprefix("Did you mean ").rstrip("?")


def _fields(kind: type[BaseModel], place: Place) -> list[str]:
    """Return the lines that the entry of a place may have."""
    for part in place[:-1]:
        if isinstance(part, str) and part in kind.model_fields:
            inner = [each for each in _inner(kind.model_fields[part].annotation) if issubclass(each, BaseModel)]
            kind = inner[0] if inner else kind
    return list(kind.model_fields)


def _inner(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
    for each in get_args(annotation):
        yield from _inner(each)


def _shown(value: object) -> str:
    """Write a value as the file does."""
    text = _written(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_written(each)}' for name, each in value.items())} }}"
    return f'"{value}"' if isinstance(value, str) else str(value)
