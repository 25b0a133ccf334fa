"""That no row is lost between the source and the star: what went into a table is published, or told of."""

from collections.abc import Mapping

from etl.contract.reserved import MERGED, SET_ASIDE
from etl.core.errors import ContractError
from etl.core.manifest import StarTable
from etl.transform.context import Context
from etl.transform.runner import Result


def check_balance(context: Context, tables: Mapping[str, StarTable], results: Mapping[str, Result]) -> None:
    """Raise ContractError where rows are unaccounted for, in the tables that were built.

    Of every table: handed = rows - earlier ones + rejected + set aside. Of those whose contract says of what queries
    their rows are (a streamed one's is its stream): rows of the queries = handed, less rejects of what is read beside
    them.
    """
    for name, table in tables.items():
        contract = context.tables[name].contract
        found = table.rows - contract.is_dimension - table.earlier + table.all_rejected + table.all_set_aside
        if found != table.handed:
            raise ContractError(f"{name}: {table.handed:,} rows went in, {found:,} came out.", "Report this fault.")
        if not contract.rows_of:
            continue
        raw = sum(context.raw_table(query).rows for query in contract.rows_of)
        parts = results[name].parts if name in results else []  # what is built of changes has nothing beside
        lost = raw + sum(part.beside for part in parts) - table.handed
        if lost:
            raise ContractError(
                f"{name}: {' and '.join(contract.rows_of)} have {raw:,} rows, of which build"
                f" {'lost' if lost > 0 else 'made'} {abs(lost):,}{'' if lost > 0 else ' more'}.",
                f"Let build give the rows that it leaves out a reason in {SET_ASIDE},"
                f" or count in {MERGED} those that it merges into another.",
            )
