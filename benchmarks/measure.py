"""Run a command and measure it: wall, CPU, the memory of all its processes together, the bytes that it leaves behind.

The command leads a session of its own, by which its processes are found. Memory is the sum of their PSS, in which a
page that several share counts once. A database server that it talks to is of another session, and does not count.
"""

import ctypes
import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_INTERVAL = 0.05
"""Seconds between two looks at the memory; a look that takes long is paid for with a longer pause."""
_PAUSE = 20
"""Times the look's own length."""
_PR_SET_CHILD_SUBREAPER = 36
_TAIL = 600
_SAID = ".said"


@dataclass(frozen=True)
class Command:
    """What is run, and what of the environment it needs."""

    arguments: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """One run. seconds of wall and cpu; peak and written in MB of 10^6 bytes; error: why it failed, or nothing.

    said: what the command wrote on its standard output and error.
    """

    wall: float
    cpu: float
    peak: float
    written: float
    error: str = ""
    said: str = ""


def adopt_orphans() -> None:
    """Let processes whose parent has ended become ours, so that their CPU is counted."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def measure(command: Command, folder: Path, timeout: float, memory_mb: float) -> Measured:
    """Run a command in `folder` to its end, or until it takes longer or more memory than it may."""
    os.sync()  # what others have written is not to be waited for by this one
    with (folder / _SAID).open("w+b") as output:
        began, started = time.monotonic(), time.time()
        child = subprocess.Popen(
            [str(argument) for argument in command.arguments],
            cwd=folder, env=os.environ | command.environment, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        watched = _Session(child.pid)
        try:
            status, usage, fault = watched.wait(began + timeout, memory_mb)
        except BaseException:  # we are stopped: so is what we started
            watched.reap()
            raise
        wall = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        usage += watched.reap()
        output.seek(0)
        said = output.read().decode(errors="replace")
    error = fault or (f"exit code {child.returncode}\n{said[-_TAIL:].strip()}" if child.returncode else "")
    return Measured(wall, usage, watched.peak / 1e6, _written(folder, started) / 1e6, error, said)


def _written(folder: Path, since: float) -> int:
    """Add up the bytes of the files beneath a folder that are new; what has several names counts once."""
    files = [path.lstat() for path in folder.rglob("*") if path.is_file() and path.name != _SAID]
    return sum({found.st_ino: found.st_size for found in files if found.st_mtime >= since}.values())


class _Session:
    """The processes of one command under way."""

    def __init__(self, leader: int) -> None:
        self.peak = 0
        self._leader = leader
        self._ours, self._others = {leader}, {os.getpid()}

    def wait(self, deadline: float, memory_mb: float) -> tuple[int, float, str]:
        """Wait for the leader's end, looking at the memory meanwhile; returns its status, its CPU and our reason."""
        fault, pause = "", 0.0
        ended = os.pidfd_open(self._leader)
        while not select.select([ended], [], [], pause)[0]:
            began = time.monotonic()
            memory = self._memory()
            self.peak = max(self.peak, memory)
            if memory > memory_mb * 1e6:
                fault = f"stopped at {memory / 1e6:,.0f} MB"
            elif began > deadline:
                fault = "stopped: it took too long"
            if fault:
                self._kill()
            pause = max(_INTERVAL, _PAUSE * (time.monotonic() - began))
        os.close(ended)
        _, status, usage = os.wait4(self._leader, 0)
        return status, usage.ru_utime + usage.ru_stime, fault

    def reap(self) -> float:
        """Wait for those that outlived the leader; returns their CPU."""
        self._find()
        self._kill()
        total = 0.0
        for pid in self._ours - {self._leader}:
            try:
                _, _, usage = os.wait4(pid, 0)
            except ChildProcessError:
                continue
            total += usage.ru_utime + usage.ru_stime
        return total

    def _find(self) -> None:
        """Look for new processes of the session; one that is of another stays there."""
        pids = {int(name) for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208 - many times a second
        self._ours &= pids
        self._others &= pids
        for pid in pids - self._ours - self._others:
            stat = _read(f"/proc/{pid}/stat")
            if stat:
                session = int(stat.rpartition(b")")[2].split()[3])
                (self._ours if session == self._leader else self._others).add(pid)

    def _memory(self) -> int:
        self._find()
        return sum(_pss(pid) for pid in self._ours)

    def _kill(self) -> None:
        for pid in self._ours:
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                continue


def _pss(pid: int) -> int:
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - many times a second
            return file.read()
    except OSError:  # it has ended meanwhile
        return b""
