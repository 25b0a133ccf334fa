"""What stage 3 refuses to publish until a person has looked."""

import json
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from etl.core.errors import GuardError
from etl.core.job import Job
from etl.core.runs import MANIFEST
from etl.load.stage import load as publish_star
from tests.published import reading
from tests.transform.house import DIM_SHOP, House, shops

FACT = '''
class FactSale(
    Fact, stream="sales", closed_months="day", tolerance=0.05, rejects=0.1, unknown=0.1
):
    """One row per sale."""

    sale_id: Integer = natural_key("Its number.")
    shop_key: Key = reference("dim_shop", "The shop.")
    day: Date = attribute("When.")
    price: Money = measure("What it cost.", ge=0)


def build(sales: pd.DataFrame) -> pd.DataFrame:
    return sales
'''
COLUMNS = "sale_id int64, shop_id int64, day date32[day], price decimal128(12, 2)"
CLOSED, OPEN, OLD = "2029-11-05", "2030-03-10", "1995-06-01"


@dataclass(frozen=True)
class Nights:
    """A house, and copies of it after its first night and after its second, which published 150 old sales too."""

    house: House
    first: Path
    second: Path


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """Publish the two nights that all tests begin with."""
    house = House(tmp_path_factory.mktemp("nights") / "house", dim_shop=DIM_SHOP, fact_sale=FACT)
    night(house, [*SALES, sale(200, day=OPEN)])
    assert publish(house) == ""
    first = house.keep("first")
    night(house, [*SALES, sale(200, day=OPEN)] + [sale(n, day=OLD) for n in range(300, 450)])
    assert publish(house, *printed(publish(house))) == ""
    return Nights(house, first, house.keep("second"))


@pytest.fixture
def house(nights: Nights) -> House:
    """Give a house that published 200 sales of a closed month at 10.00, and one of the month under way."""
    nights.house.go_back_to(nights.first)
    return nights.house


@pytest.fixture
def old_house(nights: Nights) -> House:
    """Give the same house, where last night published 150 sales of long ago, too."""
    nights.house.go_back_to(nights.second)
    return nights.house


def sale(number: int, shop: str | None = "1", day: str = CLOSED, price: str = "10.00") -> list[str | None]:
    """Make a row as COPY writes it."""
    return [str(number), shop, day, price]


def night(house: House, rows: list[list[str | None]]) -> None:
    """Build the star of these sales."""
    house.raw(shops=shops(1, 2), sales=raw(rows))
    house.build()


def raw(rows: list[list[str | None]]):  # type: ignore[no-untyped-def]
    """Say what the query delivered."""
    from tests.transform.house import Raw

    return Raw(COLUMNS, rows, ("sale_id",))


def load(house: House, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the script."""
    command = [part.replace("TablesTransformMain.py", "LoadFilesBQ.py") for part in house.command(*options)]
    return subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False, timeout=90)


def publish(house: House, *accept: str) -> str:
    """Publish in this process; gives what the guards refused, and the command that lets it pass."""
    try:
        publish_star(Job(house.settings, house.store, house.next_run(), accept=accept))
    except GuardError as refused:
        return f"{refused.message}\n{refused.hint}"
    return ""


def printed(refused: str) -> list[str]:
    """Read what is to be accepted off the command that a refusal prints."""
    return shlex.split(refused.partition(" --accept ")[2])


def published(house: House) -> str:
    """Sum the published sales up."""
    with reading(house.settings.duckdb_path) as connection:
        return str(connection.sql("SELECT sum(price) FROM fact_sale").fetchall()[0][0])


SALES = [sale(n) for n in range(200)]
REFUSED = {
    "rejects": ([*SALES[:179], *(sale(n, price="-1.00") for n in range(179, 200))], "21 of 200 rows are rejected"),
    "unknown": (
        [*SALES[:179], *(sale(n, shop="77") for n in range(179, 200))],
        "21 of 200 rows have a shop_key that matches no member (last time 0",
    ),
    "months": (
        [*SALES[:98], *(sale(n, price="11.02") for n in range(98, 200))],
        "2029-11: price 2,000 is 2,104.04 (+5.20%); as of 2030-03-15; the contract allows 5.0%",
    ),
    "lost": (SALES[:100], "100 rows, 201 as of 2030-03-15: of 100 that went in, 0 are rejected and 0 set aside"),
}


@pytest.mark.parametrize("guard", REFUSED)
def test_nothing_is_published_until_a_person_accepts(house: House, guard: str) -> None:
    """Exit 3, last night stays; the load alone, run again with what was printed, publishes; its manifest says why."""
    rows, said = REFUSED[guard]
    night(house, rows)
    table = "fact_sale.shop_key" if guard == "unknown" else "fact_sale"
    refused = publish(house)
    assert f"{table}:{guard}: {said}" in refused
    assert "Look at the source; if" in refused
    assert published(house) == "2010.00"
    assert publish(house, *printed(refused)) == ""
    assert published(house) != "2010.00"
    manifest = house.store.loaded.newest("")
    assert said in manifest.accepted[f"{table}:{guard}"]


def test_the_script_prints_whole_commands_and_takes_what_they_say(house: House) -> None:
    """They name the settings file, that to look at the rejects as that to accept."""
    night(house, REFUSED["rejects"][0])
    refused = load(house)
    assert refused.returncode == 3
    assert f"`.venv/bin/python -m etl rejects --env {house.command()[-1]} fact_sale` shows them" in refused.stderr
    assert (
        f".venv/bin/python LoadFilesBQ.py --env {house.command()[-1]} --accept fact_sale:rejects=21" in refused.stderr
    )
    accepted = load(house, "--accept", *printed(refused.stderr))
    assert accepted.returncode == 0, accepted.stderr


def test_more_nulls_than_last_night_are_refused(house: House) -> None:
    """A join column that went missing makes every reference NULL, which no other rule forbids."""
    night(house, [sale(n, shop=None if n < 30 else "1") for n in range(200)])
    assert "30 of 200 rows have no shop_key, 0 of 201 as of 2030-03-15" in publish(house)


EMPTYING = {
    "set aside": FACT.replace("return sales", "return sales.assign(_set_aside='why not')"),
    "before the window": FACT.replace("return sales", "return sales.assign(_unpublished=True)"),
    "built as nothing": FACT.replace('stream="sales", ', "").replace("return sales", "return sales.iloc[:0]"),
}


@pytest.mark.parametrize("how", [*EMPTYING, "not delivered"])
def test_a_table_that_was_published_is_not_emptied_without_a_word(house: House, how: str) -> None:
    """Whatever became of its rows; of what is empty since then, nobody is asked again."""
    if how in EMPTYING:
        house.write(fact_sale=EMPTYING[how])
    night(house, SALES if how in EMPTYING else [])
    assert "fact_sale:lost: 0 rows, 201 as of 2030-03-15" in (said := publish(house))
    assert ("what was changed in the table files since star" in said) == (how in EMPTYING)
    assert publish(house, *printed(said)) == ""
    night(house, SALES if how in EMPTYING else [])
    assert publish(house) == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ([sale(n, day=OLD, price="21.60") for n in range(300, 450)], "1995-06: price 1,500 is 3,240 (+116.00%)"),
        ([], "1995-06: price 1,500 is 0 (-100.00%)"),
        ([sale(n, day=OLD) for n in range(300, 450)], ""),
        ([sale(n, day=OLD, price="99.00" if n < 400 else "10.00") for n in range(300, 450)], ""),
        ([sale(n, day=OLD, price="99.00" if n < 401 else "10.00") for n in range(300, 450)], "1995-06: price"),
        ([sale(n, day=OLD) for n in range(300, 350)], ""),
        ([sale(n, day=OLD) for n in range(300, 349)], "1995-06: price 1,500 is 490"),
    ],
)
def test_what_is_published_of_old_months_is_judged_too(
    old_house: House, caplog: pytest.LogCaptureFixture, changed: list[list[str | None]], said: str
) -> None:
    """Also long before WINDOW_YEARS, for it is published; a hundred rows may always change."""
    caplog.set_level("INFO", "etl")
    night(old_house, [*SALES, sale(200, day=OPEN), *changed])
    assert said in (refused := publish(old_house))
    assert bool(refused) == bool(said)
    changes = len(changed) != 150 or any(row[3] != "10.00" for row in changed)
    assert ("closed months changed" in caplog.text) == (changes and not said)


def test_what_leaves_the_published_window_is_not_missing(house: House) -> None:
    """Rows that build marks as before the window were computed with: their sums are known."""
    marked = "return sales.assign(_unpublished=sales['sale_id'].between({}, {}).fillna(False))"
    house.write(fact_sale=FACT.replace("return sales", marked.format(300, 340)))
    old = [sale(n, day="2026-06-01") for n in range(300, 380)] + [sale(n, day=OLD) for n in range(400, 700)]
    night(house, SALES + old)
    assert publish(house, *printed(publish(house))) == ""
    house.write(fact_sale=FACT.replace("return sales", marked.format(300, 450)))
    night(house, SALES + old)
    assert publish(house) == ""
    night(house, SALES + old[:80])
    assert "fact_sale:months: 1995-06: price 3,000 is 0 (-100.00%)" in publish(house)


def test_a_new_measure_and_one_that_became_an_attribute_are_no_loss(house: House) -> None:
    """Nor is a new reference that is mostly NULL; the measures that both nights have are still judged."""
    more = "    discount: Money = measure('Off.', nullable=True)\n\n\ndef build"
    changed = FACT.replace("\n\ndef build", more).replace(
        "return sales", "return sales.assign(discount=sales['price'])"
    )
    house.write(fact_sale=changed)
    night(house, [*SALES, sale(200, day=OPEN)])
    assert publish(house) == ""
    house.write(fact_sale=changed.replace("discount: Money = measure", "discount: Money = attribute"))
    night(house, [*SALES, sale(200, day=OPEN)])
    assert publish(house) == ""
    night(house, [sale(n, price="12.00") for n in range(200)])
    assert "2029-11: price 2,000 is 2,400" in publish(house)


def test_smaller_changes_of_closed_months_are_listed_and_not_at_any_length(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """A return that comes late is no fault, but nobody is to be surprised."""
    caplog.set_level("INFO", "etl")
    days = [f"{2000 + n // 12}-{n % 12 + 1:02}-01" for n in range(200)]
    night(house, [sale(n, day=day) for n, day in enumerate(days)])
    assert publish(house, *printed(publish(house))) == ""
    night(house, [sale(n, day=day, price="10.20") for n, day in enumerate(days)])
    assert publish(house) == ""
    *_, line = [record.getMessage() for record in caplog.records if "closed months" in record.getMessage()]
    assert line.startswith(
        "load fact_sale: closed months changed within the tolerance: 2015-11: price 10 is 10.2 (+2.00%);"
    )
    assert line.endswith("2016-08: price 10 is 10.2 (+2.00%); and 190 more")


def test_the_month_under_way_may_change_as_it_likes(house: House) -> None:
    """It is what a night is for."""
    night(house, [*SALES, *(sale(n, day=OPEN, price="500.00") for n in range(200, 300))])
    assert publish(house) == ""


def test_a_clock_that_was_ahead_closed_no_month(house: House) -> None:
    """Last night may have been told that it was next year, and the clock been set right since."""
    path = house.store.loaded.path(house.store.loaded.committed()[-1]) / MANIFEST
    manifest = json.loads(path.read_text())
    for table in manifest["tables"].values():
        table["star"]["as_of"] = str(int(table["star"]["as_of"][:4]) + 1) + table["star"]["as_of"][4:]
    path.write_text(json.dumps(manifest))
    night(house, [*SALES, *(sale(n, day=OPEN, price="99.00") for n in range(200, 320))])
    assert publish(house) == ""
