"""What a star rejected before it failed is there to be looked at, until the next one is built."""

from pathlib import Path

import pytest

from etl.core.errors import ContractError
from etl.look import rejects
from tests.transform.house import DIM_SHOP, FACT_SALE, SHOPS, House, Raw, sales


def test_what_a_failed_star_rejected_can_be_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The dimension rejects a row, the fact fails; --run and the next star show a committed one again."""
    house = House(tmp_path, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    house.raw(shops=Raw(SHOPS, [("1", "One"), ("x", "Odd")], ("shop_id",)), sales=sales("1 1 9.99"))
    house.build()
    house.command()  # writes the settings file
    file = house.folder / "house.env"
    house.write(fact_sale=FACT_SALE.replace("return sales", "return sales / 0; sales"))
    with pytest.raises(ContractError):
        house.build()
    rejects.show(file, None, None, examples=3, full=False, show_personal=False)
    rejects.show(file, "dim_shop", None, examples=3, full=False, show_personal=False)
    told = capsys.readouterr().out
    assert told.count("failed; this is what it had rejected by then") == 2
    assert told.count("1 × shop_id is not a number") == 2
    assert "Odd" in told
    rejects.show(file, "dim_shop", house.store.star.committed()[-1], examples=3, full=False, show_personal=False)
    house.write(fact_sale=FACT_SALE)
    house.build()
    rejects.show(file, "dim_shop", None, examples=3, full=False, show_personal=False)
    assert capsys.readouterr().out.count("1 of 2 rows are rejected") == 2
