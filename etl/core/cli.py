"""The outermost frame of the three scripts: command line in, exit code out, every fault a sentence."""

import argparse
import errno
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from types import TracebackType

from config.redacted import redact
from etl import __version__
from etl.core import log
from etl.core.call import completed
from etl.core.chosen import VARIABLE
from etl.core.errors import DataError, EtlError, UsageError
from etl.core.interruptions import INTERRUPTIONS
from etl.core.lock import run_of_the_night
from etl.core.memory import give_back
from etl.core.modes import private
from etl.core.orphan import end_with
from etl.core.parser import Parser
from etl.core.safe_text import safe_lines
from etl.core.start import lost

EXIT_INTERRUPTED = 130
_OF_DUCKDB = "Query interrupted"
"""What DuckDB raises, as a RuntimeError, where a signal came while a query ran."""


def given(text: str) -> str:
    """Read an option's value that may not be empty: as a shell makes it of a variable that is not set."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty")
    return text


def path(text: str) -> Path:
    """Read an option's value that is a path."""
    return Path(given(text))


def at_least(least: int) -> Callable[[str], int]:
    """Return what reads an option's value that is a whole number, and no lower."""

    def number(text: str) -> int:
        if not text.strip().isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} up")
        return int(text)

    return number


def day(text: str) -> date:
    """Read an option's value that is a day."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day: write it like 2030-03-31") from None


def script(
    run: Callable[..., None],
    name: str,
    description: str,
    options: str,
    *,
    publishes: bool = False,
    extracts: bool = False,
) -> int:
    """Parse the command line, run the stage `run(job)` under the lock, and return the exit code.

    name: the script's file name; options: of a call, for --help; publishes: whether it has --no-refresh; extracts:
    whether it has --full and --since.
    """
    night = os.getppid()
    if run_of_the_night():
        end_with(night)  # nobody would hear how the stage of a killed night ended
    parser = _parser(name, description, f"example: ./{name} {options}")
    if publishes:
        refresh_option(parser)
    if extracts:
        extent_options(parser)
    parsed = parser.parse_args()
    return outermost(lambda: _run(run, name, parsed), parsed.env)


def outermost(action: Callable[[], int | None], settings_file: Path | None = None) -> int:
    """Run an action, which may give an exit code; turn every fault into a sentence and its exit code.

    settings_file: for the commands that hints name.
    """
    for number in INTERRUPTIONS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _interrupt)
    sys.excepthook = _crashed
    if run_of_the_night():
        log.to_file(None)
    try:
        with private():
            return _settled(action)
    except EtlError as error:
        return _told(error, settings_file)
    except OSError as error:
        return _told(_of_the_disk(error), settings_file)
    except KeyboardInterrupt:
        return _interrupted()
    except Exception as error:
        if isinstance(error, RuntimeError) and str(error) == _OF_DUCKDB:
            return _interrupted()
        log.filed.exception("Unexpected error; this is a bug of the program:")
        raise


def _interrupted() -> int:
    print("Interrupted; nothing more was committed.", file=sys.stderr)
    log.filed.error("Interrupted; nothing more was committed.")
    return EXIT_INTERRUPTED


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Write the traceback of a fault of the program, without the secrets that its texts may hold."""
    print(redact("".join(traceback.format_exception(kind, error, trace))), end="", file=sys.stderr)


def _settled(action: Callable[[], int | None]) -> int:
    from config import SettingsError

    try:
        return action() or 0
    except SettingsError as error:
        raise UsageError(error.message, error.hint) from None


def version_option(parser: argparse.ArgumentParser) -> None:
    """Add --version to a command line."""
    parser.add_argument("--version", action="version", version=f"etl {__version__}", help="print the engine's version")


def settings_option(parser: argparse.ArgumentParser) -> None:
    """Add --env to a command line."""
    parser.add_argument(
        "--env",
        type=path,
        metavar="FILE",
        help=f"the settings file (without it: what {VARIABLE} names, or the one in the folder where you are; in the"
        " program's folder, the sample company's)",
    )


def accept_option(parser: argparse.ArgumentParser) -> None:
    """Add --accept to a command line."""
    parser.add_argument(
        "--accept",
        nargs="+",
        default=[],
        type=given,
        action="extend",
        metavar="TABLE:GUARD=FIGURE",
        help="accept what these guards refused, up to the printed figure, after you have looked",
    )


def refresh_option(parser: argparse.ArgumentParser) -> None:
    """Add --no-refresh to a command line."""
    parser.add_argument(
        "--no-refresh",
        dest="refresh",
        action="store_false",
        help="do not ask Power BI to refresh the dataset after a publish",
    )


def extent_options(parser: argparse.ArgumentParser) -> None:
    """Add --full and --since to a command line, of which one may be given."""
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument(
        "--full", action="store_true", help="extract all rows, also of queries that are read by their changes"
    )
    extent.add_argument(
        "--since",
        type=day,
        metavar="DATE",
        help="extract what changed from this day on, of queries that are read by their changes, not only since the last"
        " night",
    )


def _parser(name: str, description: str, epilog: str) -> argparse.ArgumentParser:
    parser = Parser(
        prog=name,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    settings_option(parser)
    version_option(parser)
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        type=given,
        metavar="TABLE",
        help="process only these tables; keep the others from the last run",
    )
    parser.add_argument(
        "--from", dest="from_run", type=given, metavar="RUN", help="read this committed run, not the newest"
    )
    accept_option(parser)
    parser.add_argument("--dry-run", action="store_true", help="check, and say what would be done; write nothing")
    parser.set_defaults(refresh=True, full=False, since=None)
    return parser


def _run(run: Callable[..., None], name: str, options: argparse.Namespace) -> None:
    give_back()
    import config
    from etl.core.job import Job
    from etl.core.lock import held
    from etl.core.runs import Store
    from etl.guards.refusal import check_accept

    settings = config.load(options.env)
    check_accept(settings, options.accept)
    log.set_up(settings.log_level, settings.log_format)
    store = Store.of(settings)
    with _named_disk(store.local), held(store.local, name, store.folder):
        store.check_version()
        run(
            Job(
                settings=settings,
                store=store,
                run=run_of_the_night() or store.new_run(),
                only=tuple(dict.fromkeys(options.only)),
                from_run=options.from_run,
                dry_run=options.dry_run,
                accept=tuple(dict.fromkeys(options.accept)),
                settings_file=options.env,
                refresh=options.refresh,
                full=options.full,
                since=options.since,
            )
        )
    if options.dry_run:
        check_printed()


def check_printed() -> None:
    """Raise OSError if what was printed, for which a command was called, did not arrive."""
    if fault := lost(sys.stdout):
        raise OSError(fault.errno, fault.strerror, "standard output")


@contextmanager
def _named_disk(folder: Path) -> Iterator[None]:
    """Say in which folder a write found no room, where the system's error does not."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or folder
        raise


def _told(error: EtlError, settings_file: Path | None) -> int:
    lines = [f"Error: {error.message}"]
    if error.hint:
        lines.append(f"Try: {completed(error.hint, settings_file)}")
    for line in lines:
        log.filed.error("%s", line)
    print(*map(safe_lines, lines), sep="\n", file=sys.stderr)
    return error.exit_code


def _of_the_disk(error: OSError) -> EtlError:
    what = f"{error.filename or 'a file'}: {os.strerror(error.errno) if error.errno else error}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DataError(
            f"The disk is full, at {what}.", "Free space, or lower KEEP_RUNS; nothing committed was touched."
        )
    return DataError(f"A file could not be used, {what}.", "Look at its folder's owner and permissions.")


def _interrupt(*_: object) -> None:
    """Stop at the first signal; the ones that follow it must not disturb the cleaning up."""
    for number in INTERRUPTIONS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
