"""A load that was killed after it had published, and before it had kept its receipt."""

import shutil
import subprocess
from pathlib import Path

from tests.transform.house import DIM_SHOP, FACT_SALE, House, sales, shops


def test_a_receipt_that_was_not_kept_is_kept_by_the_next_load(tmp_path: Path) -> None:
    """Its own advice, to run it again, is true: the guards, `status` and --due need that receipt."""
    house = House(tmp_path, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    house.raw(shops=shops(1, 2), sales=sales("7 1 9.99"))
    house.build()
    load(house)
    shutil.rmtree(house.store.loaded.path(*house.store.loaded.committed()))
    load(house)
    assert house.store.loaded.newest("").made_from == house.star.run
    assert "there is nothing to do" in load(house)
    assert len(house.store.loaded.committed()) == 1


def load(house: House) -> str:
    """Run the script; gives what it said."""
    command = [part.replace("TablesTransformMain.py", "LoadFilesBQ.py") for part in house.command()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 0, done.stderr
    return done.stderr
