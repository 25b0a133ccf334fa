"""Names that a person wrote: those that match nothing get the one that was most likely meant."""

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from keyword import iskeyword
from pathlib import Path

from etl.core.errors import ContractError, UsageError


def guess(name: str, known: Iterable[str], otherwise: str) -> str:
    """Give the advice for a name that is not known: the nearest one that is, or else `otherwise`."""
    near = get_close_matches(name, list(known), 1)
    return f"Did you mean {near[0]}?" if near else otherwise


def check_only(only: Iterable[str], known: Iterable[str], kind: str) -> None:
    """Refuse what --only names if it is none of the known. kind: what they are called."""
    names = list(known)
    for name in only:
        if name not in names:
            raise UsageError(
                f"--only names {name}, but there is no {kind} of that name.",
                guess(name, names, f"Choose from: {', '.join(names)}."),
            )


def check_file_names(paths: Sequence[Path], kind: str) -> None:
    """Refuse files whose names cannot be those of tables or queries: `build` names its parameters after them.

    kind: what they are called. Raises ContractError.
    """
    names = [path.name.removesuffix(path.suffix) for path in paths]
    for path, name in zip(paths, names, strict=True):
        if not (name.isascii() and name.isidentifier()) or iskeyword(name):
            raise ContractError(
                f"{path}: {name} is no name for a {kind}.",
                f"Rename it with letters, digits and underscores; a copy that is no {kind} belongs into another folder"
                f"{', or begins with an underscore' if kind == 'table' else ''}.",
            )
    if twice := alike(names):
        raise ContractError(
            f"The {kind} files {' and '.join(twice)} differ in the case of their letters alone.", "Rename one of them."
        )


def alike(names: Iterable[str]) -> list[str]:
    """Return the names that are the same but for the case of their letters."""
    every = list(names)
    times = Counter(name.casefold() for name in every)
    return [name for name in every if times[name.casefold()] > 1]
