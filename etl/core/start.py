"""How every command of the project starts: under a Python that can run it, with streams that cannot fail it.

Imports the standard library alone, and can be read by any Python 3: it is what says that a newer one is needed.
"""

import io
import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from shlex import quote

_ROOT = Path(__file__).resolve().parent.parent.parent
_LEAST = (3, 11)
_NEEDED = ("duckdb", "pandas", "pandera", "psycopg2", "pyarrow", "pydantic", "sqlalchemy")
"""Some of requirements.txt: whoever has these was set up for this project."""

_CHANGES = ("PYTHONINSPECT", "PYTHONOPTIMIZE", "PYTHONSAFEPATH", "PYTHONWARNINGS")
"""Variables that change Python itself: exit codes, docstrings and modules are lost, warnings become errors."""


def start(program: str) -> None:
    """Make this process ready for `program`: the path of a script, or the name of a package as in `python -m`.

    Starts it again under another Python, or without what changes this one, where it must. Exits with a sentence where
    there is no Python that can run the project.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until `outermost` sees to it: within an import, a traceback
    _open_closed_streams()
    lacking = _lacking()
    if lacking:
        _start_again(_environment(lacking), program)
    if sys.flags.optimize > 1 or sys.flags.inspect or any(option.startswith("error") for option in sys.warnoptions):
        _start_again(sys.executable, program)
    for name in _CHANGES:
        os.environ.pop(name, None)  # for the processes that this one starts
    try:
        os.getcwd()  # noqa: PTH109 -- that of the system: Path's would not be asked
    except OSError:
        os.chdir("/")  # a folder that is gone: libraries ask for it
    if sys.stdout is sys.__stdout__:  # else somebody listens in
        sys.stdout = _unfailing(sys.stdout, 1)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _unfailing(sys.stderr, 2)


def lost(stream: object) -> "OSError | None":
    """Return why something that was printed did not arrive; None if all did, or its reader wanted no more of it."""
    stream.flush()  # type: ignore[attr-defined]
    fault = fault_of(stream)
    return None if isinstance(fault, BrokenPipeError) else fault


def fault_of(stream: object) -> "OSError | None":
    """Return why nothing that is printed arrives any more, be it that its reader wants no more of it."""
    found: OSError | None = getattr(getattr(getattr(stream, "buffer", None), "raw", None), "fault", None)
    return found


class _Unfailing(io.FileIO):
    """Drops what cannot be written, because its reader is gone or the disk is full. fault: the first reason."""

    fault: "OSError | None" = None

    def write(self, data: "bytes | memoryview") -> int:  # type: ignore[override]
        """Write, or drop."""
        try:
            return super().write(data)
        except OSError as error:
            self.fault = self.fault or error
            return memoryview(data).nbytes


def _unfailing(stream: object, number: int) -> io.TextIOWrapper:
    """Return a stream in place of `stream`: what it cannot show is shown as "?", and no write fails."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    errors = getattr(stream, "errors", None)
    if errors in (None, "strict", "surrogateescape"):
        errors = "replace"
    raw: io.RawIOBase = _Unfailing(number, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors, line_buffering=number == 2 or raw.isatty())


def _open_closed_streams() -> None:
    """Open the standard streams that are closed: else the next file that is opened would be taken for one."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _lacking() -> str:
    """Return what this Python lacks; nothing if it can run the project."""
    if sys.version_info < _LEAST:
        return "is older than {}.{}".format(*_LEAST)
    missing = [name for name in _NEEDED if find_spec(name) is None]
    return f"has no {', '.join(missing)}" if missing else ""


def _environment(lacking: str) -> str:
    """Return the Python of the project's environment, or the company's; exit if it is this one, or none is there."""
    for environment in [folder / ".venv" for folder in (_ROOT, *_companies())]:
        python = environment / "bin" / "python"
        is_this = sys.executable == str(python) or Path(sys.prefix).resolve() == environment.resolve()
        if not is_this and os.access(str(python), os.X_OK):
            return str(python)
    own = _ROOT / ".venv"
    said = f"Error: This Python ({sys.executable}) {lacking}.\nTry: {quote(str(_ROOT))}/nightly.sh, which sets up {own}"
    sys.exit(_printed(said))


def _companies() -> "list[Path]":
    """Return the folder of the settings file: there an environment is, where the project is another user's."""
    named = [after for before, after in zip(sys.argv, sys.argv[1:]) if before == "--env"]  # noqa: B905 -- older Pythons
    named += [text[len("--env=") :] for text in sys.argv if text.startswith("--env=")]
    given = (named or [os.environ.get("ETL_ENV", "")])[0]
    files = [Path(given)] if given else sorted(Path().glob("*.env"))
    return [Path(os.path.abspath(str(file.parent))) for file in files if file.is_file()][:1]  # noqa: PTH100


def _printed(said: str) -> int:
    print(said, file=sys.stderr)
    return 2


def _start_again(python: str, program: str) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in _CHANGES}
    called = [program] if program.endswith(".py") else ["-m", program]
    os.execve(python, [python, *called, *sys.argv[1:]], kept)  # noqa: S606 -- a program of our own
