"""Names that a person wrote: those that match nothing get the one that was most likely meant."""

from collections.abc import Iterable
from difflib import get_close_matches

from etl.core.errors import UsageError


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
