"""An object in a bucket that keeps other machines out of a data folder.

A run that was killed leaves its claim behind, and the next run of the same machine takes it over. Which machine that
is, no file can say that is copied with a machine's image: a clone would take over the claim of a run that is at work.
So a claim names the machine's id, host name and network cards, and which of its folders holds the local lock; and the
boot of the kernel, under which that lock, being free, proves that the run is dead.
"""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from etl.core.errors import LockError, StorageError
from etl.core.folders import create
from etl.core.log import log
from etl.core.note import holder_of, read_note

_KERNEL, _MACHINE, _CARDS = Path("/proc"), Path("/etc/machine-id"), Path("/sys/class/net")


def who(folder: Path) -> dict[str, Any]:
    """Return who claims: this machine, and its folder that holds the local lock."""
    cards = sorted(_text(card / "address") for card in _CARDS.glob("*") if (card / "device").exists())
    machine = [_text(_MACHINE), *cards, str(folder.resolve())]
    found = folder.stat()
    boot = _text(_KERNEL / "sys/kernel/random/boot_id")
    return {"host": socket.gethostname(), "machine": machine, "boot": boot, "folder": [found.st_dev, found.st_ino]}


def is_of_a_dead_run(claim: dict[str, Any], ours: dict[str, Any]) -> bool:
    """Whether a claim was left by a run of this machine that is dead. Only the holder of the local lock may ask."""
    if any(claim.get(name) != ours[name] for name in ("host", "machine")):
        return False
    if claim.get("boot") == ours["boot"]:
        return bool(claim.get("folder") == ours["folder"])
    try:  # from before this machine was started, or of one that passes for it
        return datetime.fromisoformat(str(claim.get("since"))) < _booted()
    except (ValueError, TypeError):
        return False


@contextmanager
def claimed(data: Path, folder: Path, told: dict[str, Any]) -> Iterator[None]:
    """Claim a bucket's folder; raises LockError where another machine has. told: what a note says of this run."""
    claim, ours = data / "lock", who(folder)
    told = told | ours
    try:
        create(claim, json.dumps(told).encode())
    except FileExistsError:
        if not is_of_a_dead_run(read_note(claim), ours):
            raise LockError(
                f"{holder_of(claim)} holds {claim}.",
                "Wait until it has ended; if that machine is dead for good, remove that object.",
            ) from None
        claim.write_text(json.dumps(told))
    try:
        yield
    finally:
        _give_up(claim, told)


def other_claimant(data: Path, folder: Path) -> str | None:
    """Return which other machine has claimed a bucket's folder; None where none has."""
    claim = data / "lock"
    if not claim.is_file() or (folder.exists() and is_of_a_dead_run(read_note(claim), who(folder))):
        return None
    return holder_of(claim)


def _give_up(claim: Path, told: dict[str, Any]) -> None:
    """Remove the claim, unless a person has removed it, and somebody else has another there."""
    try:
        if read_note(claim) == told:
            claim.unlink(missing_ok=True)
    except StorageError as error:
        log.warning("%s stays, for this machine's next run to take over: %s", claim, error.message)


def _booted() -> datetime:
    """Return when the kernel was started. Raises ValueError where it does not say."""
    lines = _text(_KERNEL / "stat").splitlines()
    seconds = next((line.split()[1] for line in lines if line.startswith("btime ")), "")
    return datetime.fromtimestamp(int(seconds), UTC)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
