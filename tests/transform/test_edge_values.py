"""Edge values: each is kept exactly, or its row is rejected with the reason."""

import pytest

from etl.core.errors import ContractError
from tests.transform.house import House, Raw, sales, shops
from tests.transform.test_rows_of_the_star import assert_accounted

EDGES = [None, "", "NA", "nan", "null", "∅", '"', '""', "a\nb", "a\r\nb", ",", " ", "\\N", "👩‍💻", "a" * 5000]


def test_texts_survive_from_raw_to_star_as_they_are(house: House) -> None:
    """NULL, an empty text and "NA" are three values; quotes, line breaks and emoji stay."""
    rows = [(str(n), text) for n, text in enumerate(EDGES, 1)]
    house.raw(3, shops=Raw("shop_id int64, name string", rows, ("shop_id",)), sales=sales())
    house.build()
    assert [row["name"] for row in house.rows("dim_shop")][1:] == EDGES


FACT_EDGE = '''
class FactEdge(Fact, stream="edges"):
    """One row per edge."""

    edge_id: Integer = natural_key("Its number.")
    at: Timestamp = attribute("When.", nullable=True)
    day: Date = attribute("Which day.", nullable=True)
    money: Money = measure("How much.", nullable=True)
    number: Number = measure("How many.", nullable=True)
    flag: Flag = attribute("Whether.", nullable=True)
    text: Text = attribute("What.", nullable=True)


def build(edges: pd.DataFrame) -> pd.DataFrame:
    return edges
'''
COLUMNS = (
    "edge_id int64, at timestamp[us, tz=UTC], day date32[day], money decimal128(12, 2), number double, flag bool,"
    " text string"
)


def edges(rows: list[list[str | None]]) -> Raw:
    """Make rows that may not fit."""
    return Raw(COLUMNS, rows, ("edge_id",))


@pytest.mark.parametrize("rows_a_block", [1, 2, 100])
def test_only_the_rows_that_cannot_be_read_are_rejected(house: House, rows_a_block: int) -> None:
    """`infinity`, the year 15000, a decimal too long, text in a number: each with its reason, whatever the block."""
    good = ["2030-03-31 01:30:00.123456+00", "2030-03-31", "9.99", "1.5", "t", "NA"]
    odd = {"at": "infinity", "day": "15000-01-01", "money": "12345678901.00", "number": "many", "flag": "maybe"}
    places = dict(zip(odd, range(5), strict=True))
    rows: list[list[str | None]] = [["1", *good], ["x", *good]]
    for number, (name, value) in enumerate(odd.items(), 3):
        rows.append([str(number), *good])
        rows[-1][places[name] + 1] = value
    rows += [["8", None, None, None, None, None, None], ["9", *good[:-2], "f", ""]]
    house.write(fact_edge=FACT_EDGE)
    house.raw(rows_a_block, shops=shops(), sales=sales(), edges=edges(rows))
    star = house.build()
    found = house.rows("fact_edge")
    assert [row["edge_id"] for row in found] == [1, 8, 9]
    assert [(row["flag"], row["text"]) for row in found] == [(True, "NA"), (None, None), (False, "")]
    assert found[0]["at"].isoformat() == "2030-03-31T01:30:00.123456+00:00"
    assert [reason.partition(" ")[0] for reason, _ in house.rejects("fact_edge")] == ["edge_id", *odd]
    assert house.rejects("fact_edge")[1][1]["at"] == "infinity"
    assert_accounted(star.tables["fact_edge"])


def test_a_naive_time_is_no_instant(house: House) -> None:
    """Taken for UTC it would be an hour or two off, unnoticed."""
    house.write(fact_edge=FACT_EDGE)
    naive = COLUMNS.replace("[us, tz=UTC]", "[us]")
    house.raw(shops=shops(), sales=sales(), edges=Raw(naive, [["1", "2030-01-01 00:00:00"] + [None] * 5], ("edge_id",)))
    with pytest.raises(ContractError, match="times without a zone for at"):
        house.build()
