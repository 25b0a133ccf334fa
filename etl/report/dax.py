"""Measures in DAX, made from what they declare; by the names that analysts see."""

from collections.abc import Iterator

from etl.company.measure import Conditions, Measure
from etl.company.report import Report
from etl.contract.history import IS_CURRENT
from etl.contract.table import Contracts
from etl.contract.types import TEXT
from etl.report.aggregates import column_of, is_key
from etl.report.arithmetic import in_dax
from etl.report.dax_values import condition
from etl.report.names import friendly
from etl.report.reach import guarded_by, reached, versioned
from etl.report.related import ends

_LINE = 110
_OVER = {"sum": "SUMX", "count": "SUMX", "min": "MINX", "max": "MAXX"}


def table(name: str) -> str:
    """Name a table in DAX."""
    return f"'{friendly(name)}'"


def column(table_name: str, name: str) -> str:
    """Name a column in DAX."""
    return f"{table(table_name)}[{friendly(name)}]"


def dax_of(measure: Measure, report: Report, contracts: Contracts) -> str:
    """Return what Power BI evaluates for a measure: what is written, or what its declaration says."""
    if measure.dax is not None:
        return measure.dax.strip("\n")
    if measure.tree is not None:
        return in_dax(measure.tree)
    return _Aggregate(measure, report, contracts).text()


def guarded(measure: Measure, report: Report, contracts: Contracts) -> str:
    """Return what Power BI evaluates: BLANK while something is chosen that the measure does not answer to."""
    tables = guarded_by(report, contracts, measure)
    dax = dax_of(measure, report, contracts)
    if not tables:
        return dax
    test = " && ".join(f"NOT(ISFILTERED({table(name)}))" for name in tables)
    line = f"IF({test}, {dax})"
    if len(line) <= _LINE and "\n" not in dax:
        return line
    return f"IF(\n    {test.replace(' && ', f'{chr(10)}        && ')},\n    {_indented(dax)}\n)"


class _Aggregate:
    def __init__(self, measure: Measure, report: Report, contracts: Contracts) -> None:
        self._measure, self._report, self._contracts = measure, report, contracts
        self._of = str(measure.of)
        view = report.views.get(self._of)
        self._table, self._chosen = (view.like, view.where) if view else (self._of, {})

    def text(self) -> str:
        before = [*self._conditions(self._chosen)]
        behind = [*self._conditions(self._measure.where), *self._known()]
        cleared = ["REMOVEFILTERS()" if t == "*" else f"REMOVEFILTERS({table(t)})" for t in self._measure.ignores]
        cleared += [*self._along(), *self._as_is()]
        if self._measure.latest is None:
            return _calculate(self._base(), [*map(_kept, [*before, *behind]), *cleared])
        text = self._latest(self._measure.latest, before, behind)
        return _calculate(text, cleared) if cleared else text

    def _along(self) -> Iterator[str]:
        """Turn to the relationship that the measure names."""
        contract = self._contracts[self._table]
        for reference in contract.relationships:
            if reference.name == self._measure.along:
                start, end = ends(contract, reference, self._contracts)
                yield f"USERELATIONSHIP({column(self._table, start)}, {column(reference.dimension, end)})"

    def _as_is(self) -> Iterator[str]:
        """Go from the current versions that are chosen to all versions of their members."""
        for name in versioned(self._contracts, self._table) if self._measure.as_is else ():
            durable = column(name, str(self._contracts[name].durable_key))
            current = f"CALCULATETABLE(VALUES({durable}), KEEPFILTERS({column(name, IS_CURRENT)} = TRUE()))"
            yield from (f"REMOVEFILTERS({table(each)})" for each in reached(self._contracts, name))
            yield f"TREATAS({current}, {durable})"

    def _latest(self, latest: tuple[str, str], before: list[str], behind: list[str]) -> str:
        """Add up balances: of each, the rows of the greatest value in the filter context."""
        per, last = (column(self._table, name) for name in latest)
        greatest = _calculate(f"MAX({last})", [*map(_kept, before)], always=True)
        chosen = _calculate(self._base(), [*map(_kept, [*before, f"{last} == greatestOne", *behind])])
        inner = f"{_behind('VAR greatestOne =', greatest)}\n{_behind('RETURN', chosen)}"
        return f"{_OVER[str(self._measure.aggregate)]}(\n    VALUES({per}),\n    {_indented(inner)}\n)"

    def _base(self) -> str:
        measure = self._measure
        if measure.column is None:
            return f"COUNTROWS({table(self._table)})"
        if measure.aggregate != "distinct":
            return f"{str(measure.aggregate).upper()}({self._named(measure.column)})"
        if "." in measure.column:
            return f"COUNTROWS(SUMMARIZE({table(self._table)}, {self._named(measure.column)}))"
        known = column_of(measure.column, self._of, self._report, self._contracts)
        blank = "NOBLANK" if known is None or known.nullable else ""
        return f"DISTINCTCOUNT{blank}({self._named(measure.column)})"

    def _known(self) -> Iterator[str]:
        for name in self._measure.known:
            is_number = is_key(column_of(name, self._of, self._report, self._contracts))
            yield f"{self._named(name)} <> 0" if is_number else self._is_there(name)
        counted = self._measure.column if self._measure.aggregate == "distinct" else None
        if counted and "." in counted and counted not in self._measure.known:
            yield self._is_there(counted)

    def _is_there(self, name: str) -> str:
        """Leave blanks out, and neither 0 nor an empty text, which are equal to BLANK() by a single sign.

        Of texts it is said by two signs: not every engine's ISBLANK knows that an empty one is there.
        """
        known = column_of(name, self._of, self._report, self._contracts)
        may_be_empty = known is None or known.type == TEXT.arrow
        return f"NOT({self._named(name)} == BLANK())" if may_be_empty else f"NOT(ISBLANK({self._named(name)}))"

    def _conditions(self, where: Conditions) -> Iterator[str]:
        for name, values in where.items():
            known = column_of(name, self._of, self._report, self._contracts)
            has_blanks = known is None or known.nullable or "." in name
            yield condition(self._named(name), values, has_blanks=has_blanks)

    def _named(self, name: str) -> str:
        owner, _, own = name.rpartition(".")
        return column(owner or self._table, own)


def _kept(condition: str) -> str:
    return f"KEEPFILTERS({condition})"


def _calculate(value: str, filters: list[str], *, always: bool = False) -> str:
    if not filters and not always:
        return value
    line = f"CALCULATE({', '.join([value, *filters])})"
    if len(line) <= _LINE and "\n" not in line:
        return line
    return "CALCULATE(\n    " + ",\n    ".join(map(_indented, [value, *filters])) + "\n)"


def _behind(begin: str, text: str) -> str:
    return f"{begin}\n    {_indented(text)}" if "\n" in text else f"{begin} {text}"


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")
