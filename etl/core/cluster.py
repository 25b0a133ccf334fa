"""Workers on other machines: a Dask cluster, behind the interface that local processes have.

Scheduler and workers are started in the project's folder, by the user of the night, with the same requirements; all of
them see the data folder under the same path.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from pathlib import Path

from etl.core.errors import DataError, UsageError
from etl.core.folders import unseen
from etl.core.modes import close_to_others
from etl.core.workers import be_one_thread

_PATIENCE = 5
"""Seconds within which a scheduler has to answer, and to have a worker."""


@contextmanager
def cluster_pool(address: str, folder: Path) -> Iterator[Executor]:
    """Give an executor of a cluster. address: dask://host:port of its scheduler; folder: what every worker has to see.

    What a worker had done when it was lost is done again by another one: a task may be run twice, and writes the same
    files. Raises DataError where the cluster is no use.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise UsageError(
            "EXECUTOR names a Dask cluster, and Dask is not installed.",
            "Run: .venv/bin/pip install -r requirements-cluster.txt",
        ) from None
    try:
        client = Client(address.replace("dask://", "tcp://"), timeout=_PATIENCE, set_as_default=False)
    except OSError:
        raise DataError(
            f"The Dask scheduler at {address} does not answer.", "Look whether it runs, and whether EXECUTOR is right."
        ) from None
    with client:
        _check(client, address, folder)
        executor = client.get_executor()
        try:
            yield executor
        except KilledWorker as error:
            raise DataError(
                f"Workers of the cluster were killed again and again: {error.task}.", "Give them more memory."
            ) from None
        finally:
            executor.shutdown(wait=False)  # what is under way is cancelled with it


def _check(client: "distributed.Client", address: str, folder: Path) -> None:  # type: ignore[name-defined] # noqa: F821
    """See that there are workers that can do our work."""
    with suppress(TimeoutError):
        client.wait_for_workers(1, timeout=_PATIENCE)
    try:
        seen = client.run(_prepared, folder)
    except Exception as error:  # whatever a foreign worker raises: most likely it has none of our modules
        raise DataError(
            f"The workers of {address} cannot do our work: {type(error).__name__}: {error}.",
            "Start them in the project's folder, with the same requirements.",
        ) from None
    if not seen:
        raise DataError(f"The Dask scheduler at {address} has no worker.", "Start workers; they tell it of themselves.")
    for worker, why in seen.items():
        if why:
            raise DataError(
                f"The worker {worker} does not see {folder}: {why.rstrip('.')}.",
                "Put DATA_DIR where every worker finds it by that name, and may read and write.",
            )


def _prepared(folder: Path) -> str:
    """Let a worker be one thread, and its files our own; say why it does not see a folder; nothing if it does."""
    be_one_thread()
    close_to_others()
    return unseen(folder)
