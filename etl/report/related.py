"""By which columns a table relates to a dimension in Power BI."""

import pyarrow as pa

from etl.contract.column import Reference, Role
from etl.contract.table import Contract, Contracts


def date_column(contract: Contract) -> str | None:
    """Return the column that makes a dimension the date table."""
    keys = [column for column in contract.columns if column.role is Role.NATURAL_KEY]
    is_calendar = contract.is_dimension and len(keys) == 1 and pa.types.is_date(keys[0].type)
    return keys[0].name if is_calendar else None


def ends(contract: Contract, reference: Reference, contracts: Contracts) -> tuple[str, str]:
    """Return the columns by which a table relates to a dimension: dates, or surrogate keys."""
    dimension = contracts[reference.dimension]
    if date_column(dimension) and reference.on[0] in contract.schema.names:
        return reference.on[0], reference.key[0]
    return reference.name, str(dimension.surrogate_key)
