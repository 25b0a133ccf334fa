"""The outermost frame of the scripts: exit codes, sentences, --help."""

import errno
import os
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import SettingsError
from config.paths import ROOT
from etl.commands import commands, made_parser, main
from etl.core import errors
from etl.core.cli import outermost, script
from etl.core.errors import EtlError, joined
from etl.core.job import peak_memory_mb
from tests.called import called

SCRIPTS = ("SQLDownloadMain.py", "TablesTransformMain.py", "LoadFilesBQ.py")


@pytest.fixture(autouse=True)
def keep_the_handler() -> Iterator[None]:
    """`outermost` sets one for SIGTERM."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def ended(fault: BaseException | None, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    def action() -> None:
        if fault:
            raise fault

    code = outermost(action)
    return code, capsys.readouterr().err


CODES = {
    "UsageError": 2,
    "SourceError": 1,
    "ContractError": 1,
    "DataError": 1,
    "WarehouseError": 1,
    "GuardError": 3,
    "RefreshError": 4,
    "DeliveryError": 1,
    "PublishError": 1,
    "LockError": 75,
}


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_every_kind_of_error_has_its_exit_code(name: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """And is told in two lines: what failed, what to try."""
    fault = getattr(errors, name)("It failed.", "Do this.")
    assert ended(fault, capsys) == (code, "Error: It failed.\nTry: Do this.\n")


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Nobody is left out, and every exit code is right."""
    drawn = dict(line.split(" exit ")[0:2] for line in (errors.__doc__ or "").splitlines() if "── " in line)
    told = {line.strip("├└─ ").strip(): int(code.split()[0]) for line, code in drawn.items()}
    assert told == CODES == {kind.__name__: kind.exit_code for kind in EtlError.__subclasses__()}


def test_a_fault_of_the_settings_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2."""
    assert ended(SettingsError("Bad.", "Mend."), capsys) == (2, "Error: Bad.\nTry: Mend.\n")


def test_success_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0."""
    assert ended(None, capsys) == (0, "")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "The disk is full, at a/b.csv: No space left on device."),
        (errno.EDQUOT, "The disk is full, at a/b.csv: Disk quota exceeded."),
        (errno.EACCES, "A file could not be used, a/b.csv: Permission denied."),
        (errno.EROFS, "A file could not be used, a/b.csv: Read-only file system."),
    ],
)
def test_a_fault_of_the_disk_names_the_file(number: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, and what to do."""
    code, err = ended(OSError(number, os.strerror(number), "a/b.csv"), capsys)
    assert code == 1
    assert err.startswith(f"Error: {said}\nTry: ")


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), RuntimeError("Query interrupted")], ids=["Python", "DuckDB"])
def test_an_interruption_is_told(raised: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 130, as shells have it; DuckDB raises one of its own where it came while a query ran."""
    assert ended(raised, capsys) == (130, "Interrupted; nothing more was committed.\n")


def test_a_fault_of_ours_is_not_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    """What nobody foresaw keeps its traceback."""
    with pytest.raises(ZeroDivisionError):
        ended(ZeroDivisionError(), capsys)


def test_an_error_survives_the_way_from_a_worker() -> None:
    """Kind, message, hint, and whether a retry may cure it."""
    fault = pickle.loads(pickle.dumps(errors.SourceError("a", "b", transient=True)))  # noqa: S301 - our own
    assert (type(fault), fault.message, fault.hint, fault.transient) == (errors.SourceError, "a", "b", True)


def test_several_faults_are_told_as_one() -> None:
    """Each once; a retry may cure them only if it may cure every one."""
    fault = joined([errors.SourceError("a", "x", transient=True), errors.DataError("b", "x"), errors.DataError("a")])
    assert (type(fault), fault.message, fault.hint, fault.transient) == (errors.SourceError, "a\nb", "x", False)


EMPTY = "it is empty"
FAULTY = [
    (None, "--from", "", EMPTY),
    (None, "--env", " ", EMPTY),
    (None, "--only", "", EMPTY),
    (None, "--accept", "", EMPTY),
    ("night", "--due", "", EMPTY),
    ("night", "--accept", "", EMPTY),
    ("rejects", "--run", "", EMPTY),
    ("rejects", "--examples", "-1", "'-1' is not a whole number from 0 up"),
    ("status", "--nights", "0", "'0' is not a whole number from 1 up"),
    ("dashboard", "--output", "", EMPTY),
    ("docs", "--output", "", EMPTY),
]


@pytest.mark.parametrize(("command", "option", "value", "why"), FAULTY)
def test_a_value_that_is_none_is_refused_and_not_taken_for_absent(
    command: str | None,
    option: str,
    value: str,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A variable of the shell that is not set: exit code 2, before anything is done."""
    monkeypatch.setattr(sys, "argv", ["x", *([command] if command else []), f"{option}={value}"])
    with pytest.raises(SystemExit) as ended:
        main() if command else script(lambda _: None, "Stage.py", "", "")
    assert ended.value.code == 2
    error, advice = capsys.readouterr().err.splitlines()
    assert error.startswith(f"Error: Argument {option}")
    assert error.endswith(f": {why}.")
    assert advice == f"Try: {f'python -m etl {command}' if command else 'Stage.py'} --help"


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_shows_an_example_and_is_quick(name: str) -> None:
    """Nothing heavy is loaded for it: 0.4 s of processor time, on a slow machine."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run([sys.executable, ROOT / name, "--help"], capture_output=True, text=True, check=False)
    took = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    assert done.returncode == 0
    assert f"example: ./{name} " in done.stdout
    assert all(option in done.stdout for option in ("--env", "--only", "--from", "--dry-run"))
    assert took < 0.5


def test_a_script_runs_from_any_folder(tmp_path: Path) -> None:
    """Cron starts programs wherever it likes; a settings file is looked for where the caller is."""
    command = [sys.executable, ROOT / SCRIPTS[0], "--env", "mine.env"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: The settings file mine.env does not exist.\nTry: Copy ")


def test_peak_memory_is_that_of_this_process() -> None:
    """Not that of the one that started it, which the system hands down."""
    program = "from etl.core.job import peak_memory_mb; print(peak_memory_mb())"
    ballast = bytearray(b"x") * 100_000_000
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert peak_memory_mb() > len(ballast) / 1_000_000
    assert 5 < int(done.stdout) < 100


def test_every_command_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """As its --help ends, one that can be copied."""
    for name, command in commands().items():
        with pytest.raises(SystemExit):
            made_parser("./etl").parse_args([name, "--help"])
        said = capsys.readouterr().out
        example = command.EXAMPLE.replace("python -m etl", "./etl").replace(" --env prod.env", "")
        assert said.rstrip().endswith(f"example: {example}"), name
        assert name in command.EXAMPLE


def test_a_wrong_call_names_the_help_of_its_command_as_it_is_called_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where an option is not known; in a company's folder it is the launcher's."""
    line = ["x", "status", "--nigths", "3"]
    assert called(main, line).stderr.endswith(".\nTry: python -m etl status --help\n")
    monkeypatch.chdir(tmp_path)
    assert called(main, line).stderr.endswith(f".\nTry: {ROOT}/etl.sh status --help\n")
    (tmp_path / "etl").touch()
    assert called(main, line).stderr.endswith(".\nTry: ./etl status --help\n")


@pytest.mark.parametrize(("typed", "completed"), [("sta", ["status"]), ("status --j", ["--json"])])
def test_a_shell_completes_commands_and_options(typed: str, completed: list[str], tmp_path: Path) -> None:
    """In bash, as it asks for it."""
    code = tmp_path / "completion.bash"
    code.write_text(called(main, ["etl", "completion", "bash"]).stdout)
    words = ["etl", *typed.split()]
    asked = f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _shtab_etl"
    done = subprocess.run(
        ["bash", "-c", f'source {code}; {asked}; echo "${{COMPREPLY[@]}}"'], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == completed
