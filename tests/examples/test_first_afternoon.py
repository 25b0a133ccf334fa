"""docs/first-afternoon.md is true: it is run, line by line, and its company is examples/flights."""

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest

from config.paths import ROOT
from etl.commands import main
from examples.flights.source import fill
from tests.called import called, etl
from tests.examples.transcript import Session, agrees, play
from tests.maria import Maria

GUIDE = (ROOT / "docs" / "first-afternoon.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "examples" / "flights"
MOST_LINES = 60
"""That a person types or edits between an unknown database and a published star, its report and a change of it."""
FLIGHTS = 40_000


@pytest.fixture(scope="module")
def airport(maria: Maria) -> Iterator[str]:
    """Give the address of a database with the flights, and an account that may read them."""
    maria.sql(
        "CREATE DATABASE flights CHARACTER SET utf8mb4",
        "GRANT ALL ON flights.* TO etl",
        "CREATE USER flights_reader IDENTIFIED BY 'secret'",
        "GRANT SELECT ON flights.* TO flights_reader",
    )
    fill(maria.url(database="flights"), FLIGHTS)
    yield f"127.0.0.1:{maria.port}"
    maria.sql("DROP DATABASE flights", "DROP USER flights_reader")


def engine(folder: Path) -> None:
    """Clone the engine to `folder`/app from an origin that has a newer version by the time it is pulled."""
    origin, git = folder / "origin", ["git", "-c", "user.name=x", "-c", "user.email=x@example.com"]
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no clone")
    for name in filter(None, listed.stdout.splitlines()):
        if (ROOT / name).is_file():
            (origin / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, origin / name)
    setup = origin / "setup.sh"  # the environment is the test's own, and it is there
    setup.write_text(setup.read_text().replace("\nif [ ", "\nset_up() { :; }\n\nif [ ", 1))
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "one"]):
        subprocess.run([*git, *command], cwd=origin, check=True)
    subprocess.run([*git, "clone", "--quiet", origin, folder / "app"], check=True)
    (folder / "app" / ".venv").symlink_to(ROOT / ".venv")
    notes = origin / "CHANGELOG.md"
    notes.write_text(notes.read_text().replace("# Changelog", "# Changelog of tomorrow"))
    subprocess.run([*git, "commit", "--quiet", "-am", "two"], cwd=origin, check=True)


def test_the_guide_is_what_happens(maria: Maria, airport: str, tmp_path: Path) -> None:
    """Every command prints what the guide says, few lines are typed, and the example is what comes of it, and right."""
    engine(tmp_path)
    environment = {name: value for name, value in os.environ.items() if name not in ("ETL_ENV", "PYTHONPATH")}
    session = Session(tmp_path, {"/srv/etl": str(tmp_path), "127.0.0.1:3306": airport}, environment)
    assert list(play(GUIDE, session)) == []
    typed = sum(map(len, session.typed.values()))
    assert typed <= MOST_LINES
    assert f"types or edits is {typed} lines" in " ".join(GUIDE.split())
    assert (tmp_path / "app" / "CHANGELOG.md").read_text().startswith("# Changelog of tomorrow")
    company = tmp_path / "flights"
    for ours in EXAMPLE.rglob("*"):
        made = company / ours.relative_to(EXAMPLE)
        if ours.is_file() and ours.suffix in (".sql", ".py", ".toml", ".txt") and ours.parent != EXAMPLE:
            assert made.read_text() == ours.read_text(), f"{made.name} of the example is another"
    renamed = {of_source: of_star.replace("arr_delay", "arrival_delay") for of_source, of_star in ASKED.items()}
    with patch.dict(ASKED, renamed):
        assert differing(lambda sql: maria.sql("USE flights", sql), company / "data/prod/warehouse.duckdb") == []


ASKED = {  # of the source, of the star
    "SELECT COUNT(*), SUM(distance), SUM(arr_delay), SUM(CASE WHEN dep_time IS NULL THEN 1 ELSE 0 END) FROM flights":
    "SELECT count(*), sum(distance), sum(arr_delay), count(*) FILTER (WHERE dep_time IS NULL) FROM fact_flight",
    "SELECT a.name, COUNT(*), SUM(f.dep_delay) FROM flights f JOIN airlines a ON a.carrier = f.carrier"
    " GROUP BY a.name":
    "SELECT name, count(*), sum(dep_delay) FROM fact_flight JOIN dim_airline USING (airline_key)"
    " GROUP BY name",
    "SELECT f.origin, COALESCE(d.faa, 'none'), COUNT(*) FROM flights f LEFT JOIN airports d ON d.faa = f.dest"
    " GROUP BY 1, 2":
    "SELECT o.faa, CASE dest_key WHEN 0 THEN 'none' ELSE d.faa END, count(*) FROM fact_flight"
    " JOIN dim_airport o ON o.airport_key = origin_key JOIN dim_airport d ON d.airport_key = dest_key"
    " GROUP BY 1, 2",
    "SELECT p.manufacturer, COUNT(*), SUM(p.seats) FROM flights f JOIN planes p ON p.tailnum = f.tailnum"
    " GROUP BY p.manufacturer":
    "SELECT manufacturer, count(*), sum(seats) FROM fact_flight JOIN dim_plane USING (plane_key)"
    " WHERE plane_key <> 0 GROUP BY manufacturer",
    "SELECT month, day, COUNT(*) FROM flights GROUP BY month, day":
    "SELECT d.month, day(d.date), count(*) FROM fact_flight JOIN dim_date d ON d.date_key = time_hour_date_key"
    " GROUP BY 1, 2",
}  # fmt: skip


def differing(source: Callable[[str], list[tuple[Any, ...]]], warehouse: Path) -> list[str]:
    """Ask the source and the published star the same; return the questions with different answers."""
    with duckdb.connect(str(warehouse), read_only=True) as star:
        return [
            of_source
            for of_source, of_star in ASKED.items()
            if not (found := _texts(star.execute(of_star).fetchall())) or _texts(source(of_source)) != found
        ]


def _texts(rows: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    """Return rows in the order of their texts: databases sort letters in different ways."""
    return sorted(tuple(map(str, row)) for row in rows)


def test_a_draft_of_a_sqlite_file_gives_the_files_own_answers(tmp_path: Path) -> None:
    """Drafted and published without a line that a person wrote: SQLite has no types to speak of."""
    file = tmp_path / "flights.db"
    fill(f"sqlite:///{file}", 5_000)
    company = tmp_path / "company"
    assert called(main, ["etl", "init", str(company), "--from", f"sqlite:///{file}"]).returncode == 0
    env = company / "prod.env"
    env.write_text(env.read_text().replace("BUSINESS_TIME_ZONE=UTC", "BUSINESS_TIME_ZONE=America/New_York"))
    drafted = etl("draft", env, "flights", "flights")
    assert drafted.returncode == 0, drafted.stderr
    night = subprocess.run([ROOT / "etl.sh", "night", "--env", env], capture_output=True, text=True, check=False)
    assert night.returncode == 0, night.stderr
    with closing(sqlite3.connect(file)) as source:
        assert differing(lambda sql: source.execute(sql).fetchall(), company / "data/prod/warehouse.duckdb") == []


@pytest.mark.parametrize(
    ("expected", "printed", "agree"),
    [
        (["a", "…", "z"], ["a", "z"], True),
        (["a", "…", "z"], ["a", "b", "c", "z"], True),
        (["a", "…", "z"], ["a", "b", "c"], False),
        (["in … s"], ["in 12 s"], True),
        (["a"], ["ab"], False),
        (["a.c"], ["abc"], False),
        ([], ["a"], False),
    ],
)
def test_the_comparison_can_fail(expected: list[str], printed: list[str], agree: bool) -> None:
    """What is left out is marked; all else is compared."""
    assert agrees(expected, printed) == agree


def test_no_path_of_a_machine_is_in_the_example() -> None:
    """It is the same wherever it was made."""
    for file in EXAMPLE.rglob("*.*"):
        if file.is_file() and file.suffix in (".sql", ".py", ".toml"):
            assert not re.search(r"/(srv|tmp|home|work)/", file.read_text()), file
