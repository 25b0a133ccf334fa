"""How a published table differs from its contract: the additive is added, all else is named, nothing is missed."""

import duckdb
from hypothesis import given
from hypothesis import strategies as some

from etl.load.duckdb import schema
from etl.load.shape import ColumnShape, Part, Reference, Shape, compare

NAMES = ("a", "b", "c", "d")
TYPES = ("BIGINT", "VARCHAR", "DATE", "DECIMAL(18,2)")


def _columns() -> some.SearchStrategy[tuple[ColumnShape, ...]]:
    column = some.builds(
        ColumnShape,
        name=some.sampled_from(NAMES),
        type=some.sampled_from(TYPES),
        nullable=some.booleans(),
        description=some.sampled_from(("", 'It\'s "said".')),
    )
    return some.lists(column, min_size=1, unique_by=lambda each: each.name).map(tuple)


SHAPES = some.builds(
    Shape,
    columns=_columns(),
    description=some.sampled_from(("", "One row per thing.")),
    partitioning=some.sampled_from(("", "by MONTH of a")),
    clustering=some.sampled_from(((), ("a",), ("b", "a"))),
    primary_key=some.sampled_from(((), ("a",), ("a", "b"))),
    references=some.sampled_from(((), (Reference("dim_x", (("a", "x_key"),)),), (Reference("other", (("a", "k"),)),))),
    labels=some.sampled_from(({}, {"managed_by": "etl"})),
)


@given(SHAPES)
def test_a_table_that_is_as_its_contract_wants_it_differs_in_nothing(shape: Shape) -> None:
    """And there is no sentence about it."""
    difference = compare("t", shape, shape, {"dim_x"})
    assert (difference.additive, difference.destructive, difference.sentence()) == ((), (), None)


@given(SHAPES, SHAPES)
def test_no_difference_is_missed(wanted: Shape, found: Shape) -> None:
    """Whatever differs is additive or destructive; what is allowed to be there besides is no difference."""
    difference = compare("t", wanted, found, {"dim_x"})
    columns = {c.name: c for c in wanted.columns} != {c.name: c for c in found.columns}
    own = {"dim_x"}  # a reference to a table of a person's is the person's
    keys = (
        wanted.primary_key != found.primary_key
        or not set(wanted.references) <= set(found.references)
        or any(each.table in own and each not in wanted.references for each in found.references)
    )
    rest = (wanted.description, wanted.partitioning, wanted.clustering) != (
        (found.description, found.partitioning, found.clustering)
    )
    labels = not wanted.labels.items() <= found.labels.items()
    assert bool(difference.additive or difference.destructive) == (columns or keys or rest or labels)
    assert all(change.said.startswith("t") for change in difference.destructive)
    assert (difference.sentence() is None) == (not difference.additive)


@given(_columns(), _columns(), some.sampled_from(("", "Else.")))
def test_additive_changes_make_a_table_what_its_contract_wants(
    before: tuple[ColumnShape, ...], after: tuple[ColumnShape, ...], description: str
) -> None:
    """In a real DuckDB: made as it was, then changed by what `change` writes; its rows stay."""
    old, new = Shape(before, "One row per thing."), Shape(after, description)
    with duckdb.connect() as connection:
        _apply(connection, compare("t", old, None))
        assert compare("t", old, _found(connection)).sentence() is None
        connection.execute(f"INSERT INTO t VALUES ({', '.join(_value(column) for column in before)})")
        difference = compare("t", new, _found(connection))
        assert Part.TABLE not in difference.parts
        if difference.destructive:
            return
        _apply(connection, difference)
        assert set(_found(connection).columns) == set(after)
        assert compare("t", new, _found(connection)).sentence() is None
        assert connection.execute("SELECT COUNT(*) FROM t").fetchall() == [(1,)]


def test_a_view_is_named_as_one_and_its_columns_are_not() -> None:
    """Nobody is told twelve lines about columns of what is not a table."""
    wanted = Shape((ColumnShape("a", "BIGINT", nullable=False, description=""),))
    difference = compare("t", wanted, Shape((), kind="a view"))
    assert [change.said for change in difference.destructive] == ["t is a view, not a table"]


def _apply(connection: duckdb.DuckDBPyConnection, difference: schema.Difference) -> None:
    for statement in schema.change(difference):
        connection.execute(statement)


def _found(connection: duckdb.DuckDBPyConnection) -> Shape:
    return schema.found(connection, "memory")["t"]


def _value(column: ColumnShape) -> str:
    return {"BIGINT": "1", "VARCHAR": "'x'", "DATE": "DATE '2030-01-01'"}.get(column.type, "1.5")
