"""The night as a whole: the three stages under one lock, in order, until one fails."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.paths import ROOT
from sample import generate, server
from tests.night.company import Company


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a small sample company's database."""
    folder = tmp_path_factory.mktemp("night") / "source"
    with server.running(folder) as url:
        yield generate.fill(url, contracts=1000, seed=3)
    server.remove(folder)


@pytest.fixture
def settings(tmp_path: Path, source: str) -> Path:
    """Give a settings file with a data folder of its own."""
    file = tmp_path / "night.env"
    file.write_text(
        f"WAREHOUSE=duckdb\nBUSINESS_TIME_ZONE=Europe/Madrid\nDATA_DIR={tmp_path / 'data'}\nSOURCE_CLOUD_URL={source}\n"
        f"QUERIES_DIR={ROOT / 'queries'}\nTABLES_DIR={ROOT / 'tables'}\n"
    )
    return file


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Give the settings file of a company of one small table, whose night takes half as long."""
    return Company(tmp_path / "small").env


def start(settings: Path) -> subprocess.Popen[str]:
    """Start a night as nightly.sh does."""
    command = [sys.executable, "-m", "etl", "night", "--env", str(settings)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_its_lock(process: subprocess.Popen[str], settings: Path) -> None:
    """Wait until a night that was started holds its lock."""
    while not (settings.parent / "data" / "lock.holder").exists():
        assert process.poll() is None
        time.sleep(0.02)


def night(settings: Path) -> tuple[int, str, str]:
    """Run a night; gives exit code, standard output, standard error."""
    process = start(settings)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def read(file: Path) -> str:
    """Read a file of /proc; empty where the process has ended meanwhile."""
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def committed(settings: Path) -> dict[str, list[str]]:
    """List the committed runs of each stage."""
    data = settings.parent / "data"
    return {stage: sorted(p.name for p in (data / stage).glob("2*")) for stage in ("1_raw", "2_star", "3_loaded")}


def test_a_night_hands_on_how_much_is_extracted(tmp_path: Path) -> None:
    """Stage 1 gets `--full` or `--since`, and ends the night where they cannot be meant; both together are a fault."""
    company = Company(tmp_path / "small")
    refused = company.night("--since", "2020-01-01")
    assert refused.returncode == 2
    assert "no query has a watermark" in refused.stderr
    assert company.night("--full", "--since", "2020-01-01").returncode == 2
    assert company.night("--full").returncode == 0


def test_a_night_ends_with_what_was_published_and_where_it_lies(settings: Path) -> None:
    """The three stages commit the run of one name, and the last lines tell rows, rejects, folder and how to look."""
    code, out, err = night(settings)
    assert code == 0, err
    runs = committed(settings)
    assert len({tuple(names) for names in runs.values()}) == 1
    manifest = json.loads((settings.parent / "data" / "2_star" / runs["2_star"][0] / "manifest.json").read_text())
    for name, table in manifest["tables"].items():
        row = next(line for line in out.splitlines() if f" {name} " in line)
        assert f" {table['receipt']['rows']:,} " in row
        assert f" {sum(table['rejected'].values()):,} " in row
    assert str(settings.parent / "data") in out
    assert f"-m etl sql --env {settings}" in out


def test_a_failing_stage_ends_the_night_with_its_exit_code(settings: Path) -> None:
    """What comes after it is not run, so that nothing of another night is published."""
    settings.write_text(settings.read_text().replace(f"QUERIES_DIR={ROOT / 'queries'}", f"QUERIES_DIR={ROOT}/tests"))
    code, out, err = night(settings)
    assert code == 2
    assert "There is no query in" in err
    assert committed(settings) == {"1_raw": [], "2_star": [], "3_loaded": []}
    assert out == ""


def test_a_second_night_at_once_is_refused_and_names_the_first(small: Path) -> None:
    """Exit code 75, and the sentence tells which process has held the lock since when."""
    first = start(small)
    wait_for_its_lock(first, small)
    code, _, err = night(small)
    _, first_err = first.communicate(timeout=120)
    assert code == 75
    assert f"process {first.pid}" in err
    assert first.returncode == 0, first_err


def test_a_terminated_night_takes_its_stages_with_it_and_commits_nothing_more(small: Path) -> None:
    """SIGTERM reaches the stage under way; the next night needs no cleaning up."""
    first = start(small)
    wait_for_its_lock(first, small)
    time.sleep(0.8)
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=30)
    assert first.returncode == 130
    assert [file for file in Path("/proc").glob("[0-9]*/cmdline") if str(small) in read(file)] == []
    before = {name for names in committed(small).values() for name in names}
    code, _, err = night(small)
    assert code == 0, err
    assert len({name for names in committed(small).values() for name in names} - before) == 1


def test_a_variable_of_a_night_long_gone_is_not_taken_for_a_lock(settings: Path) -> None:
    """A stage believes in a night only where that night is its parent."""
    stray = os.environ | {"ETL_NIGHT": "20300131T023000Z:1"}
    command = [sys.executable, ROOT / "SQLDownloadMain.py", "--env", settings]
    done = subprocess.run(command, env=stray, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert committed(settings)["1_raw"] != ["20300131T023000Z"]


@pytest.mark.parametrize("moment", [0.2, 1.0, 2.5, 4.0])
def test_ctrl_c_ends_the_whole_night_at_once(settings: Path, moment: float) -> None:
    """A terminal interrupts every process of the night; none stays behind with the lock."""
    command = [sys.executable, "-m", "etl", "night", "--env", str(settings)]
    first = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    time.sleep(moment)
    os.killpg(first.pid, signal.SIGINT)
    _, err = first.communicate(timeout=20)
    assert first.returncode in (130, -signal.SIGINT), err
    assert "Traceback" not in err or "INFO night" not in err, err  # Python itself was starting
    assert [file for file in Path("/proc").glob("[0-9]*/cmdline") if str(settings) in read(file)] == []
