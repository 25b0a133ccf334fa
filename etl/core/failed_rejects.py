"""The rejects of a star that was not committed, kept for a person: what a table rejected may say why another failed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from etl.core.errors import EtlError

_FOLDER = "failed_rejects"


@contextmanager
def kept_if_it_fails(local: Path, run: str, rejects: Path) -> Iterator[None]:
    """Keep what the block has written into `rejects` where it fails, and what an earlier failure left until then.

    local: the machine's own folder of a data folder; run: the star that is being built.
    """
    try:
        yield
    except EtlError:
        with suppress(OSError, EtlError):  # no room, or no bucket: what went wrong is what is to be told
            _forget(local)
            (folder := local / _FOLDER / run).mkdir(parents=True)
            for path in rejects.iterdir():
                (folder / path.name).write_bytes(path.read_bytes())
        raise
    _forget(local)


def failed(local: Path) -> tuple[str, dict[str, list[Path]]] | None:
    """Return the run of the newest star, where that one failed, and its files of rejects by table."""
    folders = sorted((local / _FOLDER).glob("*"))
    if not folders:
        return None
    files: dict[str, list[Path]] = {}
    for path in sorted(folders[-1].glob("*.csv")):
        files.setdefault(path.name.partition(".")[0], []).append(path)
    return folders[-1].name, files


def _forget(local: Path) -> None:
    shutil.rmtree(local / _FOLDER, ignore_errors=True)
