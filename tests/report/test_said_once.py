"""A measure is said once: SQL and DAX made from one declaration give what the declaration means."""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from etl.company.formula import Formula, Named, Negative, Number, Operation, measures_in
from etl.company.measure import Measure
from etl.core.errors import ContractError
from etl.report.sql import Composer
from powerbi.service.differ import differs
from tests.report.small_star import CONTRACTS, DAYS, SHOPS, VIEW, Rows, opened, report_of
from tests.report.test_formulas import FORMULAS, in_brackets
from tests.truth.dax import Dax

KEYS = {"day_key", "shop_key"}
CONDITIONS: dict[str, list[Any]] = {
    "is_paid": [True, False, [True, False]],
    "kind": ["a", "B ", ["a", "b"], ""],
    "pieces": [0, [0, 2]],
    "day": [dt.date(2026, 1, 1)],
    "dim_shop.region": ["NORTH"],
    "dim_shop.floors": [0, [0, 2]],
    "dim_shop.is_open": [True, False],
    "dim_day.month": [1, [1, 3]],
}
KNOWN = ["shop_key", "pieces", "kind", "day", "dim_shop.floors", "dim_shop.shop_key", "dim_day.month"]
COLUMNS = {
    "sum": ["amount", "pieces"],
    "distinct": ["shop_key", "kind", "pieces", "till", "dim_shop.floors", "dim_shop.region", "dim_day.month"],
    "min": ["amount", "pieces", "day"],
    "max": ["amount", "pieces", "day"],
}
CONTEXTS: list[dict[str, list[Any]]] = [
    {},
    {"dim_day.month": [1, 2]},
    {"dim_shop.floors": [0]},
    {"dim_shop.is_open": [False], "dim_day.month": [2]},
    {"fact_sale.till": [2]},
    {"dim_shop.shop_id": [77]},
]


@st.composite
def declarations(draw: st.DrawFn, name: str) -> Measure:
    """Draw what a measure may declare."""
    word = draw(st.sampled_from(["sum", "count", "distinct", "min", "max"]))
    chosen = draw(st.lists(st.sampled_from(sorted(CONDITIONS)), max_size=2, unique=True))
    said: dict[str, Any] = {
        "of": draw(st.sampled_from(["fact_sale", VIEW.name])),
        word: True if word == "count" else draw(st.sampled_from(COLUMNS[word])),
        "where": {column: draw(st.sampled_from(CONDITIONS[column])) for column in chosen},
        "known": draw(st.lists(st.sampled_from(KNOWN), max_size=1)),
        "ignores": draw(st.sampled_from([[], [], ["dim_shop"], ["*"]])),
    }
    if said["of"] == "fact_sale":  # the view chooses by the shop of the sale
        said["along"] = draw(st.sampled_from([None, "day_key", "paid_day_key", "given_at_key"]))
    if word != "distinct":
        said["latest"] = draw(st.sampled_from([None, ["till", "day"], ["shop_key", "pieces"]]))
    return Measure.model_validate({"name": name, "folder": "F", "meaning": "M.", "format": "0"} | said)


@st.composite
def sales(draw: st.DrawFn) -> Rows:
    """Draw some sales: NULLs, unknown shops, values that are alike but for letter case or blanks."""
    days = {row["day_key"]: row["day"] for row in DAYS}
    rows = []
    for number in range(draw(st.integers(0, 6))):
        key = draw(st.sampled_from(sorted(days)))
        row = {"sale_id": number, "day_key": key, "day": days[key], "shop_key": draw(st.integers(0, 3))}
        row["paid_day_key"], row["given_at_key"] = draw(st.sampled_from(sorted(days))), draw(st.integers(0, 3))
        row["paid_day"] = days[row["paid_day_key"]]
        row["till"] = draw(st.integers(1, 2))
        row["amount"] = draw(st.sampled_from([None, Decimal("0.00"), Decimal("2.50"), Decimal("-2.50")]))
        row["pieces"] = draw(st.sampled_from([None, 0, 1, 2]))
        row["is_paid"] = draw(st.sampled_from([None, True, False]))
        row["kind"] = draw(st.sampled_from([None, "", "a", "A", "b"]))
        rows.append(row)
    return rows


def folded(value: Any) -> Any:
    """Return what tells members apart."""
    return value.strip().upper() if isinstance(value, str) else value


class Meaning:
    """What declarations mean, row by row, in plain Python."""

    def __init__(self, rows: Mapping[str, Rows], context: Mapping[str, list[Any]]) -> None:
        self.days = {row["day_key"]: row for row in rows["dim_day"]}
        self.shops = {row["shop_key"]: row for row in rows["dim_shop"]}
        self.sales, self.context = rows["fact_sale"], context
        self.along: str | None = None

    def value(self, row: Mapping[str, Any], column: str) -> Any:
        """Return what a sale has in a column, of its own or of a dimension, to which one of its references leads."""
        table, _, name = column.rpartition(".")
        day = "paid_day_key" if self.along == "paid_day_key" else "day_key"
        shop = "given_at_key" if self.along == "given_at_key" else "shop_key"
        return {"dim_day": self.days[row[day]], "dim_shop": self.shops[row[shop]]}.get(table, row)[name]

    def fits(self, row: Mapping[str, Any], where: Mapping[str, Iterable[Any]]) -> bool:
        """Say whether a sale has one of the values of each column."""
        return all(
            self.value(row, column) is not None and folded(self.value(row, column)) in [folded(v) for v in values]
            for column, values in where.items()
        )

    def knows(self, row: Mapping[str, Any], column: str) -> bool:
        """Say whether a member or a value is known."""
        value = self.value(row, column)
        return value != 0 if column.rpartition(".")[2] in KEYS else value is not None

    def of(self, measure: Measure) -> Any:
        """Return the value of a measure with rows."""
        self.along = measure.along
        context = {
            column: values
            for column, values in self.context.items()
            if "*" not in measure.ignores and column.partition(".")[0] not in measure.ignores
        }
        rows = [row for row in self.sales if self.fits(row, context)]
        rows = [row for row in rows if measure.of != VIEW.name or self.fits(row, VIEW.where)]
        if measure.latest:
            rows = list(newest(rows, *measure.latest))
        rows = [row for row in rows if self.fits(row, measure.where) and all(self.knows(row, n) for n in measure.known)]
        if measure.aggregate == "count":
            return len(rows) or None
        values = [value for row in rows if (value := self.value(row, str(measure.column))) is not None]
        if measure.aggregate == "distinct":
            return len({folded(value) for value in values}) or None
        return {"sum": sum, "min": min, "max": max}[str(measure.aggregate)](values) if values else None

    def computed(self, formula: Formula, values: Mapping[str, Any]) -> Any:
        """Return the value of a formula: None is nothing."""
        match formula:
            case Number(text):
                return Decimal(text)
            case Named(name):
                return None if values[name] is None else Decimal(values[name])
            case Negative(inner):
                return None if (value := self.computed(inner, values)) is None else -value
            case Operation(sign, left, right):
                return together(sign, self.computed(left, values), self.computed(right, values))


def newest(rows: Rows, per: str, last: str) -> Iterable[Mapping[str, Any]]:
    """Give of each balance the rows of the greatest value; those without one only where there is no other."""
    for key in {row[per] for row in rows}:
        known = [row[last] for row in rows if row[per] == key and row[last] is not None]
        yield from (row for row in rows if row[per] == key and row[last] == (max(known) if known else None))


def together(sign: str, one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Compute two values with each other."""
    if sign in "+-":
        both_nothing = one is None and other is None
        added = (one or Decimal(0)) + (other or Decimal(0)) * (1 if sign == "+" else -1)
        return None if both_nothing else added
    if one is None or other is None or (sign == "/" and other == 0):
        return None
    return one * other if sign == "*" else one / other


RARELY = settings(max_examples=30, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])


@RARELY
@given(declarations("A"), sales(), st.sampled_from(CONTEXTS))
def test_a_declaration_means_the_same_in_sql_and_in_dax(
    measure: Measure, rows: Rows, context: dict[str, list[Any]]
) -> None:
    """Whatever is declared, of whatever rows, in whatever filter context: also of none."""
    with opened({"dim_day": DAYS, "dim_shop": SHOPS, "fact_sale": rows}) as star:
        meant = Meaning(star.rows, context).of(measure)
        report = report_of([measure])
        (asked,) = star.read(Composer(report, CONTRACTS).query(["A"], None, context)).to_pylist()
        dax = Dax(star, report, CONTRACTS)
        found = dax.values(["A"], context)["A"]
    assert asked["v0"] == meant
    assert not differs("0", found, meant), (dax.measures, found, meant)


@RARELY
@given(FORMULAS.filter(measures_in), st.tuples(*[st.sampled_from([None, 0, 1, 3, -2])] * 2))
def test_a_formula_means_the_same_in_sql_and_in_dax(formula: Formula, values: tuple[int | None, int | None]) -> None:
    """Division by nothing or 0, nothing in sums and products, signs, and formulas of formulas."""
    rows = [
        {"sale_id": n, "day_key": 0, "shop_key": 0, "till": n, "pieces": value}
        for n, value in enumerate(values)
        if value is not None
    ]
    with opened({"dim_day": DAYS, "dim_shop": SHOPS, "fact_sale": rows}) as star:
        meant = Meaning(star.rows, {}).computed(formula, dict(zip("AB", values, strict=True)))
        base = {"folder": "F", "meaning": "M.", "format": "0", "of": "fact_sale", "sum": "pieces"}
        said = [Measure.model_validate(base | {"name": n, "where": {"till": t}}) for n, t in (("A", 0), ("B", 1))]
        of = {"folder": "F", "meaning": "M.", "format": "0"}
        said += [Measure.model_validate(of | {"name": "C", "formula": in_brackets(formula)})]
        said += [Measure.model_validate(of | {"name": "D", "formula": "-[C]"})]
        report = report_of(said)
        (asked,) = star.read(Composer(report, CONTRACTS).query(["C", "D"])).to_pylist()
        found = Dax(star, report, CONTRACTS).values(["C", "D"], {})
    for numbers in ((asked["v0"], asked["v1"]), (found["C"], found["D"])):
        assert near(numbers[0], meant), (numbers, meant)
        assert near(numbers[1], None if meant is None else -meant), (numbers, meant)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"sum": "amont"}, "There is no column amont"),
        ({"sum": "kind"}, "kind is string, of which there is no sum"),
        ({"max": "is_paid"}, "is_paid is bool, of which there is no max"),
        ({"sum": "dim_shop.floors"}, "sum is of a column of its own rows"),
        ({"count": True, "where": {"kind": 1}}, "1 cannot be a value of kind, which is string"),
        ({"count": True, "where": {"pieces": True}}, "True cannot be a value of pieces, which is int"),
        ({"count": True, "where": {"pieces": []}}, "its where names no value of pieces"),
        ({"count": True, "where": {"dim_shop.flor": 1}}, "There is no column dim_shop.flor"),
        ({"count": True, "known": ["dim_moon.moon"]}, "There is no column dim_moon.moon"),
        ({"count": True, "latest": ["till", "dim_day.day"]}, "its latest names dim_day.day"),
        ({"count": True, "of": VIEW.name, "known": ["moon"]}, "There is no column moon"),
        ({"count": True, "along": "paid_key"}, "its along names paid_key, which is no reference of fact_sale"),
        ({"count": True, "along": "paid_day"}, "its along names paid_day, which is no reference of fact_sale"),
        ({"count": True, "of": VIEW.name, "along": "given_at_key"}, "chooses by dim_shop, to which its along leads"),
        ({"count": True, "as_is": True}, "it says as_is, and fact_sale refers to no dimension with history"),
    ],
)
def test_what_does_not_fit_its_columns_is_told(said: dict[str, Any], told: str) -> None:
    """Before there is a query or a model."""
    about = {"name": "A", "folder": "F", "meaning": "M.", "format": "0", "of": "fact_sale"}
    with pytest.raises(ContractError) as fault:
        Composer(report_of([Measure.model_validate(about | said)]), CONTRACTS)
    assert fault.value.message.startswith("The measure [A] cannot be made: ")
    assert told in fault.value.message


@pytest.mark.parametrize("way", [{"formula": "[B]"}, {"sql": "COUNT(*)", "dax": "1"}, {"count": True, "dax": "1"}])
def test_a_way_along_which_nothing_is_made_is_refused(way: dict[str, Any]) -> None:
    """It makes SQL and DAX of sums and counts alone."""
    about = {"name": "A", "folder": "F", "meaning": "M.", "format": "0", "along": "paid_day_key"}
    of = {} if "formula" in way else {"of": "fact_sale"}
    with pytest.raises(ValueError, match="`along` makes its SQL and its DAX"):
        Measure.model_validate(about | of | way)
    with pytest.raises(ValueError, match="`as_is` makes its SQL and its DAX"):
        Measure.model_validate(about | of | way | {"as_is": True, "along": None})


def near(found: Any, meant: Decimal | None) -> bool:
    """Whether two numbers are the same, as far as a floating-point division tells."""
    if found is None or meant is None:
        return found is None and meant is None
    return abs(float(found) - float(meant)) <= 1e-9 * max(1.0, abs(float(meant)))
