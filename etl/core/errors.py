"""The error tree. Every error is a sentence that says what was done, to what and why it failed, and a hint.

EtlError                 exit 1
├── UsageError           exit 2   the command line or a setting is wrong, or belongs to other data
├── SourceError          exit 1   a source database or a query
├── ContractError        exit 1   a table file, or what its build returned
├── DataError            exit 1   data handed over is not what its manifest says; a full disk; a bucket (StorageError)
├── WarehouseError       exit 1   staging, reconciling or publishing
├── GuardError           exit 3   refused; a person must look
├── DeliveryError        exit 1   the dashboard is written, but somebody did not get it
├── RefreshError         exit 4   published, but the Power BI dataset was not refreshed
├── PublishError         exit 1   the Power BI project was not published, or not proven
└── LockError            exit 75  another run is under way

`transient` marks what a retry may cure.
"""

from collections.abc import Sequence

from config.redacted import redact


class EtlError(Exception):
    """A fault that a person can understand and cure. hint: what to try, one sentence.

    Whatever it repeats of a driver's words or of settings, no secret is in it.
    """

    exit_code = 1
    parts: "tuple[EtlError, ...]" = ()
    """The faults that it was made of, each with its own hint; none where it is one fault."""

    def __init__(self, message: str, hint: str = "", *, transient: bool = False) -> None:
        self.message, self.hint = redact(message), redact(hint)
        super().__init__(self.message)
        self.transient = transient

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way from a worker process, which pickles it."""
        return _rebuild, (type(self), self.message, self.hint, self.transient)


def _rebuild(kind: type[EtlError], message: str, hint: str, transient: bool) -> EtlError:
    return kind(message, hint, transient=transient)


def joined(faults: Sequence[EtlError]) -> EtlError:
    """Make one error of several, each told once: of the first one's kind, to be retried if all may be."""
    messages = dict.fromkeys(fault.message for fault in faults)
    hints = dict.fromkeys(fault.hint for fault in faults if fault.hint)
    error = type(faults[0])("\n".join(messages), " ".join(hints), transient=all(fault.transient for fault in faults))
    error.parts = tuple(faults)
    return error


class UsageError(EtlError):
    """The command line or a setting is wrong, or names data of another settings file."""

    exit_code = 2


class SourceError(EtlError):
    """A source database cannot be reached, or a query fails."""


class ContractError(EtlError):
    """A table file's contract is faulty, or what its `build` returned does not fulfil it."""


class DataError(EtlError):
    """What lies in the data folder is not what its manifest says, or cannot be written."""


class StorageError(DataError, OSError):
    """Cloud Storage refused, or cannot be reached: a fault of the disk to whoever minds the disk."""

    def __init__(self, message: str, hint: str = "", *, transient: bool = False) -> None:
        super().__init__(message, hint, transient=transient)
        self.strerror = message.rstrip(".")

    __str__ = Exception.__str__


class WarehouseError(EtlError):
    """The warehouse refused, or what it holds is not what was handed to it."""


class GuardError(EtlError):
    """A guard refused: nothing is published until a person has looked."""

    exit_code = 3


class DeliveryError(EtlError):
    """The dashboard is written, but somebody did not get it."""


class RefreshError(EtlError):
    """The Power BI dataset was not refreshed; what was published stays."""

    exit_code = 4


class PublishError(EtlError):
    """The Power BI project was not published, or not proven; the message says what is in the workspace."""


class LockError(EtlError):
    """Another run holds the lock."""

    exit_code = 75
