"""Whatever a night of changes stands on is damaged, nothing wrong is published, and a night of all rows cures it.

The files are those of the run that stage 1 made tonight, of the published star, and of tonight's: in place, as a disk
damages them, so that each run that has a link to a file has the damage.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.changes.test_where_nights_stand import build, company, extract, night, publish, wares
from tests.conftest import Sql
from tests.download.company import Company

__all__ = ["company"]

BEFORE, EXTRACTED = "what was extracted before", "what was extracted"
PUBLISHED, TONIGHT = "the published star", "tonight's star"


def flipped(data: bytes) -> bytes:
    """Change a byte in the middle: a digit, if there is one, so that what is read is sound."""
    digits = [at for at, byte in enumerate(data) if byte in b"0123456789"]
    at = digits[len(digits) // 2] if digits else len(data) // 2
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def cut(data: bytes) -> bytes:
    """Leave the last bytes out."""
    return data[: -max(len(data) // 8, 1)]


def files_of(folder: Path) -> Iterator[Path]:
    """List the files of a run, but for the manifest: a damaged one is told by all that read it."""
    yield from sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")


@pytest.mark.parametrize("damage", [flipped, cut])
@pytest.mark.parametrize("of", [BEFORE, EXTRACTED, PUBLISHED, TONIGHT])
def test_of_damaged_files_nothing_wrong_is_published(
    company: Company, sql: Sql, of: str, damage: Callable[[bytes], bytes]
) -> None:
    """Either a stage refuses, and what was published stays, or what is published is what the source has."""
    night(company, sql, "--full")
    sql("UPDATE ware SET kind = kind || '?', updated_at = now() WHERE id IN (3, 4)")
    night(company, sql)
    store, stages, seen = company.store, (extract, build, publish), 0
    while True:
        published = store.star.path(store.star.newest("").run)
        before = wares(company)
        folder = {BEFORE: store.raw.path(store.raw.newest("").run), PUBLISHED: published}
        sql("UPDATE ware SET kind = kind || '!', updated_at = now() WHERE id IN (2, 3)")
        done = (BEFORE, EXTRACTED, TONIGHT).index(of) if of != PUBLISHED else 1
        assert [stage(company).code for stage in stages[:done]] == [0] * done
        folder |= {
            EXTRACTED: store.raw.path(store.raw.newest("").run),
            TONIGHT: store.star.path(store.star.newest("").run),
        }
        files = list(files_of(folder[of]))
        if seen == len(files):
            break
        file, seen = files[seen], seen + 1
        whole = file.read_bytes()
        file.write_bytes(damage(whole))
        ended = [stage(company) for stage in stages[done:]]
        told = "\n".join(one.err for one in ended)
        now = {(int(number), str(kind)) for number, kind in sql("SELECT id, kind FROM ware")}
        assert set(wares(company)) in (set(before), now), f"{file.name}: {told}"
        if any(one.code for one in ended):
            assert "Error: " in told
            assert "Try: " in told
        else:
            assert set(wares(company)) == now, f"{file.name}: {told}"
        file.write_bytes(whole)
        night(company, sql, "--full")
    assert seen > 1
