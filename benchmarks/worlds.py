"""Make the worlds that the jobs need: each company at its size, at a third of it, and with three times the facts."""

import shutil
import subprocess
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg2

from benchmarks.company import SAMPLE, TPCH, Company
from benchmarks.tpch import data as tpch
from benchmarks.world import PEERS, World
from config.paths import ROOT
from sample import generate
from sample.home import home_of
from sample.server import url_of

TIMES = 3
"""How many times as many rows the larger of two worlds has whose memory is compared."""


@dataclass(frozen=True)
class Sizes:
    """How large the companies are: contracts of the sample, TPC-H's scale factor."""

    rows: int
    scale: float

    def third(self) -> "Sizes":
        """Return a third of it."""
        return Sizes(max(self.rows // TIMES, 1), self.scale / TIMES)


def make_world(company: Company, source: Path, sizes: Sizes, folder: Path) -> World:
    """Make a company on the running server of `source`; a database that is there is taken as it is."""
    world = describe_world(company, source, sizes, folder)
    world.make()
    return world


def describe_world(company: Company, source: Path, sizes: Sizes, folder: Path) -> World:
    """Fill a company's database, unless it is there, and make no run."""
    fill = _sample if company.is_sample else _tpch
    rows, url = fill(source, sizes, folder)
    return World(rows, folder, url, home_of(source).binaries / "psql", company)


def make_larger(world: World, folder: Path) -> World:
    """Make the same company with the same members, and TIMES as many facts."""
    shutil.rmtree(folder, ignore_errors=True)
    columns = {name: [column.name for column in table.columns] for name, table in world.raw.tables.items()}
    company = world.company.multiplied(TIMES, folder / "queries", columns)
    larger = replace(world, rows=TIMES * world.rows, folder=folder, company=company, made={})
    larger.make()
    return larger


def set_up_peers() -> None:
    """Make the peers' environment on first use, as test.sh makes ours."""
    set_up = f". ./setup.sh; set_up {PEERS.parent.parent.name} requirements-peers.txt"
    subprocess.run(["/bin/bash", "-c", set_up], cwd=ROOT, check=True)


def _sample(source: Path, sizes: Sizes, _: Path) -> tuple[int, str]:
    database = f"rows_{sizes.rows}"
    url = url_of(home_of(source), database)
    found = generate.info(url)
    if found is None or found["generator_version"] < generate.VERSION:
        generate.fill(url, contracts=sizes.rows, dirt="much", database=database)
    return sizes.rows, url


def _tpch(source: Path, sizes: Sizes, folder: Path) -> tuple[int, str]:
    url = tpch.fill(url_of(home_of(source), "postgres"), sizes.scale, folder.parent)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM lineitem")
        [(lines,)] = cursor.fetchall()
    return lines, url


COMPANIES = (SAMPLE, TPCH)
