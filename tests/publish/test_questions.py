"""What surrounds the proof: when values differ, how members are written, how fast is asked, who may publish."""

import datetime as dt
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from config.paths import ROOT
from etl.doctor.check import OK, WARNING
from etl.refresh.waiting import Waiting
from etl.report.dax_values import literal
from powerbi.service import dataset
from powerbi.service.contexts import Context
from powerbi.service.dataset import Dataset, QueryError
from powerbi.service.differ import differs
from powerbi.service.prove import prove, query
from powerbi.tmdl import unquoted
from tests.doctor.found import Patient
from tests.publish.fabric import Fabric, parsed
from tests.report.small_star import CONTRACTS, DAYS, SHOPS, opened
from tests.report.test_reach import SALES
from tests.report.test_reach import report as report_with_a_slicer
from tests.truth.dax import Dax

TABLE = """table 'Key Measures'

	measure A = 1

	partition 'Key Measures' = calculated
		mode: import
		source = {1}

"""
AT = dt.datetime(2026, 1, 31, 1, 2, 3, 456789, dt.UTC)


@pytest.mark.parametrize(
    ("format_", "dax", "sql", "is_other"),
    [
        ("#,0", 3, 3, False),
        ("#,0", 3.0, Decimal(3), False),
        ("#,0", 4, 3, True),
        ("#,0", None, 0, True),
        ("#,0", 0, None, True),
        ("#,0.00", 1.25, Decimal("1.25"), False),
        ("#,0.00", 1.26, Decimal("1.25"), True),
        ("#,0.00", 0.3333, Decimal("0.333333333"), False),
        ("#,0.00", 0.3335, Decimal("0.333333333"), True),
        ("0.0%", 0.3333, Decimal("0.333333333"), True),
        ("0.0%", 1 / 3, Decimal("0.333333333333"), False),
        ("General", True, True, False),
        ("General", False, True, True),
        ("General", "a", "b", True),
        ("General", True, 1, True),
        ("General", "3", 3, True),
        ("yyyy-mm-dd", dt.datetime(2026, 1, 31), dt.date(2026, 1, 31), False),
        ("yyyy-mm-dd", dt.datetime(2026, 1, 30), dt.date(2026, 1, 31), True),
        ("yyyy-mm-dd", dt.datetime(2026, 1, 31, 1, 2, 3, 457000), AT, False),
        ("yyyy-mm-dd", dt.datetime(2026, 1, 31, 1, 2, 4), AT, True),
        ("yyyy-mm-dd", "2026-01-31", dt.date(2026, 1, 31), True),
    ],
)
def test_values_differ_by_what_power_bi_can_hold(format_: str, dax: Any, sql: Any, is_other: bool) -> None:
    """Sums exactly, divided money to four places, shares to nine, instants to a hundredth of a second."""
    assert differs(format_, dax, sql) == is_other


MEMBERS = st.one_of(st.none(), st.booleans(), st.integers(), st.dates(), st.text(st.characters(codec="utf-8")))


@given(st.lists(MEMBERS, min_size=1, max_size=4))
def test_every_member_is_asked_for_as_it_is(members: list[object]) -> None:
    """Quotes, brackets and line breaks among them: what is read of the query is what was chosen."""
    context = Context({"dim_office.region": tuple(members), "dim_date.year": (2026,)})
    names, chosen = parsed(query(["Net Revenue", "Contracts"], context))
    assert names == {"v0": "Net Revenue", "v1": "Contracts"}
    assert chosen == {"Office.Region": members, "Date.Year": [2026]}


def test_a_blank_a_flag_and_a_day_are_written_in_dax() -> None:
    """By DAX's own functions."""
    found = [literal(value) for value in (None, True, dt.date(2026, 1, 31), -7, 'say "no"')]
    assert found == ["BLANK()", "TRUE()", "DATE(2026, 1, 31)", "-7", '"say ""no"""']
    assert unquoted("'a'") == "a"


def test_a_measure_that_does_not_answer_to_what_is_chosen_has_to_be_nothing() -> None:
    """Also one that Power BI alone has; an answer that is there is the total, and a difference."""
    said = report_with_a_slicer()
    with opened({"dim_day": DAYS, "dim_shop": SHOPS, "fact_sale": SALES}) as star:
        dax = Dax(star, said, CONTRACTS)

        def ask(guards: bool) -> set[str]:
            def answer(text: str) -> dict[str, Any]:
                names, chosen = parsed(text)
                context = {"dim_day.month": chosen["Day.Month"]} if chosen and guards else {}
                return {alias: dax.values(names.values(), context)[name] for alias, name in names.items()}

            found = prove(said, CONTRACTS, answer, star.read)
            assert {str(each.context) for each in found} > {"everything", "Month = 2"}
            assert all(each.is_compared for each in found if each.measure == "By Hand" and each.context.filters)
            return {each.measure for each in found if each.differs and each.context.filters}

        assert ask(guards=True) == set()
        assert ask(guards=False) == {"Sold", "Shops", "Ratio", "Both", "By Hand"}


def asked(fabric: Fabric) -> Dataset:
    """Give a published model, whose every measure is 1."""
    fabric.evaluate = lambda _, __, names, ___: dict.fromkeys(names, 1)
    model = fabric.put("SemanticModel", "M", {"definition/tables/Key Measures.tmdl": TABLE})
    target = fabric.target()
    return Dataset(type(target)(**{**vars(target), "dataset": model}), requests.Session(), Waiting(20))


def test_no_more_is_asked_in_a_minute_than_is_allowed(fabric: Fabric, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one too many waits until the first is a minute old (half a second, here)."""
    monkeypatch.setattr(dataset, "_MOST", 2)
    monkeypatch.setattr(dataset, "_MINUTE", 1.5)
    model, began = asked(fabric), time.monotonic()
    model._asked = type(model._asked)(maxlen=2)
    for _ in range(3):
        assert model.ask(query(["A"], Context({}))) == {"v0": 1}
    assert time.monotonic() - began >= 1.5


@pytest.mark.parametrize(
    "answer",
    [
        {"error": {"code": "X", "message": "More than 100000 rows in a query result"}},
        {"results": [{"error": {"code": "X", "message": "More than one result table"}, "tables": []}]},
        {"results": [{"tables": [{"rows": [], "error": {"code": "X", "message": "More than 100000 rows"}}]}]},
    ],
)
def test_an_error_in_an_answer_that_is_well_is_one(
    fabric: Fabric, answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Power BI gives limited data with status 200."""
    model = asked(fabric)
    monkeypatch.setattr(fabric, "execute", lambda *_: (200, answer))
    with pytest.raises(QueryError, match="More than"):
        model.ask(query(["A"], Context({})))


def test_the_doctor_says_whether_the_workspace_can_be_published_to(tmp_path: Path, fabric: Fabric) -> None:
    """Where there is a report: what is missing is a warning, for publishing is a person's choice."""
    patient = Patient(tmp_path, {}, fabric.settings | {"REPORT_DIR": str(ROOT / "powerbi")})
    levels = {check: finding.level for check, finding in patient.part("Power BI")}
    assert levels == {"dataset": WARNING, "publishing": OK}
    fabric.refusals = [("GET", "/items", 401, {"errorCode": "Unauthorized", "message": "No."})]
    (finding,) = patient.found("publishing", "Power BI")
    assert (finding.level, "public APIs" in finding.cure) == (WARNING, True)
