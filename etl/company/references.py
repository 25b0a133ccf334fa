"""References between the contracts of a star: refused where they refer to nothing that can be found; resolved once."""

from collections.abc import Iterator
from dataclasses import replace

from etl.contract.column import Reference
from etl.contract.comparing import check_comparable
from etl.contract.table import Contract, Contracts
from etl.core.errors import ContractError
from etl.core.names import guess


def resolved(contract: Contract, contracts: Contracts) -> Contract:
    """Return a contract whose references say all that follows from the dimensions that they refer to."""
    columns = (_resolved(c, contracts[c.dimension]) if isinstance(c, Reference) else c for c in contract.columns)
    return replace(contract, columns=tuple(columns))


def _resolved(column: Reference, target: Contract) -> Reference:
    on, marked = column.on or target.natural_key, {each.name for each in target.columns if each.pii}
    personal = tuple(ours for ours, theirs in zip(on, target.natural_key, strict=True) if theirs in marked)
    pseudonyms = {each.name for each in target.columns if each.is_hashed}
    hashed = tuple(ours for ours, theirs in zip(on, target.natural_key, strict=True) if theirs in pseudonyms)
    return replace(column, on=on, key=target.natural_key, personal=personal, hashed=hashed)


def with_one_path(contracts: Contracts) -> dict[str, Contract]:
    """Return the contracts with one active path at most from each table to another, as Power BI wants it.

    The shortest one stays: where a fact refers to airports and to weather, and weather to airports as well, it is
    filtered by its own airport. Of two of one length the one that is declared first stays, unless the contract says
    active=False of it. What is left out can still be chosen in DAX, by USERELATIONSHIP.
    """
    found = dict(contracts)
    for start in sorted(found):
        while second := _second_path(start, found):
            table, reference = second[-1]
            found[table] = _deactivated(found[table], reference.name)
    return found


Path = tuple[tuple[str, Reference], ...]
"""References from table to table, each with the table that it is of."""


def _second_path(start: str, contracts: Contracts) -> Path | None:
    """Return a path to what a shorter one, or one that is declared before it, leads to as well."""
    reached: set[str] = set()
    for path in sorted(_paths(start, contracts), key=len):
        if path[-1][1].dimension in reached:
            return path
        reached.add(path[-1][1].dimension)
    return None


def _paths(start: str, contracts: Contracts, before: Path = ()) -> Iterator[Path]:
    """Return every path of active references from a table on."""
    passed = {table for table, _ in before} | {start}
    for reference in contracts[start].active_references:
        path = (*before, (start, reference))
        yield path
        if reference.dimension not in passed:
            yield from _paths(reference.dimension, contracts, path)


def _deactivated(contract: Contract, name: str) -> Contract:
    columns = (
        replace(c, is_active=False) if isinstance(c, Reference) and c.name == name else c for c in contract.columns
    )
    return replace(contract, columns=tuple(columns))


def check_references(contract: Contract, contracts: Contracts) -> None:
    """Raise ContractError where a reference has no dimension, or is found by columns that its key cannot be."""
    types = {column.name: column.type for column in contract.columns}
    hashed = {column.name: (column.is_hashed, "it") for column in contract.columns}
    for column in contract.references:
        target = contracts.get(column.dimension)
        if target is None or not target.is_dimension:
            raise ContractError(
                f"{column.name} refers to {column.dimension}, which is not a dimension.",
                guess(column.dimension, contracts, "Add its table file."),
            )
        _check_as_of(column, target, contract)
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
            is_hashed = any(each.is_hashed for each in target.columns if each.name == key)
            if hashed.setdefault(name, (is_hashed, f"{target.name}.{key}"))[0] != is_hashed:
                raise ContractError(
                    f"{name} finds {target.name} by {key}, but of {key} and {hashed[name][1]} only one is hashed.",
                    "Write pii=HASH on both, or on none of them.",
                )
            if name in types:
                check_comparable(name, types[name], f"{target.name}.{key}", target.schema.field(key).type)


def _check_as_of(column: Reference, target: Contract, contract: Contract) -> None:
    """Refuse to look up versions that there are not, or not yet."""
    if column.as_of and not target.has_history:
        raise ContractError(
            f"{column.name} is looked up as of {column.as_of}, and {target.name} has no history.",
            f"Leave as_of= out, or write history=True on attributes of {target.name}.",
        )
    if column.as_of and target is contract:
        raise ContractError(
            f"{column.name} refers to the table's own members, whose versions are being made.",
            "Leave as_of= out: it refers to the other member's current version.",
        )


def _own(grain: bool, on: tuple[str, ...]) -> str:
    return "cannot identify a row" if grain else f"is found by {', '.join(on)}, which is each row itself"


def check_hierarchies(contract: Contract, contracts: Contracts) -> None:
    """Raise ContractError where a level is not a column of a dimension that the contract refers to."""
    referred = {column.dimension for column in contract.references}
    for level in (level for levels in contract.hierarchies.values() for level in levels if "." in level):
        name, _, column = level.partition(".")
        if name not in referred or column not in contracts[name].schema.names:
            known = [f"{name}.{column}" for name in sorted(referred) for column in contracts[name].schema.names]
            raise ContractError(
                f"{level}, a level of a hierarchy, is not a column of a dimension that it refers to.",
                guess(level, known, "Name one as dimension.column, of a dimension with a reference."),
            )


def check_group_by(contract: Contract, *, summarizes: bool) -> None:
    """Refuse portions that do not divide the rows: each row's group is to follow from what identifies it.

    contract: a resolved one; summarizes: whether the table has a partial.
    """
    column = contract.group_by
    if column is None:
        return
    if column not in contract.built_key:
        raise ContractError(
            f"group_by={column} is not one of the columns that identify a row: {', '.join(contract.built_key)}.",
            "Name one of these.",
        )
    if not summarizes or contract.is_dimension or contract.rows_of:
        raise ContractError(
            "group_by is for a fact that summarizes a streamed one.",
            "Write a partial, and leave rows_of out; or leave group_by out.",
        )
