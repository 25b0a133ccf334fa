"""Names that a person wrote: those that match nothing get the one that was most likely meant."""

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from keyword import iskeyword
from pathlib import Path
from unicodedata import category, normalize

from etl.core.errors import ContractError, UsageError

_MOST_LISTED = 20


def guess(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return the advice for a name that is not known: the nearest one that is, or else `otherwise`, or all of them."""
    names = list(known)
    near = get_close_matches(name, names, 1)
    if near or otherwise:
        return f"Did you mean {near[0]}?" if near else otherwise
    more = f", … ({len(names)} in all)" if len(names) > _MOST_LISTED else ""
    return f"Choose from: {', '.join(names[:_MOST_LISTED])}{more}." if names else "There is none to choose from yet."


def check_only(only: Iterable[str], known: Iterable[str], kind: str) -> None:
    """Refuse what --only names if it is none of the known. kind: what they are called."""
    names = list(known)
    for name in only:
        if name not in names:
            raise UsageError(
                f"--only names {name}, but there is no {kind} of that name.",
                guess(name, names),
            )


def query_files(folder: Path) -> list[Path]:
    """List the queries of a folder."""
    return sorted(folder.glob("[!.]*.sql"))


def table_files(folder: Path) -> list[Path]:
    """List the table files of a folder: not what several of them share, whose name begins with _."""
    return sorted(folder.glob("[!_.]*.py"))


def table_paths(folder: Path) -> list[Path]:
    """List the table files of a folder. Raises UsageError where there is none."""
    if paths := table_files(folder.absolute()):
        return paths
    raise UsageError(
        f"There is no table in {folder}.", "Name the folder of the table files in TABLES_DIR, or move them there."
    )


def check_file_names(paths: Sequence[Path], kind: str) -> None:
    """Refuse files whose names cannot be those of tables or queries: `build` names its parameters after them.

    kind: what they are called. Raises ContractError.
    """
    names = [path.name.removesuffix(path.suffix) for path in paths]
    for path, name in zip(paths, names, strict=True):
        if not is_name(name) or iskeyword(name):
            raise ContractError(
                f"{path}: {name} is not a name for a {kind}.",
                f"Rename it with letters, digits and underscores; a copy that is not a {kind} belongs in another folder"
                f"{', or begins with an underscore' if kind == 'table' else ''}.",
            )
    if twice := alike(names):
        raise ContractError(
            f"The {kind} files {' and '.join(twice)} differ in the case of their letters alone.", "Rename one of them."
        )


def is_name(name: str) -> bool:
    """Whether Python, every warehouse and Power BI take a text for a name as it is: letters of any language, digits, _.

    Source: BigQuery's flexible column names; Python's identifiers, which it reads in NFKC.
    """
    known = all(letter == "_" or category(letter)[0] in "LMN" for letter in name)
    return known and name.isidentifier() and normalize("NFKC", name) == name


def alike(names: Iterable[str]) -> list[str]:
    """Return the names that are the same but for the case of their letters."""
    every = list(names)
    times = Counter(name.casefold() for name in every)
    return [name for name in every if times[name.casefold()] > 1]
