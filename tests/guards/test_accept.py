"""What --accept means: the figure that a person looked at, and no worse; anything else is refused early."""

import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.contract.options import OPTIONS
from etl.core.call import call
from etl.core.errors import UsageError
from etl.guards.accept import check_contracts, check_names, read_accept
from etl.guards.every import GUARDS
from etl.guards.figures import EARLIER, LESS, MORE, OTHER, fingerprint
from etl.guards.guard import DOWNLOAD, LOAD, TRANSFORM, Refusal
from etl.guards.raw import LINES
from tests.load.contracts import STAR


def covers(accepted: str, figure: str) -> bool:
    """Whether an --accept covers its guard's refusal of a figure."""
    (one,) = read_accept([accepted])
    return one.covers(Refusal(one.table, one.guard.name, "", figure))


@given(accepted=st.integers(0, 10**12), now=st.integers(0, 10**12), guard=st.sampled_from(sorted(GUARDS)))
def test_a_figure_covers_itself_and_what_is_better(accepted: int, now: int, guard: str) -> None:
    """Which side is worse is the guard's; of a fingerprint, every other one."""
    worse = GUARDS[guard].worse
    allowed = {LESS: now >= accepted, EARLIER: now >= accepted, MORE: now <= accepted, OTHER: now == accepted}[worse]
    assert covers(f"t:{guard}={accepted}", str(now)) == allowed
    if worse is not OTHER:
        assert covers(f"t:{guard}={accepted:,}", str(now)) == allowed  # as the sentence writes it


@given(accepted=st.datetimes(), now=st.datetimes())
def test_a_time_is_compared_as_a_time(accepted: datetime, now: datetime) -> None:
    """With and without a zone or fractions of a second, which texts would order otherwise."""
    assert covers(f"t:newest={accepted.isoformat()}", f"{now.isoformat()}+00:00") == (now >= accepted)


@pytest.mark.parametrize(
    ("accepted", "now", "allowed"),
    [
        ("t:newest=99", "120", True),
        ("t:newest=120", "99", False),
        ("t:newest=2031-06-11", "2031-06-11T00:00:00+00:00", True),
        ("t:newest=2031-06-11T01:00:00+02:00", "2031-06-10T22:59:59", False),
        ("t:newest=2031-06-11", "99", False),
        ("t:newest=gone", "1999-01-01", True),
        ("t:newest=1999-01-01", "gone", False),
        ("t:newest=gone", "gone", True),
        ("t:disk=218.4", "218.5", False),
        ("t:types=0af1b2c3", "0af1b2c3", True),
        ("t:types=00000001", "1", False),
    ],
)
def test_kinds_of_figures_are_not_mixed(accepted: str, now: str, allowed: bool) -> None:
    """A number is no time, and what is gone is worse than all."""
    assert covers(accepted, now) is allowed


def test_one_accept_covers_no_other_table_or_guard() -> None:
    """Nor another column of the same table."""
    (one,) = read_accept(["fact_sale.shop_key:unknown=21"])
    assert one.covers(Refusal("fact_sale.shop_key", "unknown", "", "20"))
    assert not one.covers(Refusal("fact_sale.client_key", "unknown", "", "20"))
    assert not one.covers(Refusal("fact_sale.shop_key", "rejects", "", "20"))


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("sales", "--accept sales names no guard.", "Write TABLE:GUARD=FIGURE"),
        ("sales:shrunk=5", "--accept sales:shrunk=5 names no guard.", "Did you mean shrank?"),
        (":shrank=5", "--accept :shrank=5 names no guard.", "Did you mean shrank?"),
        ("sales:shrank", "does not say which figure is accepted", "Write --accept sales:shrank=FIGURE"),
        ("sales:shrank=", "does not say which figure is accepted", "Write --accept sales:shrank=FIGURE"),
        ("sales:shrank=all", "all is not a number, date or time", "Copy the figure"),
        ("sales:grew=Infinity", "Infinity is not a number, date or time", "Copy the figure"),
        ("sales:grew=NaN", "NaN is not a number, date or time", "Copy the figure"),
        ("sales:shrank=1.700", "1.700 may mean more than one number", "digits alone"),
        ("sales:lost=1,7", "1,7 may mean more than one number", "digits alone"),
        ("sales:rejects=1.7e3", "1.7e3 may mean more than one number", "digits alone"),
        ("sales:shrank=gone", "gone is not a number, date or time", "Copy the figure"),
    ],
)
def test_what_can_mean_nothing_or_anything_is_refused(text: str, said: str, hint: str) -> None:
    """Exit 2, before there are settings or tables."""
    with pytest.raises(UsageError) as refused:
        read_accept([text])
    assert said in refused.value.message
    assert hint in refused.value.hint
    assert refused.value.exit_code == 2


PRINTED = ["sales:shrank=5", "fact_sale.shop_key:unknown=1", "dim_shop:keys=0", "night:disk=3", "night:origin=x"]


def test_a_table_that_is_not_there_gets_the_nearest_name() -> None:
    """Whatever stage it is meant for; the stages' own names are tables too."""
    check_names(read_accept([*PRINTED, "download:fast=9", "transform:fast=9"]), ["sales"], ["dim_shop", "fact_sale"])
    with pytest.raises(UsageError, match="there is no table sale") as refused:
        check_names(read_accept(["sale:shrank=5"]), ["sales"], ["fact_sale"])
    assert refused.value.hint == "Did you mean sales?"


@pytest.mark.parametrize("guard", sorted(GUARDS))
def test_a_guard_is_accepted_only_for_what_it_judges(guard: str) -> None:
    """Of a query, a star table, a stage and the night, every guard judges one kind alone."""
    every = ["sales", "fact_sale", "night", "download", "transform", "load"]
    taken = []
    for name in every:
        try:
            check_names(read_accept([f"{name}:{guard}=5"]), ["sales"], ["fact_sale"])
        except UsageError as refused:
            assert f"the guard {guard} never judges {name}" in refused.message
            assert "Did you mean" in refused.hint or "It judges" in refused.hint
        else:
            taken.append(name)
    assert taken in (["sales"], ["fact_sale"], ["night"], ["download", "transform"])


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("fact_flight:unknown=5", "the guard unknown judges columns", "fact_flight.planet_key:unknown="),
        ("fact_flight.planet:unknown=5", "fact_flight has no reference planet", "Did you mean planet_key?"),
        ("dim_planet.planet_key:unknown=5", "has nothing that the guard unknown judges", "references match nothing"),
        ("fact_flight:months=5", "has nothing that the guard months judges", "closed months"),
        ("fact_flight:keys=5", "has nothing that the guard keys judges", "natural key"),
    ],
)
def test_what_a_contract_does_not_declare_cannot_be_accepted(text: str, said: str, hint: str) -> None:
    """A guard that has nothing to judge never fires."""
    check_contracts(read_accept(["fact_flight.planet_key:unknown=5", "dim_planet:keys=0", "sales:shrank=5"]), STAR)
    with pytest.raises(UsageError, match=said) as refused:
        check_contracts(read_accept([text]), STAR)
    assert hint in refused.value.hint


def test_a_fingerprint_hangs_on_what_was_told_and_not_on_its_order() -> None:
    """So that the same finding has the same one on the next try."""
    assert fingerprint("a", "b") == fingerprint("b", "a") != fingerprint("ab")
    assert all(len(fingerprint(str(Decimal(n)))) == 8 for n in range(100))


def test_a_command_names_the_settings_file_as_a_shell_needs_it() -> None:
    """The sample's is the default, and not named."""
    assert call("-m etl rejects", Path("/etc/my co.env"), "dim_a") == (
        ".venv/bin/python -m etl rejects --env '/etc/my co.env' dim_a"
    )
    assert call("./nightly.sh", None, "--accept", "a:newest=2031-01-01T00:00:00+00:00") == (
        "./nightly.sh --accept a:newest=2031-01-01T00:00:00+00:00"
    )


@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_reads_what_can_be_declared_and_says_where_it_judges(name: str) -> None:
    """The options of a contract or the lines of a query's header, by their names; its stages are those of --accept."""
    one = GUARDS[name]
    assert set(one.reads) <= {*OPTIONS, *(line.name for line in LINES.values())}
    assert one.stages
    assert set(one.stages) <= {DOWNLOAD, TRANSFORM, LOAD}
    assert one.stops


def test_what_reads_an_accept_imports_no_pandas() -> None:
    """It is read when a night begins, by a process that waits for others from then on."""
    code = "import sys, etl.guards.refusal; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
