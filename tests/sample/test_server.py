"""What the sample's server and command line promise."""

from __future__ import annotations

import datetime as dt
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from sample import generate, home, server
from sample.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
FILL_A_MILLION = """
import sys; from sample import generate
generate.fill(sys.argv[1], contracts=1_000_000, database='kept')
"""


@pytest.fixture(scope="module")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a filled, stopped sample; each test starts and stops it."""
    folder = tmp_path_factory.mktemp("stopped") / "source"
    with server.running(folder) as url:
        generate.fill(url, contracts=10)
    yield folder
    server.remove(folder)


@pytest.fixture
def new_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder without a sample."""
    yield tmp_path / "source"
    server.remove(tmp_path / "source")


def sample(*arguments: str | Path, **options) -> subprocess.Popen[str]:
    options.setdefault("preexec_fn", lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))  # under nohup, too
    return subprocess.Popen([sys.executable, "-m", "sample", *arguments], cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)  # fmt: skip


def is_up(folder: Path) -> bool:
    try:
        psycopg2.connect(server.url_of(home.home_of(folder), "postgres")).close()
    except psycopg2.OperationalError:
        return False
    return True


def kill_postgres(folder: Path) -> None:
    os.kill(int((home.home_of(folder).cluster / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    while is_up(folder):
        time.sleep(0.02)


def test_the_server_is_there_for_the_block_and_gone_after_it(own_folder: Path) -> None:
    """It stops also when the block fails."""
    with pytest.raises(ZeroDivisionError), server.running(own_folder):
        assert is_up(own_folder)
        raise ZeroDivisionError
    assert not is_up(own_folder)


def test_nobody_else_can_reach_it(ask, sample_server: str) -> None:
    """It listens on no network address, and its socket lies in a folder that only its user may enter."""
    url = sample_server.replace("/cloud?", "/postgres?")
    assert ask(url, "SHOW listen_addresses") == [("",)]
    folder = Path(ask(url, "SHOW unix_socket_directories")[0][0])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(os.fsencode(folder / ".s.PGSQL.5432")) <= 107


def test_a_killed_server_is_no_obstacle(ask, own_folder: Path) -> None:
    """A postmaster.pid that names a living process of somebody else does not matter; committed rows are still there."""
    with server.running(own_folder) as url:
        generate.fill(url, contracts=20)
        kill_postgres(own_folder)
    pid_file = home.home_of(own_folder).cluster / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(pid_file.read_text().split()[0], str(os.getpid()), 1))
    with server.running(own_folder) as url:
        assert ask(url, "SELECT contracts FROM sample_info") == [(20,)]


def test_a_second_user_joins_and_does_not_stop_it(own_folder: Path) -> None:
    """Who finds it running uses it and leaves it running."""
    with server.running(own_folder) as url:
        with sample("--folder", own_folder, "run", "--", "true") as second:
            assert second.wait(60) == 0
        assert is_up(own_folder)
        assert generate.info(url) is not None
    assert not is_up(own_folder)


def test_a_server_whose_starter_was_killed_is_taken_over(own_folder: Path) -> None:
    """The next one that comes uses it, and stops it at the end."""
    with sample("--folder", own_folder, "serve") as first:
        assert "runs at" in first.stdout.readline()
        first.kill()
    assert is_up(own_folder)
    with server.running(own_folder):
        pass
    assert not is_up(own_folder)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_serve_ends_on_a_signal_and_stops_the_server(new_folder: Path, number: int, code: int) -> None:
    """Ctrl-C and a plain kill leave nothing running."""
    with sample("--folder", new_folder, "--contracts", "5", "serve") as process:
        lines = [process.stdout.readline() for _ in range(3)]
        process.send_signal(number)
        assert process.wait(60) == code
    assert lines[0].startswith("Filled the sample company: 5 contracts, seed 1, in ")
    assert "psql 'postgresql://postgres@/cloud?host=/" in lines[2]
    assert not is_up(new_folder)


def test_run_hands_the_url_in_and_the_exit_code_out(own_folder: Path, tmp_path: Path) -> None:
    """A .py file runs with this Python and finds SOURCE_CLOUD_URL; its exit code is ours."""
    script = tmp_path / "script.py"
    script.write_text("import os, sys; print(os.environ['SOURCE_CLOUD_URL'], *sys.argv[1:]); sys.exit(75)")
    with sample("--folder", own_folder, "run", script, "--only", "x") as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 75
    assert out.splitlines()[-1] == f"{server.url_of(home.home_of(own_folder))} --only x"
    assert not is_up(own_folder)


def test_a_sample_of_an_older_version_is_filled_again_as_it_was(ask, new_folder: Path) -> None:
    """Who comes from an older version finds what this one's queries read, of the same size, seed and day."""
    with server.running(new_folder) as url:
        generate.fill(url, contracts=30, seed=4, today=dt.date(2026, 3, 31), dirt="much")
        filled = generate.info(url)
        with closing(psycopg2.connect(url)) as connection, connection:
            connection.cursor().execute("UPDATE sample_info SET generator_version = 2; DROP TABLE sales.channels")
        with sample("--folder", new_folder, "run", "--", "true") as process:
            out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "is filled again as it was:\nFilled the sample company: 30 contracts, seed 4, in " in out
        assert generate.info(url) == filled
        assert ask(url, "SELECT count(*) FROM sales.channels") == [(4,)]


def test_change_fills_an_empty_sample_and_says_what_it_changed(new_folder: Path) -> None:
    """One line a table that has changed, and one for all together."""
    with sample("--folder", new_folder, "--contracts", "9000", "change", "--rows", "100", "--seed", "3") as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    filled, changed, head, *tables, total = out.splitlines()
    assert filled.startswith("Filled the sample company: 9,000 contracts, seed 1, in ")
    assert changed.startswith("Changed the sample company: 100 rows, seed 3, in ")
    assert head.split() == ["inserted", "updated", "deleted"]
    assert {"sales.contracts", "people.offices"} <= {line.split()[0] for line in tables}
    assert total.startswith("total")
    assert sum(map(int, total.split()[1:])) == 100
    assert not is_up(new_folder)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_run_passes_what_ends_it_on_to_the_command(own_folder: Path, number: signal.Signals) -> None:
    """The command ends first, then the server; the code is 128 + the signal's number."""
    with sample("--folder", own_folder, "run", "--", "sh", "-c", "echo up; exec sleep 60") as process:
        while "up" not in process.stdout.readline():
            pass
        process.send_signal(number)
        assert process.wait(30) == 128 + number
    assert not is_up(own_folder)


def test_who_ignores_that_the_terminal_closes_is_left_alone(own_folder: Path) -> None:
    """As nohup has it: the command goes on, and its exit code is ours."""
    waits = "trap 'exit 7' TERM; echo up; while :; do sleep 0.05; done"
    ignoring = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)}
    with sample("--folder", own_folder, "run", "--", "sh", "-c", waits, **ignoring) as process:
        while "up" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGHUP)
        process.terminate()
        assert process.wait(30) == 7


def test_a_strict_umask_is_no_obstacle(new_folder: Path) -> None:
    """The night sets umask 077."""
    with sample("--folder", new_folder, "--contracts", "5", umask=0o077) as process:
        assert process.wait(60) == 0


def test_no_permission_of_another_folder_changes(tmp_path: Path) -> None:
    """A private folder above the sample stays private."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    above = [private, *private.parents, Path(sys.prefix), *Path(sys.prefix).parents]
    before = [path.stat().st_mode for path in above]
    with server.running(private / "source"):
        assert [path.stat().st_mode for path in above] == before
    server.remove(private / "source")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another's folder")
def test_a_folder_that_somebody_planted_is_refused(tmp_path: Path) -> None:
    """Nothing is run from a folder of another owner."""
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(server.SampleError, match="is not ours"):
        home.own_folder(tmp_path, 0o700, 0, 0)


def test_a_failed_fill_leaves_the_old_database_whole(sample_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fill works beside the database that it replaces."""
    url = generate.fill(sample_server, contracts=10, database="kept")
    monkeypatch.setattr(generate, "TOGETHER", (("3_contracts",), ("3_legacy", "2_company")))  # each key twice
    with pytest.raises(psycopg2.Error):
        generate.fill(sample_server, contracts=20, database="kept")
    assert generate.info(url)["contracts"] == 10


def test_a_killed_fill_leaves_the_old_database_whole(ask, sample_server: str) -> None:
    """What is left of it goes with the next fill."""
    url = generate.fill(sample_server, contracts=10, database="kept")
    with subprocess.Popen([sys.executable, "-c", FILL_A_MILLION, sample_server], cwd=ROOT) as process:
        while generate.info(url.replace("/kept?", "/kept_filling?")) is None:
            time.sleep(0.02)
        process.kill()
    assert generate.info(url)["contracts"] == 10
    generate.fill(sample_server, contracts=20, database="kept")
    assert generate.info(url)["contracts"] == 20
    names = ask(url, "SELECT datname FROM pg_database WHERE datname LIKE 'kept%'")
    assert names == [("kept",)]


def test_a_reader_of_the_old_database_does_not_stop_the_swap(sample_server: str) -> None:
    """His session ends; the new database takes the name."""
    url = generate.fill(sample_server, contracts=10, database="read")
    with closing(psycopg2.connect(url)):
        generate.fill(sample_server, contracts=20, database="read")
    assert generate.info(url)["contracts"] == 20


@pytest.mark.parametrize("arguments", [["--contracts", "0"], ["--contracts", "many"], ["--today", "2026-02-31"],
                                       ["--seed", "-1"], ["--folder", ""], ["dance"], ["run"]])  # fmt: skip
def test_bad_input_gets_a_sentence_and_an_advice(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and nothing is started."""
    assert main(arguments) == 2
    error, advice = capsys.readouterr().err.splitlines()
    assert error.startswith("Error: ")
    assert error.endswith(".")
    assert advice.startswith("Try: ")


def test_a_missing_wheel_gets_a_sentence_and_an_advice(
    new_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The advice names the file to install from."""
    with monkeypatch.context() as patch:
        patch.setattr(home.importlib.util, "find_spec", lambda _: None)
        assert main(["--folder", str(new_folder)]) == 2
    assert "requirements-sample.txt" in capsys.readouterr().err
