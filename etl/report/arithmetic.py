"""Formulas in SQL and in DAX, with the same rules for what is nothing: see `etl.company.formula`."""

from collections.abc import Callable

from etl.company.formula import Formula, Named, Negative, Number, Operation

_SUMS = ("+", "-")


def in_sql(formula: Formula, value: Callable[[str], str]) -> str:
    """Write a formula in the SQL that all warehouses share. value: the SQL of a measure's value."""
    match formula:
        case Number(text):
            return text
        case Named(name):
            return value(name)
        case Negative(inner):
            return f"(-{in_sql(inner, value)})"
        case Operation("*", left, right):
            return f"({in_sql(left, value)} * {in_sql(right, value)})"
        case Operation("/", left, right):
            return f"({in_sql(left, value)} / NULLIF({in_sql(right, value)}, 0))"
    return _sum_in_sql(formula, value)


def in_dax(formula: Formula) -> str:
    """Write a formula in DAX, in which BLANK follows these rules, but for division and for a sign before it."""
    match formula:
        case Number(text):
            return text
        case Named(name):
            return f"[{name}]"
        case Negative(inner):
            return f"-1 * {_factor(inner)}"
        case Operation("*", left, right):
            return f"{_factor(left)} * {_factor(right)}"
        case Operation("/", left, right):
            return f"DIVIDE({in_dax(left)}, {in_dax(right)})"
        case Operation(sign, left, right):
            behind = _factor(right) if sign == "-" else in_dax(right)
            return f"{in_dax(left)} {sign} {behind}"


def _factor(formula: Formula) -> str:
    is_sum = isinstance(formula, Operation) and formula.sign in _SUMS
    return f"({in_dax(formula)})" if is_sum else in_dax(formula)


def _sum_in_sql(formula: Formula, value: Callable[[str], str]) -> str:
    """Add up terms, all at once: else the text would double with each of them."""
    terms = [(sign, in_sql(term, value)) for sign, term in _terms(formula)]
    total = "".join(f" {sign} COALESCE({term}, 0)" for sign, term in terms)[1:]
    if _is_something(formula):
        return f"({total})"
    return f"CASE WHEN {' OR '.join(f'{term} IS NOT NULL' for _, term in terms)} THEN {total} END"


def _terms(formula: Formula, sign: str = "+") -> list[tuple[str, Formula]]:
    match formula:
        case Operation(between, left, right) if between in _SUMS:
            return [*_terms(left, sign), *_terms(right, sign if between == "+" else _turned(sign))]
        case Negative(inner):
            return _terms(inner, _turned(sign))
    return [(sign, formula)]


def _turned(sign: str) -> str:
    return "-" if sign == "+" else "+"


def _is_something(formula: Formula) -> bool:
    """Whether a value is known whatever its measures are."""
    match formula:
        case Number():
            return True
        case Negative(inner):
            return _is_something(inner)
        case Operation("*", left, right):
            return _is_something(left) and _is_something(right)
        case Operation(sign, left, right) if sign in _SUMS:
            return _is_something(left) or _is_something(right)
    return False
