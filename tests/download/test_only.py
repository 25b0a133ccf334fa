"""--only, --from and --dry-run of stage 1."""

import pytest

from etl.core.manifest import RawManifest
from tests.download.company import Company


@pytest.fixture
def three(company: Company) -> Company:
    """Give a company with a committed run of three tables."""
    for number, name in enumerate(("orders", "lines", "clients")):
        company.query(name, f"SELECT {number} AS id")
    company.done()
    return company


def runs_of(manifest: RawManifest) -> dict[str, str]:
    return {name: table.run for name, table in manifest.tables.items()}


def test_only_makes_a_whole_run_with_the_others_of_the_last_one(three: Company) -> None:
    """Each table tells which run extracted it; what is kept is the same file on the disk, not a copy."""
    first = three.store.raw.newest("")
    three.query("lines", "SELECT 9 AS id")
    second = three.done("--only", "lines")
    assert runs_of(second) == {"orders": first.run, "clients": first.run, "lines": second.run}
    assert second.as_of == first.as_of
    same = {
        name: three.store.raw.path(first.run)
        .joinpath(table.file)
        .samefile(three.store.raw.path(second.run) / table.file)
        for name, table in second.tables.items()
    }
    assert same == {"orders": True, "clients": True, "lines": False}
    assert three.rows("lines") == [{"id": 9}]
    assert three.rows("orders") == [{"id": 0}]


def test_a_run_of_two_instants_says_so(three: Company) -> None:
    """A star of it is not to be published: who made it hears of it at once."""
    assert "were extracted at different times" in three.download("--only", "lines").err
    assert "instants" not in three.download("--only", "lines", "orders", "clients").err


def test_from_names_the_run_whose_tables_are_kept(three: Company) -> None:
    """Not the newest one, but that one."""
    first = three.store.raw.newest("").run
    three.done()
    assert runs_of(three.done("--only", "lines", "--from", first))["orders"] == first


def test_a_kept_table_outlives_the_run_that_extracted_it(three: Company) -> None:
    """The file is there as long as a run links it."""
    three.settings["KEEP_RUNS"] = "1"
    three.done("--only", "lines")
    assert len(three.store.raw.committed()) == 1
    assert three.rows("orders") == [{"id": 0}]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "order"], "--only names order, but there is no query of that name.\nTry: Did you mean orders?"),
        (["--only", "xyz"], "Try: Choose from: clients, lines, orders."),
        (["--only", "lines", "--from", "20300131T023000Z"], "There is no run 20300131T023000Z"),
        (["--from", "20300131T023000Z"], "Name the tables in --only as well."),
        (["--only"], "expected at least one argument"),
        (["--olny", "lines"], "Unrecognized arguments"),
    ],
)
def test_what_the_command_line_names_wrongly_is_said(three: Company, arguments: list[str], said: str) -> None:
    """Exit code 2, a guess where there is one, and nothing done."""
    before = three.store.raw.committed()
    ended = three.download(*arguments)
    assert ended.code == 2
    assert said in ended.err
    assert three.store.raw.committed() == before


def test_only_needs_a_run_to_keep_the_others_of(company: Company) -> None:
    """Exit code 2, with what to do."""
    company.query("orders", "SELECT 1 AS id")
    company.query("lines", "SELECT 1 AS id")
    ended = company.download("--only", "lines")
    assert ended.code == 2
    assert "Leave --only out once." in ended.err


def test_only_names_what_the_last_run_lacks(three: Company) -> None:
    """A query that is new has no rows to be kept."""
    three.query("new", "SELECT 1 AS id")
    ended = three.download("--only", "lines")
    assert ended.code == 2
    assert "which lacks new" in ended.err


def test_tables_of_another_source_are_not_kept(three: Company) -> None:
    """Exit code 2: a run is not mixed from two databases."""
    three.sources["shop"] = three.sources["shop"].replace("/shop?", "/postgres?")
    ended = three.download("--only", "lines")
    assert ended.code == 2
    assert "these settings name the source shop postgresql://" in ended.err


def test_a_dry_run_says_what_it_would_do_and_commits_nothing(three: Company) -> None:
    """Queries are checked and estimated, and not run."""
    before = sorted(three.data.rglob("*"))
    three.query("slow", "SELECT g AS id, pg_sleep(60) FROM generate_series(1, 1000) g")
    ended = three.download("--dry-run")
    assert ended.code == 0
    assert "would extract slow: 2 columns, about 1,000 rows" in ended.out
    assert sorted(three.data.rglob("*")) == before
    three.query("slow", "SELEC")
    assert three.download("--dry-run").code == 1
