"""Whole nights whose data folder is in a bucket: the same star to the byte, and what stays on the machine."""

from pathlib import Path

from etl.core.runs import Store
from tests.storage.cloud import Emulator, bucket_store, of_raw, of_star
from tests.survival.company import Shop


def in_bucket(shop: Shop, bucket: str) -> Store:
    """Move a company's data folder into a bucket; gives its runs."""
    local = shop.folder / "machine"
    shop.settings |= {"DATA_DIR": f"gs://{bucket}/etl", "LOCAL_DIR": str(local)}
    return bucket_store(bucket, local)


def test_a_night_in_a_bucket_gives_the_same_star(tmp_path: Path, bucket: str, storage: Emulator) -> None:
    """All three stages: raw files, star, key maps and receipts are those of a local folder; the night is published."""
    shop = Shop(tmp_path)
    assert shop.night().returncode == 0
    here = Store(shop.data)
    there = in_bucket(shop, bucket)
    done = shop.night()
    print(done.stderr)
    assert done.returncode == 0, done.stderr
    assert of_raw(there.raw.newest("")) == of_raw(here.raw.newest(""))
    assert of_star(there.star.newest("")) == of_star(here.star.newest(""))
