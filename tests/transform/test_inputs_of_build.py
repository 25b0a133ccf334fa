"""What a build does to the frames that it is given stays with it: other tables get what was read."""

from collections.abc import Callable

import pandas as pd
import pytest

from etl.company.tables import Function
from etl.transform import context
from tests.transform.house import House, Raw, sales, shops

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


def test_every_call_gets_frames_of_its_own() -> None:
    """Those of the stream, too, which a table and the partials of others share."""
    given = {"sales": pd.DataFrame({"price": [1, 2]}, dtype="int64[pyarrow]")}
    call: Callable[[], list[object]] = lambda: context.arguments(  # noqa: E731
        None,
        Function("build", lambda sales: sales, ("sales",)),
        given,  # type: ignore[arg-type]
    )
    (first,) = call()
    assert isinstance(first, pd.DataFrame)
    first["price"].array[0] = 9
    first["more"] = 1
    (second,) = call()
    pd.testing.assert_frame_equal(second, pd.DataFrame({"price": [1, 2]}, dtype="int64[pyarrow]"))
