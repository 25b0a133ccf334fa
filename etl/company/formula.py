"""Formulas: arithmetic over measures, said once for SQL, for DAX and for a browser.

Written with measures in brackets, numbers, + - * / and ( ). What is nothing (NULL, BLANK) follows one set of rules
everywhere: a division by nothing or by 0 is nothing; a product with nothing is nothing; in a sum or a difference
nothing counts as 0, unless all of it is nothing.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

_TOKEN = re.compile(r"\s*(?:\[(?P<measure>[^\]]+)\]|(?P<number>\d+(?:\.\d+)?)|(?P<sign>[-+*/()]))")
_DEEPEST = 50
"""Brackets within brackets, which nobody writes by hand."""


class FormulaError(ValueError):
    """What is wrong with a formula, and at which of its characters."""


@dataclass(frozen=True)
class Number:
    """A number, as it was written."""

    text: str


@dataclass(frozen=True)
class Named:
    """The value of another measure."""

    measure: str


@dataclass(frozen=True)
class Negative:
    """The value with the other sign."""

    value: "Formula"


@dataclass(frozen=True)
class Operation:
    """Two values, computed with each other. sign: + - * or /."""

    sign: str
    left: "Formula"
    right: "Formula"


Formula: TypeAlias = Number | Named | Negative | Operation
Json: TypeAlias = list[object]


def parsed(text: str) -> Formula:
    """Return what a formula says. Raises FormulaError naming the character at which it cannot be read."""
    return _Reader(text).whole()


def measures_in(formula: Formula) -> tuple[str, ...]:
    """Name the measures of a formula, each once, in the order of their appearance."""
    return tuple(dict.fromkeys(_named(formula)))


def inlined(formula: Formula, meant: Callable[[str], Formula | None]) -> Formula:
    """Return a formula down to the measures that are none. meant: the formula of a measure, None where it has none."""
    match formula:
        case Named(name):
            inner = meant(name)
            return formula if inner is None else inlined(inner, meant)
        case Negative(value):
            return Negative(inlined(value, meant))
        case Operation(sign, left, right):
            return Operation(sign, inlined(left, meant), inlined(right, meant))
    return formula


def as_json(formula: Formula) -> Json:
    """Return a formula as lists: ["number", "0.5"], ["measure", name], ["-", value], [sign, left, right]."""
    match formula:
        case Number(text):
            return ["number", text]
        case Named(name):
            return ["measure", name]
        case Negative(value):
            return ["-", as_json(value)]
        case Operation(sign, left, right):
            return [sign, as_json(left), as_json(right)]


def _named(formula: Formula) -> Iterator[str]:
    match formula:
        case Named(name):
            yield name
        case Negative(value):
            yield from _named(value)
        case Operation(_, left, right):
            yield from _named(left)
            yield from _named(right)


class _Reader:
    """Reads from left to right; * and / before + and -, a sign before both."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._depth = text, 0, 0
        self._token: re.Match[str] | None = None
        self._next()

    def whole(self) -> Formula:
        formula = self._sum()
        if self._token or self._rest():
            raise self._fault()
        return formula

    def _sum(self) -> Formula:
        return self._chain("+-", lambda: self._chain("*/", self._value))

    def _chain(self, signs: str, part: Callable[[], Formula]) -> Formula:
        left = part()
        while (sign := self._sign()) and sign in signs:
            self._next()
            left = Operation(sign, left, part())
        return left

    def _value(self) -> Formula:
        token, sign = self._token, self._sign()
        if token is None or sign in ("*", "/", ")"):
            raise self._fault()
        self._next()
        if sign is None:
            return Named(token["measure"]) if token["measure"] else Number(token["number"])
        self._depth += 1
        if self._depth > _DEEPEST:
            raise FormulaError(f"more than {_DEEPEST} brackets or signs within each other: divide it into measures")
        inner = self._sum() if sign == "(" else self._value()
        self._depth -= 1
        if sign == "(":
            if self._sign() != ")":
                raise self._fault("a bracket is not closed")
            self._next()
        return Negative(inner) if sign == "-" else inner

    def _sign(self) -> str | None:
        return self._token["sign"] if self._token else None

    def _next(self) -> None:
        self._token = _TOKEN.match(self._text, self._at)
        self._start = self._at
        if self._token:
            self._start, self._at = self._at, self._token.end()

    def _rest(self) -> str:
        return self._text[self._start :].strip()

    def _fault(self, why: str = "") -> FormulaError:
        rest = self._rest()
        if not rest:
            return FormulaError(f"it ends where {'a closing bracket' if why else 'a value'} should stand")
        column = len(self._text) - len(self._text[self._start :].lstrip()) + 1
        hint = why or "only [measures], numbers, + - * / and ( ) may stand in a formula, a sign between two values"
        return FormulaError(f"at character {column}, “{rest[:20]}”: {hint}")
