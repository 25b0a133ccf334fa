"""What a contract says once: schema, nullability, keys, references."""

import ast
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from etl.company.tables import read_tables
from etl.contract import (
    Date,
    Dimension,
    Fact,
    Flag,
    Integer,
    Key,
    Money,
    Number,
    Text,
    Timestamp,
    attribute,
    measure,
    natural_key,
    reference,
    surrogate_key,
)
from etl.contract.column import Role
from etl.contract.options import OPTIONS, Options, about, read_options
from etl.contract.table import Contract
from etl.core.errors import ContractError, UsageError


class DimPlanet(Dimension):
    """One row per planet.

    Moons are none.
    """

    planet_key: Key = surrogate_key()
    planet_id: Integer = natural_key("Its number.")
    name: Text = attribute("Its name.", unknown="Unknown", pii=True)
    found_on: Date = attribute("When it was found.")
    is_near: Flag = attribute("Whether it is near.", nullable=True, unknown=False)


class FactFlight(Fact, stream="flights", survivor=("-landed_at",), partition_by="day", cluster_by=("planet_key",)):
    """One row per planet and day."""

    planet_key: Key = reference("dim_planet", "Where to.", grain=True)
    day: Date = natural_key("The day.")
    landed_at: Timestamp = attribute("When.", nullable=True)
    price: Money = measure("What it cost.", ge=0, number_format="0.00")
    weight: Number = measure("Tons.", nullable=True)


PLANET, FLIGHT = Contract.of("dim_planet", DimPlanet), Contract.of("fact_flight", FactFlight)


def test_the_schema_has_the_exact_types_in_order() -> None:
    """Money is a decimal, times are UTC."""
    assert dict(zip(FLIGHT.schema.names, FLIGHT.schema.types, strict=True)) == {
        "planet_key": pa.int64(),
        "day": pa.date32(),
        "landed_at": pa.timestamp("us", "UTC"),
        "price": pa.decimal128(18, 2),
        "weight": pa.float64(),
    }


def test_a_column_is_nullable_where_it_says_so_or_where_the_unknown_member_has_no_value() -> None:
    """A dimension's column without `unknown` is NULL in member 0, so the published one may be NULL."""
    assert [f.name for f in PLANET.schema if f.nullable] == ["planet_id", "found_on", "is_near"]
    assert [f.name for f in FLIGHT.schema if f.nullable] == ["landed_at", "weight"]


def test_the_primary_key_is_the_surrogate_key_or_what_the_grain_says() -> None:
    """Of a fact: natural key and the references of the grain, in the order of the columns."""
    assert PLANET.primary_key == ("planet_key",)
    assert PLANET.grain_key == PLANET.natural_key == ("planet_id",)
    assert FLIGHT.primary_key == ("planet_key", "day")


def test_options_and_descriptions_are_told_once() -> None:
    """The docstring's first line is the grain; the class arguments and field data come through."""
    assert (PLANET.grain, PLANET.description) == ("One row per planet.", "One row per planet.\n\nMoons are none.")
    assert (FLIGHT.stream, FLIGHT.survivor, FLIGHT.partition_by, FLIGHT.cluster_by) == (
        ("flights",),
        ("-landed_at",),
        "day",
        ("planet_key",),
    )
    name, price = PLANET.columns[2], FLIGHT.columns[3]
    assert (name.role, name.description, name.pii, name.unknown) == (Role.ATTRIBUTE, "Its name.", True, "Unknown")
    assert (price.role, price.number_format) == (Role.MEASURE, "0.00")
    assert FLIGHT.references[0].dimension == "dim_planet"


HEAD = "from etl.contract import *\nimport pandas as pd\n"
GOOD = '''
class DimX(Dimension):
    """One row per x."""

    x_key: Key = surrogate_key()
    x_id: Integer = natural_key("Its number.")
    name: Text = attribute("Its name.", unknown="Unknown")


def build(xs: pd.DataFrame) -> pd.DataFrame:
    return xs
'''


def faulty(change: tuple[str, str] | str) -> Any:
    """Spoil the good table file."""
    return HEAD + (GOOD.replace(*change) if isinstance(change, tuple) else change)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (faulty(('"""One row per x."""', "pass")), "no docstring"),
        (faulty(("def build", "def built")), "no function build"),
        (HEAD + GOOD + GOOD.replace("DimX", "DimY"), "declares 2 contracts"),
        (HEAD, "declares 0 contracts"),
        (faulty(("def build(", "def build((")), "cannot be read"),
        (HEAD + "import nothing_such\n" + GOOD, "nothing_such"),
        (faulty(("attribute(", "atribute(")), "atribute"),
        (faulty(('unknown="Unknown"', "nulable=True")), "nulable"),
        (faulty(('= attribute("Its name.", unknown="Unknown")', "")), "name is not declared in the words"),
        (faulty(("name: Text", "name: str")), "name is not declared in the words"),
        (faulty(('unknown="Unknown"', "unknown=7")), "unknown member's name, 7, is not of the type string"),
        (faulty(('natural_key("Its', 'attribute("Its')), "needs a surrogate_key and a natural_key"),
        (faulty(("DimX(Dimension)", "FactX(Fact)")), "a fact has no surrogate_key"),
        (faulty(("DimX(Dimension)", "DimX(Dimension, stream='xs', survivor='name')")), "cannot choose a survivor"),
        (faulty(("DimX(Dimension)", "DimX(Dimension, partition_by='day')")), "day, which the contract names"),
        (faulty(('unknown="Unknown"', 'sort_by="rank"')), "rank, which the contract names"),
        (faulty(("DimX(Dimension)", "DimX(Dimension, hierarchies={'Xs': ('letter', 'name')})")),
         "letter, which the contract names"),
        (faulty(("DimX(Dimension)", "DimX(Dimension, hierarchies={'Xs': ('dim_y.letter', 'name')})")),
         "dim_y.letter, a level of a hierarchy"),
        (faulty(("name: Text", "dim_x: Text")), "a column is named like its table"),
        (faulty(("x_key: Key = surrogate_key()", 'x_key: Key = reference("dim_y", "Y.")')), "needs a surrogate_key"),
        (faulty(("name: Text = attribute(", 'y_key: Key = reference("dim_xx", "X.")\n    name: Text = attribute(')),
         "refers to dim_xx, which is not a dimension"),
        (faulty(("    name: Text", '    y: Key = reference("dim_x", "X.", on=["a", "b"])\n    name: Text')),
         "is found by a, b, but the natural key of dim_x is x_id"),
    ],
)  # fmt: skip
def test_a_faulty_table_file_is_named_with_its_fault(tmp_path: Path, text: str, told: str) -> None:
    """No traceback: the sentence names the file."""
    path = tmp_path / "dim_x.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=told) as fault:
        read_tables(tmp_path)
    assert str(path) in fault.value.message


def test_a_streamed_table_with_a_survivor_is_sent_to_the_querys_header(tmp_path: Path) -> None:
    """Which row survives is decided before the blocks are built."""
    text = GOOD.replace("DimX(Dimension)", "FactX(Fact, stream='xs', survivor=('name',))")
    (tmp_path / "fact_x.py").write_text(HEAD + text.replace("    x_key: Key = surrogate_key()\n", ""), encoding="utf-8")
    with pytest.raises(ContractError, match="cannot choose a survivor") as fault:
        read_tables(tmp_path)
    assert "xs.sql" in fault.value.hint


def test_an_empty_folder_is_no_star(tmp_path: Path) -> None:
    """Most likely the setting names the wrong one."""
    with pytest.raises(UsageError, match="There is no table") as fault:
        read_tables(tmp_path)
    assert "TABLES_DIR" in fault.value.hint


@pytest.mark.parametrize("name", OPTIONS)
def test_each_option_takes_the_example_that_its_meaning_and_its_refusal_show(name: str) -> None:
    """What is said of an option is in one place, so its example is checked by what reads it."""
    value = ast.literal_eval(about(name).example)
    options = read_options({name: value})
    assert getattr(options, name) in (value, (value,))
    assert getattr(options, name) != getattr(Options(), name)
    with pytest.raises(ContractError) as fault:
        read_options({name: object()})
    assert about(name).example in fault.value.hint
