"""Surrogate keys of versions, and the durable keys of their members.

The key map of a dimension with history has a number for each version that ever was, by member and change key. A number
without a change key is a member's from before: of a time without history, or of a version that is published no more
(`etl.core.surrogates.with_change_key`). A member's durable key is the least number that one of its versions ever had.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.history import IS_CURRENT
from etl.contract.table import Contract

Numbers = npt.NDArray[np.int64]


def with_current_versions(table: pa.Table, contract: Contract, known: pa.Table | None) -> pa.Table | None:
    """Let the current version of each member that had no versions so far go on with the member's number.

    table: tonight's versions; known: the key map so far, which is returned so.
    """
    change = str(contract.change_key)
    if known is None or not known.column(change).null_count:
        return known
    current = table.filter(table.column(IS_CURRENT))
    of_known, of_current = member_codes([known, current], contract.natural_key)
    is_before = known.column(change).is_null().to_numpy()
    has_versions = np.isin(of_known, of_known[~is_before])
    position = np.full(max(of_known.max(initial=-1), of_current.max(initial=-1)) + 1, -1)
    position[of_current] = np.arange(len(current))
    version = np.where(is_before & ~has_versions, position[of_known], -1)
    own = current.column(change).combine_chunks().take(pa.array(version, mask=version < 0))
    changes = pc.coalesce(known.column(change).combine_chunks(), own.cast(known.schema.field(change).type))
    return known.set_column(known.column_names.index(change), known.schema.field(change), changes)


def durable_keys(table: pa.Table, contract: Contract, key_map: pa.Table) -> pa.Array:
    """Return the durable key of each version's member. key_map: with all versions of `table` in it."""
    of_map, of_table = member_codes([key_map, table], contract.natural_key)
    least = np.full(int(of_map.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, of_map, key_map.column(-1).to_numpy())
    return pa.array(least[of_table])


def member_codes(tables: list[pa.Table], names: tuple[str, ...]) -> list[Numbers]:
    """Number the members of several tables alike. names: the columns of their natural key."""
    whole = pa.concat_tables([table.select(list(names)) for table in tables])
    frame = whole.to_pandas(types_mapper=pd.ArrowDtype)
    codes = frame.groupby(list(names), sort=False, dropna=False).ngroup().to_numpy(dtype=np.int64)
    return np.split(codes, np.cumsum([len(table) for table in tables])[:-1])
