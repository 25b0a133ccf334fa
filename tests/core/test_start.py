"""How every command starts: whatever Python, streams and variables it is given, what it did is what it says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.paths import ROOT

BARE = [str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"), "-S"]
"""A Python that has none of the packages."""

PROGRAM = """
import sys
from etl.core.start import lost, start
if __name__ == "__main__":
    start(__file__)
    import warnings
    def documented():
        "Its text."
    assert documented.__doc__
    warnings.warn("old", DeprecationWarning)
    for number in (0, 1, 2):
        open(number, closefd=False)
    opened = open(__file__)
    assert opened.fileno() > 2
    print("café ∅", 7, *sys.argv[1:])
    print("said ∅", file=sys.stderr)
    sys.exit(5 if lost(sys.stdout) else 3)
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Give a program that starts as ours do, and ends with 3, or 5 where its output did not arrive."""
    file = tmp_path / "program.py"
    file.write_text(PROGRAM, encoding="utf-8")
    return file


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | variables
    return subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, encoding="utf-8", check=False, timeout=60
    )


@pytest.mark.parametrize(
    ("streams", "code"),
    [
        ("", 3),
        (">&-", 3),
        ("2>&-", 3),
        ("<&-", 3),
        (">&- 2>&- <&-", 3),
        ("| true", 3),
        ("2>&1 | true", 3),
        ("2>/dev/full", 3),
        (">/dev/full", 5),
    ],
)
def test_streams_that_are_closed_or_that_nobody_reads_change_no_exit_code(
    program: Path, streams: str, code: int
) -> None:
    """What is printed is lost, and a file that is opened is not taken for a stream; only a full disk is a fault."""
    done = run("bash", "-c", f'"{sys.executable}" "{program}" {streams}; exit ${{PIPESTATUS[0]}}')
    assert done.returncode == code
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({"PYTHONIOENCODING": "utf-8"}, "café ∅"),
        ({"LC_ALL": "C"}, "café ∅"),
        ({"PYTHONIOENCODING": "ascii"}, "caf? ?"),
        ({"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "caf? ?"),
        ({"PYTHONIOENCODING": "ascii:backslashreplace"}, r"caf\xe9 \u2205"),
        ({"PYTHONOPTIMIZE": "2"}, "café ∅"),
        ({"PYTHONWARNINGS": "error"}, "café ∅"),
        ({"PYTHONINSPECT": "1"}, "café ∅"),
        ({"PYTHONSAFEPATH": "1", "TERM": "dumb"}, "café ∅"),
        ({"PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error", "PYTHONINSPECT": "1"}, "café ∅"),
    ],
)
def test_variables_that_change_python_change_nothing(program: Path, variables: dict[str, str], shown: str) -> None:
    """What a console cannot show is a question mark, or what the person asked for; arguments are kept."""
    done = run(sys.executable, program, "--a", "b c", **variables)
    assert done.returncode == 3, done.stderr
    assert done.stdout == f"{shown} 7 --a b c\n"


@pytest.mark.parametrize("option", ["-OO", "-i", "-Werror"])
def test_options_that_change_python_change_nothing(program: Path, option: str) -> None:
    """As with the variables."""
    assert run(sys.executable, option, program).returncode == 3


COMMANDS = [
    [str(ROOT / "SQLDownloadMain.py")],
    [str(ROOT / "TablesTransformMain.py")],
    [str(ROOT / "LoadFilesBQ.py")],
    *(["-m", package] for package in ("etl", "sample", "powerbi")),
]


@pytest.mark.skipif(not (ROOT / ".venv/bin/python").exists(), reason="there is no environment beside the project")
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: Path(command[-1]).stem)
def test_a_command_finds_the_projects_environment(command: list[str]) -> None:
    """Started with a Python that has none of the packages, as ./SQLDownloadMain.py is."""
    done = run(*BARE, *command, "--help", PYTHONSAFEPATH="" if command[0] == "-m" else "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: ")


@pytest.mark.parametrize("is_broken", [False, True])
def test_without_an_environment_a_command_says_what_sets_it_up(tmp_path: Path, is_broken: bool) -> None:
    """Exit code 2, one sentence and one of advice; also where there is one that has none of the packages."""
    shutil.copytree(ROOT / "etl", tmp_path / "etl", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "SQLDownloadMain.py", tmp_path)
    if is_broken:
        subprocess.run([BARE[0], "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    done = run(*BARE, tmp_path / "SQLDownloadMain.py", "--env", "prod.env", PYTHONPATH="")
    assert done.returncode == 2
    error, advice = done.stderr.splitlines()
    assert error.startswith("Error: This Python (")
    assert "pyarrow" in error
    assert advice == f"Try: {tmp_path}/nightly.sh, which sets up {tmp_path}/.venv"


def test_a_working_folder_that_is_gone_is_no_obstacle(tmp_path: Path, program: Path) -> None:
    """Libraries ask for it."""
    (tmp_path / "gone").mkdir()
    script = f'cd "{tmp_path}/gone" && rmdir ../gone && exec "{sys.executable}" "{program}"'
    done = run("bash", "-c", script)
    assert (done.returncode, done.stdout) == (3, "café ∅ 7\n"), done.stderr
