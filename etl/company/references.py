"""Faults between the contracts of a star: what refers to nothing, or could not be found in what it refers to."""

from collections.abc import Mapping

from etl.contract.comparing import check_comparable
from etl.contract.table import Contract
from etl.core.errors import ContractError
from etl.core.names import guess

Contracts = Mapping[str, Contract]


def found_by(contract: Contract, contracts: Contracts) -> dict[str, tuple[str, ...]]:
    """Return, for each reference, the columns of build by which its member is found."""
    return {c.name: c.on or contracts[str(c.dimension)].natural_key for c in contract.references}


def check_references(contract: Contract, contracts: Contracts) -> None:
    """Raise ContractError where a reference has no dimension, or is found by columns that its key cannot be."""
    types = {column.name: column.type for column in contract.columns}
    for column in contract.references:
        target = contracts.get(str(column.dimension))
        if target is None or not target.is_dimension:
            raise ContractError(
                f"{column.name} refers to {column.dimension}, which is no dimension.",
                guess(str(column.dimension), contracts, "Add its table file."),
            )
        on = column.on or target.natural_key
        if len(on) != len(target.natural_key):
            raise ContractError(
                f"{column.name} is found by {', '.join(on)}, but the natural key of {target.name} is"
                f" {', '.join(target.natural_key)}.",
                f"Name {len(target.natural_key)} columns in `on`, in that order.",
            )
        if target is contract and (on == target.natural_key or column.grain):
            raise ContractError(
                f"{column.name} refers to the table's own members, and {_own(column.grain, on)}.",
                'Name the column that identifies the other member, e.g. on="manager_id", without grain=.',
            )
        for name, key in zip(on, target.natural_key, strict=True):
            if name in types:
                check_comparable(name, types[name], f"{target.name}.{key}", target.schema.field(key).type)


def _own(grain: bool, on: tuple[str, ...]) -> str:
    return "is to identify a row" if grain else f"is found by {', '.join(on)}, which is each row itself"


def check_hierarchies(contract: Contract, contracts: Contracts) -> None:
    """Raise ContractError where a level is no column of a dimension that the contract refers to."""
    referred = {str(column.dimension) for column in contract.references}
    for level in (level for levels in contract.hierarchies.values() for level in levels if "." in level):
        name, _, column = level.partition(".")
        if name not in referred or column not in contracts[name].schema.names:
            known = [f"{name}.{column}" for name in sorted(referred) for column in contracts[name].schema.names]
            raise ContractError(
                f"{level}, a level of a hierarchy, is no column of a dimension that it refers to.",
                guess(level, known, "Name one as dimension.column, of a dimension with a reference."),
            )


def check_group_by(contract: Contract, contracts: Contracts, *, summarizes: bool) -> None:
    """Refuse portions that do not divide the rows: each row's group is to follow from what identifies it.

    summarizes: whether the table has a partial.
    """
    column = contract.group_by
    if column is None:
        return
    on = found_by(contract, contracts)
    key = [part for name in contract.grain_key for part in on.get(name, (name,))]
    if column not in key:
        raise ContractError(
            f"group_by={column} is none of what identifies a row: {', '.join(key)}.", "Name one of these."
        )
    if not summarizes or contract.is_dimension or contract.rows_of:
        raise ContractError(
            "group_by is for a fact that summarizes a streamed one.",
            "Write a partial, and leave rows_of out; or leave group_by out.",
        )
