"""References of rows that were published before and stand tonight: each is to tonight's key of the same member."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from etl.contract.column import UNKNOWN, Reference
from etl.contract.history import IS_CURRENT
from etl.contract.table import Contract
from etl.transform.context import Context
from etl.transform.inputs import star_columns

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Keys:
    """Keys of a dimension that were published or are tonight's, ascending, and for each tonight's of the same member.

    stays: which of them are tonight's themselves.
    """

    known: Numbers
    todays: Numbers
    stays: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, context: Context, contract: Contract) -> Self:
        """Read those of a dimension. Of a member with history tonight's is the key of its current version."""
        key, durable = str(contract.surrogate_key), contract.durable_key
        if durable is None:
            known = np.unique(star_columns(context, contract.name, [key]).column(0).to_numpy())
            return cls(known, known, np.ones(len(known), dtype=bool))
        tonight = star_columns(context, contract.name, [key, durable, IS_CURRENT])
        keys, members = (tonight.column(name).to_numpy() for name in (key, durable))
        current = np.asarray(tonight.column(IS_CURRENT))
        pairs = [(keys, members)]
        if (before := context.before.get(contract.name)) and durable in before.columns(contract):
            pairs += [(part.column(key).to_numpy(), part.column(durable).to_numpy()) for part in before.parts(contract)]
        every, of_every = (np.concatenate(each) for each in zip(*pairs, strict=True))
        known, first = np.unique(every, return_index=True)
        order = np.argsort(members[current])
        todays = _mapped(of_every[first], members[current][order], keys[current][order])
        return cls(known, todays, np.isin(known, keys))

    def found(self, keys: Numbers, column: Reference) -> Numbers:
        """Return tonight's keys: a version's as long as it stays, where a reference is as of a day."""
        todays = np.where(self.stays, self.known, self.todays) if column.as_of else self.todays
        return _mapped(keys, self.known, todays)


def todays_keys(context: Context, contract: Contract) -> Mapping[str, Keys]:
    """Read the keys of the dimensions to which a table refers."""
    names = dict.fromkeys(column.dimension for column in contract.relationships)
    return {name: Keys.of(context, context.tables[name].contract) for name in names}


def with_todays_keys(rows: pa.Table, contract: Contract, keys: Mapping[str, Keys]) -> pa.Table:
    """Let published rows refer to tonight's members; to the unknown one where one is gone.

    References to members of the same dimension are left as they are.
    """
    for column in contract.relationships:
        found = keys[column.dimension].found(rows.column(column.name).to_numpy(), column)
        rows = rows.set_column(rows.column_names.index(column.name), column.name, pa.array(found))
    return rows


def _mapped(keys: Numbers, known: Numbers, to: Numbers) -> Numbers:
    """Return what numbers become. known: those that become another, ascending; the rest becomes the unknown member."""
    if not len(known):
        return np.full(len(keys), UNKNOWN, dtype=np.int64)
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[places] == keys, to[places], UNKNOWN).astype(np.int64)
