"""Worker processes, through the one interface that a cluster has too: concurrent.futures.Executor."""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

from etl.core.errors import DataError
from etl.core.interruptions import INTERRUPTIONS
from etl.core.memory import give_back
from etl.core.orphan import end_with

_PATIENCE = 5.0
"""Seconds for the thread that manages the workers to see that they are gone."""


@contextmanager
def worker_pool(workers: int) -> Iterator[Executor]:
    """Yield an executor of processes, which end with this one, however it ends.

    They are forks, which need not import what this process has, and share its memory; so they are made at once, while
    it is one thread. Where it has threads already (of a bucket's library, of what reads files or writes CSV), they
    begin afresh: a fork would wait for ever for what another thread held.
    """
    context = multiprocessing.get_context("fork" if _threads() == 1 else "spawn")
    managers: set[threading.Thread] = set()
    executor = ProcessPoolExecutor(workers, context, _start_worker, (os.getpid(),))
    try:
        before = set(threading.enumerate())
        gc.freeze()  # what is there already stays where it is, and shared
        # Python swallows what is raised while it forks: an interruption waits until then
        signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTIONS)
        try:
            executor.submit(os.getpid)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTIONS)
        gc.unfreeze()
        managers = set(threading.enumerate()) - before
        yield executor
    except BrokenProcessPool:
        raise DataError(
            "A worker process was killed, most likely because memory ran out.",
            "Lower WORKERS, or give the machine more memory.",
        ) from None
    finally:
        # Their results are in, or nobody waits for them. Asked to end, they would wait for one that was killed
        # while it had the lock of their queue: for ever.
        for worker in multiprocessing.active_children():
            worker.kill()
        executor.shutdown(wait=False, cancel_futures=True)
        for manager in managers:
            manager.join(_PATIENCE)  # at its end, Python might write to what this thread is closing: a traceback


def _threads() -> int:
    """Count the threads of this process, those of libraries among them, of which Python knows nothing."""
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return 2  # not Linux: nobody knows


def _start_worker(parent: int) -> None:
    """Let a worker die with its parent, leave Ctrl-C to the parent, and be one thread: the workers are the threads."""
    end_with(parent)
    give_back()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTIONS)
    be_one_thread()


def be_one_thread() -> None:
    """Let the libraries begin no threads of their own."""
    import pyarrow as pa

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    os.environ["POLARS_MAX_THREADS"] = "1"  # it has not been imported yet
