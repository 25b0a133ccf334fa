"""How the faults of a database and its drivers are told apart; each database's own are in its folder's errors.py."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import DBAPIError

_CONNECTION = "08"
_PASSING_STATES = (_CONNECTION, "40001", "40P01", "53300", "57P0", "HYT0")
"""How the SQLSTATEs begin of faults that pass, in every database that has them."""
_REFUSED = "access denied|login failed|logon denied|password|authenti|unknown database|does not exist"
"""What any server may say that is reached and lets nobody in."""


@dataclass(frozen=True)
class Faults:
    """What a database says.

    passing: the numbers of faults that pass, passing_texts: what is said without a number; refusals, refused: of a
    server that is reached and lets nobody in, where trying it again may lock the account; cures: by number, cures_said:
    by a part of what is said; line: finds the line of the query. Cures may name the {setting} of the source's URL,
    and the one of its {password}.
    """

    passing: frozenset[int] = frozenset()
    passing_texts: str = "(?!)"
    refusals: frozenset[int] = frozenset()
    refused: str = "(?!)"
    cures: Mapping[int, str] = field(default_factory=dict)
    cures_said: Sequence[tuple[str, str]] = ()
    line: str = "(?!)"

    def number(self, original: Any) -> int | None:
        """Return the number of a fault as the driver tells it."""
        for code in (getattr(original, "errno", None), *getattr(original, "args", ())[:1]):
            if isinstance(code, int) and code > 0:
                return code
        return None

    def code(self, error: BaseException) -> int | None:
        """Return the number of a fault, if the database raised it."""
        return self.number(error.orig) if isinstance(error, DBAPIError) else None

    def passes(self, error: BaseException) -> bool:
        """Whether a retry may cure it."""
        if not isinstance(error, DBAPIError):
            return False
        original: Any = error.orig
        state = str(getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or "")
        return (
            error.connection_invalidated
            or self.code(error) in self.passing
            or state.startswith(_PASSING_STATES)
            or bool(re.search(self.passing_texts, str(original), re.IGNORECASE))
        )

    def refuses(self, error: DBAPIError) -> bool:
        """Whether a server was reached and lets us not in."""
        code = self.code(error)
        if code in self.refusals:
            return True
        said = re.search(f"{_REFUSED}|{self.refused}", self.reason(error), re.IGNORECASE)
        return bool(said) and code not in self.passing and not self.passes(error)

    def reason(self, error: BaseException) -> str:
        """Return what the database or its driver said, as a sentence."""
        original: Any = error.orig if isinstance(error, DBAPIError) else error
        args: tuple[Any, ...] = getattr(original, "args", ())
        numbered = len(args) > 1 and isinstance(args[0], int) and isinstance(args[1], str)
        text = getattr(original, "msg", None) or (args[1] if numbered else str(original)) or type(original).__name__
        code = self.code(error)
        told = " ".join(str(text).split()).rstrip(".")
        return f"{told}{f' (error {code})' if code and code > 999 else ''}."

    def cure(self, error: BaseException, setting: str) -> str | None:
        """Return what to do, where that is known."""
        said = self.reason(error).lower()
        by_text = (cure for mark, cure in self.cures_said if mark in said)
        found = self.cures.get(self.code(error) or 0) or next(by_text, None)
        return found.format(setting=setting, password=setting.removesuffix("_URL") + "_PASSWORD") if found else None

    def line_of(self, error: BaseException, last: int) -> str:
        """Find the .sql file's line: our own text puts one line before the file's first, and one after its last."""
        match = re.search(self.line, self.reason(error).partition(" (error")[0])
        return f":{min(max(int(match[1]) - 1, 1), last)}" if match else ""
