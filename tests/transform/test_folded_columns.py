"""Columns that a contract folds: the engine keeps `<name>_folded` beside them, by which members are chosen."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.company.tables import read_tables
from etl.contract.folding import fold, folded
from tests.transform.house import DIM_SHOP, STREAMED_SHOP, House, Raw

REGION = """
    region: Text = attribute("Where it is.", {how}folded=True, pii=True)
    size: Integer = attribute("How large.", nullable=True)


def build("""
SPELLED = [("1", " South", "3"), ("2", "SOUTH ", None), ("3", None, None), ("4", "", None), ("5", "Ünter'\\ß", "1")]
FOLDED = ["SOUTH", "SOUTH", None, "", "ÜNTER'\\ẞ"]
COLUMNS = "shop_id int64, name string, region string, size int64"
AGAIN = '''
class FactShop(Fact{how}):
    """One row per shop."""

    shop_id: Integer = natural_key("Its number.")
    region: Text = attribute("Where it is.", nullable=True, folded=True)
    shops: Integer = measure("How many.", ge=0)


def build({read}: pd.DataFrame) -> pd.DataFrame:
    return {read}[["shop_id", "region"]].assign(shops=1)
'''


def rows_of(house: House, table: str) -> list[tuple[str | None, str | None]]:
    """Build the star of all spellings; give the values of a table beside what they are folded to."""
    shops = Raw(COLUMNS, [(number, "Shop", region, size) for number, region, size in SPELLED], ("shop_id",))
    house.raw(2, shops=shops)
    house.build()
    return [(row["region"], row["region_folded"]) for row in house.rows(table)]


@pytest.mark.parametrize("dimension", [DIM_SHOP, STREAMED_SHOP], ids=["whole", "streamed"])
def test_a_dimension_has_its_texts_folded_beside_them(tmp_path: Path, dimension: str) -> None:
    """The unknown member's as well, and it may be NULL, so that a load can add the column to a published table."""
    text = dimension.replace("\n\n\ndef build(", REGION.format(how='nullable=True, unknown="Not Known", '))
    house = House(tmp_path / "house", dim_shop=text)
    found = rows_of(house, "dim_shop")
    assert found == [("Not Known", "NOT KNOWN"), *zip([row[1] for row in SPELLED], FOLDED, strict=True)]
    contract = read_tables(house.tables_dir)["dim_shop"].contract
    assert contract.schema.names == ["shop_key", "shop_id", "name", "region", "region_folded", "size"]
    beside = contract.columns[4]
    assert beside.nullable
    assert beside.pii
    assert beside.description.startswith("region as filters and groups compare it")
    assert beside.description.endswith("Where it is.")


@pytest.mark.parametrize(("how", "read"), [("", "dim_shop"), (', stream="shops"', "shops")], ids=["whole", "streamed"])
def test_a_fact_has_its_texts_folded_and_build_sees_no_folded_column(tmp_path: Path, how: str, read: str) -> None:
    """What `build` reads of another table are the columns that its file declares."""
    dimension = DIM_SHOP.replace("\n\n\ndef build(", REGION.format(how="nullable=True, "))
    fact = AGAIN.format(how=how, read=read).replace(
        "    return", f'    assert "region_folded" not in {read}\n    return'
    )
    found = rows_of(House(tmp_path / "house", dim_shop=dimension, fact_shop=fact), "fact_shop")
    assert found == list(zip([row[1] for row in SPELLED], FOLDED, strict=True))


def test_a_column_that_is_folded_from_tonight_on_is_carried_into_no_older_table(tmp_path: Path) -> None:
    """A night of some tables alone builds those anew whose contracts have other columns than last night."""
    plain = REGION.format(how="nullable=True, ").replace(", folded=True", "")
    house = House(tmp_path / "house", dim_shop=DIM_SHOP.replace("\n\n\ndef build(", plain))
    shops = Raw(COLUMNS, [("1", "Shop", " South", None)], ("shop_id",))
    house.raw(shops=shops)
    house.build()
    house.write(dim_shop=DIM_SHOP.replace("\n\n\ndef build(", REGION.format(how="nullable=True, ")))
    house.raw(shops=shops)
    house.build()
    assert [row["region_folded"] for row in house.rows("dim_shop")] == [None, "SOUTH"]


@given(texts=st.lists(st.none() | st.text(alphabet=st.sampled_from(" \tsSßÉé'\\\n🎈"), max_size=5), max_size=20))
def test_folding_once_per_distinct_text_is_folding_each(texts: list[str | None]) -> None:
    """However the rows lie in chunks; and twice folded is folded."""
    chunked = pa.chunked_array([texts[:3], texts[3:]], pa.string())
    found = folded(chunked).to_pylist()
    assert found == [fold(text) for text in texts]
    assert [fold(text) for text in found] == found
