"""How many rows of some months are not as they were published: a guard over sums asks before it refuses."""

from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.table import Contract
from etl.core.standing import StarRows

_MONTHS_AT_ONCE = 12
"""Months whose rows are held in memory together."""


def changed_rows(
    contract: Contract, changed: Mapping[str, set[str]], now: StarRows, then: StarRows, enough: int
) -> int:
    """Count the rows of closed months of which a measure is another; at least `enough` where there are as many.

    changed: by month, the measures to compare; now, then: the rows of both nights. A row counts once, whether it
    changed, came or went. Raises pyarrow.ArrowException or OSError where a file cannot be read as the contract says.
    """
    count = 0
    for start in range(0, len(changed), _MONTHS_AT_ONCE):
        months = sorted(changed, reverse=True)[start : start + _MONTHS_AT_ONCE]
        measures = sorted({measure for month in months for measure in changed[month]})
        both = [pa.concat_tables(_rows(contract, measures, months, night)) for night in (now, then)]
        count += sum(max(_differing(month, measure, *both) for measure in changed[month]) for month in months)
        if count >= enough:
            break
    return count


def _rows(contract: Contract, measures: list[str], months: list[str], night: StarRows) -> Iterator[pa.Table]:
    """Read the measures of the rows of some months."""
    schema = pa.schema([contract.schema.field(name) for name in (str(contract.closed_months), *measures)])
    wanted = pa.array([_number(month) for month in months], pa.int64())
    yield schema.empty_table().set_column(0, "", pa.array([], pa.int64()))
    for batch in night.batches(schema):
        month = pc.add(pc.multiply(pc.year(batch.column(0)), 100), pc.month(batch.column(0)))
        yield batch.set_column(0, "", month).filter(pc.is_in(month, wanted))


def _number(month: str) -> int:
    """Write 2030-01 as 203001."""
    return int(month.replace("-", ""))


def _differing(month: str, measure: str, now: pa.Table, then: pa.Table) -> int:
    """Count the values of a month that one of the nights has more often than the other."""
    parts = [night.filter(pc.equal(night.column(0), _number(month))).column(measure) for night in (now, then)]
    signs = pa.array([1] * len(parts[0]) + [-1] * len(parts[1]), pa.int64())
    values = pa.chunked_array([*parts[0].chunks, *parts[1].chunks], type=parts[0].type)
    counts = (
        pa.table({"value": values, "more": signs}).group_by("value").aggregate([("more", "sum")]).column("more_sum")
    )
    came, gone = (pc.sum(counts.filter(of(counts, 0))).as_py() or 0 for of in (pc.greater, pc.less))
    return max(came, -gone)
