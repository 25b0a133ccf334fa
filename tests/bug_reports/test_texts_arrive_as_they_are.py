"""Texts arrive as the source has them, whatever they begin with."""

from pathlib import Path

import pytest

from tests.bug_reports.company import Stranger
from tests.conftest import Sql

DIM_ITEM = '''
class DimItem(Dimension):
    """One row per item."""

    item_key: Key = surrogate_key()
    code: Text = natural_key("Its code.")
    label: Text = attribute("Its label.", nullable=True)


def build(items: pd.DataFrame) -> pd.DataFrame:
    return items
'''

CODES = ["\ufeffA1", "\ufeff", "\ufeff\ufeffX", "A1", "\u200bA1", "\u2060", " A1", "\x85", "\x1a", "\x01", "\ufffe"]


@pytest.mark.parametrize("receipts", ["rows", "off"])
@pytest.mark.parametrize("first", ["\ufeffA1", "\ufeff"])
def test_invisible_characters_are_part_of_a_text(
    tmp_path: Path, shop: str, sql: Sql, first: str, receipts: str
) -> None:
    """A mark at the beginning of the first cell of a block is no mark of the file's encoding."""
    codes = [first, *(code for code in CODES if code != first)]
    sql("DROP TABLE IF EXISTS marked; CREATE TABLE marked (place int, code text)")
    for place, code in enumerate(codes):
        sql("INSERT INTO marked VALUES (%s, %s)", place, code)
    company = Stranger(tmp_path, shop)
    company.settings["RECEIPTS"] = receipts
    company.query("items", "SELECT code, code AS label FROM marked ORDER BY place", key="code")
    company.star_table("dim_item", DIM_ITEM)
    found = company.published("SELECT code, label FROM dim_item WHERE item_key > 0")
    assert sorted(found) == sorted((code, code) for code in codes)
