"""An engine, or a company, that is another user's: what cannot be is refused before anything is set up."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.paths import ROOT


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that every user may look into."""
    folder = Path(tempfile.mkdtemp(prefix="etl-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="it takes root to be another user")
def test_a_company_of_another_user_is_told_as_such(open_folder: Path) -> None:
    """A colleague's own settings are not what is missing."""
    shutil.copy(ROOT / "setup.sh", open_folder)
    (open_folder / "setup.sh").chmod(0o644)
    (company := open_folder / "clinic").mkdir(mode=0o755)
    command = ["bash", "-c", '. "$1/setup.sh"; hold "$1/clinic/.venv"', "bash", open_folder]
    told = subprocess.run(command, user="nobody", cwd="/", capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert told.stderr == (
        f"Error: {company} is the company of the user root, and this user (nobody) may not write there.\n"
        "Try: Call it as root, or name a company of yours with --env.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("new", "--from", "nonsense"), "What --from gives is no database's URL."),
        (("new", "--from=nonsense"), "What --from gives is no database's URL."),
        (("full",), "{}/full is not empty, and holds no company's settings: theirs.txt."),
        (("full/theirs.txt",), "{}/full/theirs.txt is a file."),
        (("full/theirs.txt/new",), "The folder {}/full/theirs.txt/new cannot be made."),
    ],
)
def test_what_can_be_no_new_company_is_refused_before_an_environment_is_set_up(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Where the engine is another user's, the environment would be made in that folder."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full/theirs.txt").touch()
    (engine := tmp_path / "engine").mkdir()
    shutil.copy(ROOT / "etl.sh", engine)
    setup = (ROOT / "setup.sh").read_text().replace('[ -w "$1" ] || [ -z "$2" ]', '[ -z "$2" ]')
    (engine / "setup.sh").write_text(setup)  # root may write into any engine, and would not see another user's
    command = ["bash", engine / "etl.sh", "init", tmp_path / arguments[0], *arguments[1:]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"Error: {said.format(tmp_path)}")
    assert not (tmp_path / "new").exists()
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["theirs.txt"]
