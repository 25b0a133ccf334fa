"""The bus matrix: which fact can be looked at by which dimension."""

from etl.contract.table import Contract
from etl.docs.company import Company
from etl.docs.lineage import table_node
from etl.docs.parts import Code, Grid, Line, To, listed


def bus_matrix(company: Company) -> Grid:
    """Set facts, and dimensions that refer to others, against the dimensions."""
    every = [table.contract for table in company.tables.values()]
    dimensions = [contract for contract in every if contract.is_dimension]
    rows = [c for c in every if not c.is_dimension] + [c for c in dimensions if c.relationships]
    headings: list[Line] = [("table",), *((To(table_node(c, company.tables)),) for c in dimensions)]
    return Grid(tuple(headings), tuple(_row(contract, dimensions, company) for contract in rows))


def _row(contract: Contract, dimensions: list[Contract], company: Company) -> tuple[Line, ...]:
    first: Line = (To(table_node(contract, company.tables)),)
    return (first, *(_cell(contract, dimension, company) for dimension in dimensions))


def _cell(contract: Contract, dimension: Contract, company: Company) -> Line:
    """Name the columns that refer to a dimension, or the dimension through which it is reached."""
    direct = [column for column in contract.relationships if column.dimension == dimension.name]
    if direct:
        return listed([("●\u00a0" if column.is_active else "○\u00a0", Code(column.name)) for column in direct])
    through = _through(contract, dimension.name, company)
    return ("via ", Code(through)) if through and contract is not dimension else ()


def _through(contract: Contract, dimension: str, company: Company) -> str | None:
    """Name the first dimension on the way to another one, along active references."""
    for nearest in (column.dimension for column in contract.active_references):
        target = company.contracts[nearest]
        if dimension in {c.dimension for c in target.active_references} or _through(target, dimension, company):
            return nearest
    return None
