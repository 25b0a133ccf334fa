"""What a build does to the frames that it is given stays with it: other tables get what was read."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from etl.company.tables import Function
from etl.core.manifest import RawTable
from etl.transform import inputs
from etl.transform.inputs import arguments
from etl.transform.raw import RawRows, read_whole
from tests.transform.house import FACT_SALE, House, Raw, sales, shops

FACT = '''
class {name}(Fact, stream="visits"):
    """One row per visit."""

    visit_id: Integer = natural_key("Its number.")
    name: Text = attribute("Whose.", nullable=True)


def build(visits: pd.DataFrame) -> pd.DataFrame:
    given = visits.copy()
    {spoil}
    return given
'''
SPOILING = [
    "visits['name'] = 'spoilt'",
    "visits.loc[visits['visit_id'] > 0, 'name'] = 'spoilt'",
    "visits.iloc[0, 1] = 'spoilt'",
    "visits['name'].array[0] = 'spoilt'",
    "visits.sort_values('visit_id', ascending=False, inplace=True)",
    "visits.drop(index=0, inplace=True)",
    "visits.insert(0, 'shop', 1); visits.drop(columns='shop', inplace=True)",
    "visits['name'].fillna('spoilt', inplace=True)",
    "visits.index = visits.index[::-1]",
    "visits.columns = ['visit_id', 'name']; visits.columns.name = visits.index.name = 'spoilt'",
    "visits.attrs['spoilt'] = True",
]


@pytest.mark.filterwarnings("ignore")  # pandas has something to say about some of these
@pytest.mark.parametrize("spoil", SPOILING)
def test_a_build_that_changes_its_input_changes_it_for_no_other_table(house: House, spoil: str) -> None:
    """Two facts share a block, the spoiling one is built first; the other one holds what the query gave."""
    house.write(
        fact_arrival=FACT.format(name="FactArrival", spoil=spoil), fact_visit=FACT.format(name="FactVisit", spoil="")
    )
    visits = Raw("visit_id int64, name string", [("1", "One"), ("2", None)], ("visit_id",))
    house.raw(shops=shops(), sales=sales(), visits=visits)
    house.build()
    told = [(row["visit_id"], row["name"]) for row in house.rows("fact_visit")]
    assert told == [(1, "One"), (2, None)]


DIM_OF_FIVE = '''
class DimOfFive(Dimension, rows_of=("a", "b", "c", "d", "e")):
    """One row per thing, of whichever query."""

    thing_key: Key = surrogate_key()
    thing_id: Integer = natural_key("Its number.")


def build(a, b, c, d, e):
    return pd.concat([a, b, c, d, e], ignore_index=True)
'''
FACT_BESIDE_FIVE = FACT_SALE.replace("build(sales: pd.DataFrame)", "build(sales: pd.DataFrame, a, b, c, d, e)")


@pytest.mark.parametrize(
    "tables",
    [{"dim_of_five": DIM_OF_FIVE}, {"fact_sale": FACT_BESIDE_FIVE}],
    ids=["built whole", "beside four blocks"],
)
def test_a_query_is_read_once_by_a_table(house: House, monkeypatch: pytest.MonkeyPatch, tables: dict[str, str]) -> None:
    """However many queries it reads, and in however many blocks it is built; what was rejected is told of once."""
    read: Counter[str] = Counter()

    def counted(folder: Path, table: RawTable, *others: object) -> RawRows:
        read[table.file] += 1
        return read_whole(folder, table, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(inputs, "read_whole", counted)
    house.write(**tables)
    things = {
        name: Raw("thing_id int64", [(str(number),), ("x",)], ("thing_id",)) for number, name in enumerate("abcde")
    }
    house.raw(1, shops=shops(1), sales=sales("1 1 1.00", "2 1 2.00", "3 1 3.00", "4 1 4.00"), **things)
    house.build()
    assert {name: read[f"{name}.csv"] for name in "abcde"} == dict.fromkeys("abcde", 1)
    assert house.star.tables[next(iter(tables))].rejected == {"thing_id is not a number": 5}


def test_every_call_gets_frames_of_its_own() -> None:
    """Those of the stream, too, which a table and the partials of others share."""
    given = {"sales": pd.DataFrame({"price": [1, 2]}, dtype="int64[pyarrow]")}
    call: Callable[[], list[object]] = lambda: arguments(  # noqa: E731
        None,  # type: ignore[arg-type]
        Function("build", lambda sales: sales, ("sales",)),
        given,
    )
    (first,) = call()
    assert isinstance(first, pd.DataFrame)
    first["price"].array[0] = 9
    first["more"] = 1
    (second,) = call()
    pd.testing.assert_frame_equal(second, pd.DataFrame({"price": [1, 2]}, dtype="int64[pyarrow]"))
