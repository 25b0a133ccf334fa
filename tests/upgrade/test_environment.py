"""An environment holds what its lists name, by their hashes; a night installs nothing into one that is there."""

import base64
import hashlib
import os
import pty
import shlex
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from config.paths import ROOT

PROGRAM = "import sys; print(' '.join(sys.argv[1:]))\n"


def wheel(folder: Path, name: str, version: str, *needs: str) -> str:
    """Make a package; returns the line of a lock that asks for it."""
    about = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        + "".join(f"Requires-Dist: {need}\n" for need in needs),
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    sums = {path: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()) for path, text in files.items()}
    record = "".join(f"{path},sha256={sums[path].rstrip(b'=').decode()},\n" for path in files)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in (files | {f"{about}/RECORD": f"{record}{about}/RECORD,,\n"}).items():
            archive.writestr(inner, text)
    return f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Project:
    """A folder with the real scripts, lists of its own, and packages that need no network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("nightly.sh", "setup.sh", "etl/core/installed.py", "etl/__init__.py"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        (folder / "etl/__main__.py").write_text(PROGRAM)  # stands for the night: it prints how it was called
        for made in ("locks", "wheels"):
            (folder / made).mkdir()
        self.lines = {
            name: wheel(folder / "wheels", name.partition("-")[0], name.partition("-")[2], *needs)
            for name, needs in {
                "base-1": (),
                "base-2": (),
                "gone-1": (),
                "more-1": (),
                "driver-1": ("part",),
                "part-1": (),
            }.items()
        }

    def list(self, name: str, *packages: str) -> None:
        """Write a list and its lock."""
        (self.folder / f"{name}.txt").write_text("".join(f"{each.replace('-', '==')}\n" for each in packages))
        (self.folder / f"locks/{name}.lock").write_text("".join(self.lines[each] for each in packages))

    def call(self, *command: str, terminal: bool = False) -> subprocess.CompletedProcess[str]:
        """Run a command of the project, where nobody looks on, as cron does, or at a terminal."""
        settings = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
        settings["PIP_NO_COMPILE"] = "1"
        settings["PIP_FIND_LINKS"] = str(self.folder / "wheels")
        ours, theirs = pty.openpty()
        try:
            return subprocess.run(
                command,
                cwd=self.folder,
                env=settings,
                stdin=theirs if terminal else subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            os.close(ours)
            os.close(theirs)

    def night(self, *, terminal: bool = False) -> subprocess.CompletedProcess[str]:
        """Run a night."""
        return self.call("./nightly.sh", "--env", "prod.env", terminal=terminal)

    @property
    def packages(self) -> set[str]:
        """Name what the environment holds, beside the tools."""
        found = next(self.folder.glob(".venv/lib/python3*")) / "site-packages"
        names = {path.name.removesuffix(".dist-info") for path in found.glob("*.dist-info")}
        return {name for name in names if name.partition("-")[0] not in ("pip", "setuptools", "wheel")}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Give a project whose environment the first night has made."""
    project = Project(tmp_path_factory.mktemp("project"))
    project.list("requirements", "base-1", "gone-1")
    (project.folder / "requirements-own.txt").write_text("driver==1  # ours\n")
    first = project.night()
    assert (first.returncode, first.stderr) == (0, "Setting up .venv\n")
    assert first.stdout == f"night --env {project.folder}/prod.env\n"
    assert project.packages == {"base-1", "gone-1", "driver-1", "part-1"}
    return project


@pytest.fixture(autouse=True)
def _as_it_was(project: Project) -> None:
    """Begin each test with the first night's lists, installed."""
    project.list("requirements", "base-1", "gone-1")
    (project.folder / "requirements-own.txt").write_text("driver==1  # ours\n")
    assert project.night(terminal=True).returncode == 0


def test_an_environment_that_is_as_the_lists_say_is_left_alone(project: Project) -> None:
    """Nothing is said, and nothing done."""
    assert [project.night(terminal=there).stderr for there in (False, True)] == ["", ""]


def test_a_failed_installation_is_tried_again(project: Project) -> None:
    """An environment that could not be filled is never taken for a good one."""
    (project.folder / "requirements-own.txt").write_text("./no-such-driver\n")
    for _ in range(2):
        failed = project.night(terminal=True)
        assert (failed.returncode, failed.stdout) == (1, "")
        assert "no-such-driver" in failed.stderr
        assert "Error: The requirements could not be installed.\nTry: " in failed.stderr


def test_a_night_that_finds_the_environment_out_of_date_says_so_and_uses_it(project: Project) -> None:
    """From cron nothing is installed; at a terminal, or by ./setup.sh, it is."""
    project.list("requirements", "base-2", "gone-1")
    at_night = project.night()
    assert (at_night.returncode, at_night.stdout) == (0, f"night --env {project.folder}/prod.env\n")
    assert at_night.stderr == (
        "Warning: The environment .venv is out of date: requirements.txt changed since it was set up."
        " This night uses what is installed; ./setup.sh updates it.\n"
    )
    assert "base-1" in project.packages
    assert project.night(terminal=True).stderr == "Setting up .venv\n"
    assert "base-2" in project.packages


def test_a_night_whose_environment_lacks_a_package_ends_with_a_sentence(project: Project) -> None:
    """Which package, and what installs it; the stages are not begun."""
    project.lines["new-1"] = wheel(project.folder / "wheels", "new", "1")
    project.list("requirements", "base-1", "gone-1", "new-1")
    failed = project.night()
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == (
        "Error: The environment .venv is out of date, and lacks new.\nTry: ./setup.sh requirements.txt\n"
    )


def test_an_environment_whose_python_is_gone_is_not_made_again_by_cron(project: Project) -> None:
    """Such as after an upgrade of the system."""
    python = project.folder / ".venv/bin/python"
    target = python.readlink()
    python.unlink()
    failed = project.night()
    python.symlink_to(target)
    assert failed.returncode == 1
    assert failed.stderr == (
        "Error: The environment .venv does not work: its Python does not start.\nTry: ./setup.sh\n"
    )


def test_what_left_the_lists_is_removed_and_what_a_driver_needs_stays(project: Project) -> None:
    """Also what somebody installed by hand, which is named; a list that was set up besides is kept."""
    project.list("requirements-more", "more-1")
    assert project.call("./setup.sh", "requirements-more.txt").returncode == 0
    assert "more-1" in project.packages
    project.list("requirements", "base-1")
    done = project.call("./setup.sh")
    assert done.stderr == (
        "Setting up .venv\nRemoving from .venv what no list names (requirements-own.txt is for yours): gone\n"
    )
    assert project.packages == {"base-1", "more-1", "driver-1", "part-1"}
    (project.folder / "requirements-own.txt").unlink()
    project.list("requirements", "gone-1")
    (project.folder / "requirements-more.txt").unlink()
    assert project.call("./setup.sh").returncode == 0
    assert project.packages == {"gone-1"}


def test_set_up_repairs_what_was_done_to_an_environment(project: Project) -> None:
    """Another version, a package of its own: ./setup.sh compares what is there, however little the lists changed."""
    project.lines["mine-1"] = wheel(project.folder / "wheels", "mine", "1")
    project.call(".venv/bin/python", "-m", "pip", "install", "--quiet", "base==2", "mine")
    assert {"base-2", "mine-1"} <= project.packages
    assert "mine" in project.call("./setup.sh").stderr
    assert project.packages == {"base-1", "gone-1", "driver-1", "part-1"}
    wrong = project.call("./setup.sh", "requirements-mine.txt")
    assert (wrong.returncode, wrong.stderr.splitlines()[0]) == (2, "Error: There is no list requirements-mine.txt.")


def test_a_package_of_another_hash_is_not_installed(project: Project) -> None:
    """Whoever replaces a file in the index, installs nothing here."""
    (project.folder / "requirements.txt").write_text("base==2\n")
    lock = project.folder / "locks/requirements.lock"
    lock.write_text(project.lines["base-2"].replace("sha256:", "sha256:" + "0" * 8)[:-9] + "\n")
    failed = project.call("./setup.sh")
    assert failed.returncode == 1
    assert "DO NOT MATCH THE HASHES" in failed.stderr
    assert "base-1" in project.packages


def test_an_environment_of_before_locks_is_taken_over(project: Project) -> None:
    """Its lists were recorded by their sums: what they name stays, by its lock."""
    project.list("requirements-sample", "part-1")
    installed = project.folder / ".venv/installed"
    for record in installed.iterdir():
        record.rename(record.with_name(f"{record.name}.sha256"))
    (installed / "requirements-sample.txt.sha256").write_text("0 requirements-sample.txt\n")
    (project.folder / "requirements-own.txt").unlink()
    assert project.call("./setup.sh").returncode == 0
    assert project.packages == {"base-1", "gone-1", "part-1"}
    assert {path.name for path in installed.iterdir()} == {"requirements.txt", "requirements-sample.txt"}
    (project.folder / "requirements-sample.txt").unlink()


def test_the_drivers_that_a_companys_folder_names_are_installed_with_the_engines(
    project: Project, tmp_path: Path
) -> None:
    """Into the engine's environment, which keeps those of other companies; a night that lacks one says what to do."""
    folders = [tmp_path / "my shop", tmp_path / "other"]
    for folder, package in zip(folders, ("more==1", "part==1"), strict=True):
        folder.mkdir()
        (folder / "prod.env").touch()
        (folder / "requirements.txt").write_text(f"# a driver\n{package}\n")
    night = project.call("./nightly.sh", "--env", f"{folders[0]}/prod.env")
    assert night.returncode == 1
    cure = night.stderr.rpartition("lacks more.\nTry: ")[2]
    assert shlex.split(cure) == [f"{project.folder}/setup.sh", "--env", f"{folders[0]}/prod.env"]
    for folder in folders:
        assert project.call("./setup.sh", "--env", f"{folder}/prod.env").returncode == 0
    night = project.call("./nightly.sh", "--env", f"{folders[0]}/prod.env")
    assert (night.stdout, night.stderr) == (f"night --env {folders[0]}/prod.env\n", "")
    for package in ("driver", "part", "more"):
        assert project.call(".venv/bin/python", "-c", f"import {package}").returncode == 0


def test_a_settings_file_that_is_not_there_is_named(project: Project) -> None:
    """Nothing is set up for a mistyped name."""
    done = project.call("./setup.sh", "--env", "nope.env")
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: There is no settings file {project.folder}/nope.env.\nTry: ")


def test_an_engine_that_is_another_users_is_used_as_it_is(project: Project, tmp_path: Path) -> None:
    """Its folder is read, and the environment made in the company's folder."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/requirements.txt").write_text("driver==1\n")
    asked = ('/nowhere "$1/prod.env"', '"$PWD" "$1/prod.env"', '/nowhere ""')
    script = ". ./setup.sh; " + "; ".join(f"environment_of {each}" for each in asked)
    shown = project.call("bash", "-c", script, "bash", f"{tmp_path}/shop")
    assert shown.stdout == f"{tmp_path}/shop/.venv\n.venv\n.venv\n"
    made = project.call("bash", "-c", '. ./setup.sh; set_up "$1" requirements.txt "$2"', "bash",
                        f"{tmp_path}/shop/.venv", f"{tmp_path}/shop/requirements.txt")  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert project.call(f"{tmp_path}/shop/.venv/bin/python", "-c", "import base, driver").returncode == 0
