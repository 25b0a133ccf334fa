"""Workers on other machines: a Dask cluster, behind the interface that local processes have.

Scheduler and workers are started in the project's folder, by the user of the night, with the same requirements; all of
them see the data folder under the same path, and the same table files. A worker may live for many nights: it is refused
where it has another version of the engine than this night. Whoever reaches a scheduler can run programs as its user, so
that it is to be reached by TLS, with certificates on both sides.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from config import Settings
from etl.core.errors import DataError, UsageError
from etl.core.fingerprint import fingerprint
from etl.core.folders import unseen
from etl.core.modes import close_to_others
from etl.core.workers import be_one_thread

_PATIENCE = 5
"""Seconds within which a scheduler has to answer, and to have a worker."""

_ENGINE = fingerprint(Path(__file__).resolve().parent.parent)
"""The engine's code when this process began to use it: it may have been updated since."""


@dataclass(frozen=True)
class Cluster:
    """A scheduler's address, as in EXECUTOR, and the PEM files for one that begins with tls://."""

    address: str
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


def cluster_of(settings: Settings) -> Cluster | None:
    """Return the cluster of the settings; None where there is none."""
    if settings.executor is None:
        return None
    return Cluster(settings.executor, settings.executor_ca, settings.executor_certificate, settings.executor_key)


@contextmanager
def cluster_pool(cluster: Cluster, folder: Path, tables: Path, code: str) -> Iterator[Executor]:
    """Yield an executor of a cluster.

    folder: what every worker has to see; tables: whose files, too, by the fingerprint `code`.
    What a worker had done when it was lost is done again by another one: a task may be run twice, and writes the same
    files. Raises DataError where the cluster is no use.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise UsageError(
            "EXECUTOR names a Dask cluster, and Dask is not installed.",
            "Run: ./setup.sh requirements-cluster.txt",
        ) from None
    address, security = cluster.address.replace("dask://", "tcp://"), _security(cluster)
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False, security=security)
    except OSError:
        raise DataError(
            f"The Dask scheduler at {cluster.address} does not answer.",
            "Check that it is running and that EXECUTOR is right: tls:// where it was started with certificates that"
            " EXECUTOR_CA has signed, dask:// where it was started without.",
        ) from None
    with client:
        _check(client, cluster.address, _Ours(folder, tables, code, _ENGINE))
        executor = client.get_executor()
        try:
            yield executor
        except KilledWorker as error:
            raise DataError(
                f"Workers of the cluster were killed again and again: {error.task}.", "Give them more memory."
            ) from None
        finally:
            executor.shutdown(wait=False)  # what is under way is cancelled with it


def _security(cluster: Cluster) -> "distributed.Security":  # type: ignore[name-defined] # noqa: F821
    """Return what Dask needs for TLS, and the promise that it uses nothing else."""
    from distributed import Security

    if not cluster.address.startswith("tls://"):
        return Security()
    files = {"tls_ca_file": cluster.ca, "tls_client_cert": cluster.certificate, "tls_client_key": cluster.key}
    security = Security(require_encryption=True, **{name: str(file) for name, file in files.items()})
    try:
        security.get_connection_args("client")
    except OSError as error:  # ssl.SSLError is one
        named = ", ".join(str(file) for file in files.values())
        raise UsageError(
            f"The files for TLS ({named}) cannot be used: {error.strerror or error}.",
            "Look at EXECUTOR_CA, EXECUTOR_CERTIFICATE and EXECUTOR_KEY: PEM files that this user may read.",
        ) from None
    return security


@dataclass(frozen=True)
class _Ours:
    """What a worker must have: the folder and table files that it sees, with what stands for the code there is here."""

    folder: Path
    tables: Path
    code: str
    engine: str


def _check(client: "distributed.Client", address: str, ours: _Ours) -> None:  # type: ignore[name-defined] # noqa: F821
    """See that there are workers that can do our work."""
    with suppress(TimeoutError):
        client.wait_for_workers(1, timeout=_PATIENCE)
    try:
        seen = client.run(_prepared, ours)
    except Exception as error:  # whatever a foreign worker raises: most likely it has none of our modules
        raise DataError(
            f"The workers of {address} cannot do our work: {type(error).__name__}: {error}.",
            "Start them in the project's folder, with the same version of the project and the same requirements.",
        ) from None
    if not seen:
        raise DataError(f"The Dask scheduler at {address} has no worker.", "Start workers; they register with it.")
    for worker, fault in seen.items():
        if fault:
            raise DataError(f"The worker {worker} {fault[0]}.", fault[1])


def _prepared(ours: _Ours) -> tuple[str, str] | None:
    """Let a worker be one thread, and its files our own; return what is wrong with it, and what to do, or None."""
    be_one_thread()
    close_to_others()
    return _fault(ours)


def _fault(ours: _Ours) -> tuple[str, str] | None:
    if why := unseen(ours.folder):
        return (
            f"does not see {ours.folder}: {why.rstrip('.')}",
            "Put DATA_DIR where every worker finds it by that name, and may read and write.",
        )
    if ours.engine != _ENGINE:
        return "runs another version of this project", "Update its checkout, and start it again."
    if ours.code != fingerprint(ours.tables):
        return (
            f"sees other table files in {ours.tables}",
            "Put TABLES_DIR where every worker finds the same files by that name, or update its checkout.",
        )
    return None
