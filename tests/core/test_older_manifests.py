"""What older versions wrote is read as this one writes it; and counters that are fields add up."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import __version__
from etl.core import nights, older
from etl.core.counts import Counts, Unknown
from etl.core.manifest import FORMAT, LoadedManifest, StarManifest

RECEIPT = {"rows": 3, "columns": {}, "row_hash": None}
COUNTED = {
    "handed": 12,
    "rejected": {"price is not a number": 2},
    "set_aside": {"a test": 1, "merged into another row": 4, "before the published window": 2},
    "unknown": {"shop_key: NULL": 1, "shop_key: no such member": 2, "client: key: no such member": 1},
    "months": {"2030-01": {"price": "10.00"}},
    "left": {},
}
HEAD = {
    "run": "20300101T023000Z",
    "made_from": "20300101T023000Z",
    "origin": {},
    "as_of": "2030-01-01T02:30:00Z",
    "seconds": 1.5,
    "peak_memory_mb": 99,
}
STAR = {"run": "r", "raw_run": "r", "as_of": HEAD["as_of"], "files": [], "receipt": RECEIPT, "seconds": 1.0}
LOADED = {"star_run": "r", "as_of": HEAD["as_of"], "receipt": RECEIPT, "bytes": 7, "mark": "m", "columns": ["a"]}


def written(stage: str, number: int, table: dict[str, object]) -> str:
    """Write a manifest of an older format."""
    more = {"business_date": "2030-01-01"} if stage == "star" else {}
    return json.dumps(HEAD | more | {"format": number, "stage": stage, "tables": {"t": table}})


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_the_counters_of_older_manifests_are_read_into_their_fields(number: int) -> None:
    """Of a star, and of what was published of it; what an older one does not have is not asked for."""
    star = StarManifest.model_validate_json(written("star", number, STAR | COUNTED)).tables["t"]
    loaded = LoadedManifest.model_validate_json(written("loaded", number, LOADED | COUNTED)).tables["t"]
    assert star.unknown == {"shop_key": Unknown(null=1, unmatched=2), "client: key": Unknown(unmatched=1)}
    assert (star.set_aside, star.merged, star.before_window) == ({"a test": 1}, 4, 2)
    assert star.handed == star.all_rejected + star.all_set_aside + star.rows
    assert loaded.star + Counts() == star + Counts()
    assert (loaded.star.run, loaded.star.months, loaded.bytes, loaded.mark) == ("r", star.months, 7, "m")
    assert loaded.as_of == datetime(2030, 1, 1, 2, 30, tzinfo=UTC)
    assert loaded.columns == ("a",)
    few = LoadedManifest.model_validate_json(written("loaded", number, {k: LOADED[k] for k in list(LOADED)[:4]}))
    assert few.tables["t"].star.handed == 0


def test_a_reason_of_builds_own_stays_one_whatever_its_words() -> None:
    """Since counters are fields, a company may write the engine's sentence as its reason."""
    star = StarManifest.model_validate_json(
        written("star", 6, STAR | {"set_aside": {"before the published window": 2}})
    )
    assert star.tables["t"].set_aside == {"before the published window": 2}


@pytest.mark.parametrize("table", [STAR | COUNTED | {"unknown": {"shop_key: NULL": "x"}}, STAR | {"unknown": 7}])
def test_a_damaged_older_manifest_is_a_fault_and_no_crash(table: dict[str, object]) -> None:
    """By the field that is wrong."""
    with pytest.raises(ValueError, match=r"tables.t.unknown"):
        StarManifest.model_validate_json(written("star", 4, table))


BY_NAME = st.dictionaries(st.sampled_from("abc"), st.integers(0, 9))
UNKNOWN = st.builds(Unknown, null=st.integers(0, 9), unmatched=st.integers(0, 9))
COUNTS = st.builds(
    Counts,
    handed=st.integers(0, 99),
    rejected=BY_NAME,
    set_aside=BY_NAME,
    merged=st.integers(0, 9),
    before_window=st.integers(0, 9),
    unknown=st.dictionaries(st.sampled_from("abc"), UNKNOWN),
)


@given(parts=st.lists(COUNTS, max_size=4))
def test_what_was_counted_of_parts_adds_up(parts: list[Counts]) -> None:
    """In any order, to the sums of each counter."""
    whole = sum(parts, Counts())
    assert whole == sum(reversed(parts), Counts())
    assert (whole.all_rejected, whole.all_set_aside) == (
        sum(part.all_rejected for part in parts),
        sum(part.all_set_aside for part in parts),
    )
    assert sum(one.rows for one in whole.unknown.values()) == sum(o.rows for p in parts for o in p.unknown.values())
    assert sum(whole.why_set_aside.values()) == whole.all_set_aside


FORMATS = pytest.mark.parametrize(("newest", "steps"), [(FORMAT, older.MANIFESTS), (nights.FORMAT, older.NIGHTS)])


@FORMATS
def test_each_step_leads_from_a_format_that_was_to_the_next(newest: int, steps: dict[int, older.Step]) -> None:
    """None is left over, and none begins with the newest."""
    assert set(steps) <= set(range(1, newest))


@given(first=st.integers(1, 8), newest=st.integers(2, 9), known=st.sets(st.integers(1, 8)))
def test_a_file_takes_each_step_from_its_format_on_once_and_in_order(first: int, newest: int, known: set[int]) -> None:
    """One of the newest format, or of a newer one, takes none."""
    steps = {number: lambda told, number=number: told | {"took": [*told["took"], number]} for number in known}
    told = older.upgraded({"format": first, "took": []}, newest, steps)
    assert told == {
        "format": max(first, newest),
        "took": sorted(number for number in known if first <= number < newest),
    }


@given(told=st.one_of(st.none(), st.integers(), st.text(), st.dictionaries(st.just("format"), st.text() | st.floats())))
def test_what_has_no_format_is_left_as_it_is(told: object) -> None:
    """Reading it says what is wrong."""
    assert older.upgraded(told, FORMAT, older.MANIFESTS) is told


def test_what_is_written_names_the_engines_version_and_what_was_written_before_versions_names_none() -> None:
    """Who wrote a run can be told for ever."""
    assert StarManifest.model_validate_json(written("star", 6, STAR)).engine == ""
    told = json.loads(written("star", FORMAT, STAR)) | {"engine": "1.0.0"}
    assert StarManifest.model_validate(told).engine == "1.0.0"
    assert StarManifest.model_fields["engine"].default == __version__


@pytest.mark.parametrize("number", range(1, nights.FORMAT + 1))
def test_the_records_of_older_nights_are_read(number: int) -> None:
    """What they do not say is not asked for."""
    record = nights.NightRecord.model_validate({"format": number, "run": "r", "started": HEAD["as_of"]})
    assert (record.run, record.format) == ("r", nights.FORMAT)
