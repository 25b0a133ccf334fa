"""How the night is called, and what setting up needs of the machine; tests/upgrade has what it does."""

import shutil
import subprocess
from pathlib import Path

import pytest

from config.paths import ROOT


def shell(folder: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script that has sourced setup.sh, in a folder of its own."""
    text = f"set -euo pipefail; . {ROOT}/setup.sh; {script}"
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin"} | environment
    return subprocess.run(["bash", "-c", text], cwd=folder, env=path, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder whose requirements ask for nothing, so that no package index is needed."""
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    return tmp_path


def test_a_machine_without_a_fit_python_is_told_what_to_install(folder: Path, tmp_path: Path) -> None:
    """One sentence and one of advice, exit code 1."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "flock", "awk", "cmp", "mkdir"):
        (tools / name).symlink_to(Path("/usr/bin") / name)
    failed = shell(folder, "set_up .venv requirements.txt", PATH=str(tools), HOME=str(tmp_path))
    assert failed.returncode == 1
    assert failed.stderr.endswith(
        "Error: There is no Python 3.11 or newer with venv.\n"
        "Try: apt-get install python3 python3-venv, or set PYTHON to one.\n"
    )


@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm")
def test_packages_for_node_are_installed_on_first_use_and_renewed_when_they_changed(tmp_path: Path) -> None:
    """Like an environment: kept while the list is the same; an installation that failed is tried again."""
    listed, call = tmp_path / "package.json", "set_up_node .node package.json"
    listed.write_text('{"private": true}')
    assert [shell(tmp_path, call, HOME=str(tmp_path)).stderr for _ in range(2)] == ["Setting up .node\n", ""]
    listed.write_text('{"private": true, "dependencies": {"no-such-package": "file:./no-such-package.tgz"}}')
    for _ in range(2):
        failed = shell(tmp_path, call, HOME=str(tmp_path))
        assert failed.returncode == 1
        assert failed.stderr.startswith("Setting up .node\n")
        assert "Error: The packages of package.json could not be installed." in failed.stderr


USAGE = (
    "Usage: ./nightly.sh [--env FILE] [--due HH:MM] [--full | --since YYYY-MM-DD] [--accept TABLE:GUARD=FIGURE …]"
    " | --version\n"
)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--env"], "--env needs a value."),
        (["--env", ""], "--env needs a value."),
        (["--due"], "--due needs a value."),
        (["--since"], "--since needs a value."),
        (["--accept"], "--accept needs a value."),
        (["prod.env"], "prod.env is not an option of nightly.sh."),
        (["--env", "a", "b c"], "b c is not an option of nightly.sh."),
        (["--fast"], "--fast is not an option of nightly.sh."),
        (["--acept", "sales:shrank=5"], "--acept is not an option of nightly.sh."),
        (["--due=01:00"], "--due=01:00: write --due 01:00, without the equals sign."),
    ],
)
def test_a_wrong_call_of_the_night_is_told_what_is_wrong_and_how_to_call_it(arguments: list[str], said: str) -> None:
    """Anything but its options exits with 2 and is named."""
    done = subprocess.run([ROOT / "nightly.sh", *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, f"Error: {said}\n{USAGE}")


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_who_asks_how_the_night_is_called_is_told(option: str) -> None:
    """On standard output, and that is no fault."""
    done = subprocess.run([ROOT / "nightly.sh", option], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, USAGE, "")


@pytest.mark.parametrize(("call", "code"), [("--help >&-", 0), ("--fast 2>&-", 2), ("--help <&- >&- 2>&-", 0)])
def test_closed_streams_change_no_exit_code_of_the_shells_part(call: str, code: int) -> None:
    """What it would say is lost, and no file that it opens is taken for a stream."""
    assert subprocess.run(["bash", "-c", f'"{ROOT}/nightly.sh" {call}'], check=False).returncode == code


def test_a_caller_whose_folder_is_gone_is_told(tmp_path: Path) -> None:
    """Its settings file is nowhere; nothing waits for it for ever."""
    script = f'cd "{tmp_path}" && rmdir "{tmp_path}" && exec "{ROOT}/nightly.sh" --env prod.env'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 2
    assert "prod.env" in done.stderr
