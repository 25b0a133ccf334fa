"""A night that is run for real: the source is filled, its truth asked, the three scripts run, the star published."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from shutil import copytree
from typing import Any

import psycopg2

import config
from config.paths import ROOT
from etl.core.warehouse import about
from etl.load.open import open_warehouse
from etl.load.warehouse import Warehouse
from sample import generate

HERE = Path(__file__).parent
QUESTIONS = sorted(file.stem for file in (HERE / "source").glob("*.sql"))
MEASURES = sorted(file.stem for file in (HERE / "measures").glob("*.sql"))
ZONE = "Europe/Madrid"
CONTRACTS = 20_000

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Answer:
    """What a question was answered: the names of the columns, and the rows in no order."""

    columns: tuple[str, ...]
    rows: list[Row]


@dataclass(frozen=True)
class Company:
    """A sample company. today: its last day, None the present one; more_dirt: all there is, and more_dirt.sql."""

    seed: int
    today: date | None = None
    more_dirt: bool = False

    def __str__(self) -> str:
        return f"seed {self.seed}"


COMPANIES = [Company(seed=1), Company(seed=2, today=date(2026, 3, 31), more_dirt=True)]
"""The one as it is on the present day; another, which has been silent since, while its editions went on."""


@dataclass(frozen=True)
class Night:
    """A night of a company: its folder, and the truth about it."""

    folder: Path
    truth: dict[str, Answer]


def run_night(company: Company, server: str, folder: Path) -> Night:
    """Fill the source, and run the night of it."""
    url = generate.fill(server, contracts=CONTRACTS, seed=company.seed, today=company.today, database=str(company),
                        dirt="much" if company.more_dirt else "rare")  # fmt: skip
    if company.more_dirt:
        with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute((HERE / "more_dirt.sql").read_text(encoding="utf-8"))
    return run_stages(url, folder)


def run_stages(url: str, folder: Path) -> Night:
    """Run stages 1 and 2 on a filled source, and answer all questions from it as of the night's instant."""
    folder.mkdir()
    env = write_settings(folder, "duckdb")
    run_script("SQLDownloadMain.py", env, SOURCE_CLOUD_URL=url)
    run_script("TablesTransformMain.py", env)
    (manifest,) = (folder / "duckdb" / "1_raw").glob("*/manifest.json")
    return Night(folder, ask_the_source(url, json.loads(manifest.read_text(encoding="utf-8"))["as_of"]))


@contextmanager
def published(night: Night, kind: str, **others: str) -> Iterator[Warehouse]:
    """Run stage 3 for the night's one star, and open the warehouse. others: more of its settings."""
    env = write_settings(night.folder, kind, **others)
    settings = config.load(env)
    if kind != "duckdb":
        _hand_the_star_to(settings.data_dir, about(settings).address, night.folder / "duckdb")
    run_script("LoadFilesBQ.py", env)
    with open_warehouse(settings) as warehouse:
        yield warehouse


def ask_the_source(url: str, as_of: str) -> dict[str, Answer]:
    """Answer all questions in SQL on the source, by rules that share nothing with the code of the tables."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        for number, rule in enumerate(sorted((HERE / "rules").glob("*.sql"))):
            cursor.execute(rule.read_text(encoding="utf-8"), {"as_of": as_of, "zone": ZONE} if number == 0 else None)
        asked = [*(("source", name) for name in QUESTIONS), *(("measures", name) for name in MEASURES)]
        return {name: _answer(cursor, HERE / folder / f"{name}.sql") for folder, name in asked}


def ask_the_star(warehouse: Warehouse, question: str) -> Answer:
    """Answer a question from the published tables."""
    table = warehouse.read((HERE / "star" / f"{question}.sql").read_text(encoding="utf-8"))
    rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return Answer(tuple(table.column_names), rows)


def write_settings(folder: Path, kind: str, **others: str) -> Path:
    """Write the settings file of a warehouse, whose data lie in a folder of that name."""
    lines = {"WAREHOUSE": kind, "DATA_DIR": str(folder / kind), "BUSINESS_TIME_ZONE": ZONE, "WORKERS": "1"}
    lines |= {"QUERIES_DIR": str(ROOT / "queries"), "TABLES_DIR": str(ROOT / "tables")} | others
    file = folder / f"{kind}.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()), encoding="utf-8")
    return file


def run_script(script: str, env: Path, **variables: str) -> None:
    """Run one of the three scripts as cron would; whatever it said when it failed is the error."""
    run(str(ROOT / script), "--env", str(env), **variables)


def run(*command: str, **variables: str) -> None:
    """Run a command of Python's."""
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, timeout=300
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} exited with {done.returncode}:\n{done.stderr}")


def _answer(cursor: Any, question: Path) -> Answer:
    cursor.execute(question.read_text(encoding="utf-8"))
    rows: list[Row] = cursor.fetchall()
    return Answer(tuple(column.name for column in cursor.description), rows)


def _hand_the_star_to(data: Path, warehouse: str, other_data: Path) -> None:
    """Copy the star, and have its manifest name this warehouse: a star is made for one, and we want one star in two."""
    copytree(other_data / "2_star", data / "2_star")
    for file in (data / "2_star").glob("*/manifest.json"):
        manifest = json.loads(file.read_text(encoding="utf-8"))
        manifest["origin"]["warehouse"] = warehouse
        file.write_text(json.dumps(manifest), encoding="utf-8")
