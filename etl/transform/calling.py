"""Calling the functions of a table file: what they raise is told with the file's line, and no personal data."""

import pandas as pd
import pyarrow as pa

from etl.contract.catalogue import Function, TableFile
from etl.contract.cures import cure_of_value
from etl.contract.modules import place_of
from etl.core.errors import ContractError
from etl.transform.context import Context, reads_personal_data
from etl.transform.files import REJECTS

_FAULTS_OF_A_TABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
    pa.ArrowException,
    pd.errors.InvalidIndexError,
)
"""What the code of a table file raises when it, or what it is given, is not as its author thought."""


def called(context: Context, table: TableFile, function: Function, given: list[object]) -> pd.DataFrame:
    """Call a table's function; what it raises is its own fault, told with the file's name and line."""
    try:
        frame = function.call(*given)
    except ContractError as error:  # of the vocabulary's words
        raise ContractError(f"{place_of(error, table.path)}: {error.message}", error.hint) from error
    except _FAULTS_OF_A_TABLE as error:
        raise _failed(context, table, function, error) from error
    if not isinstance(frame, pd.DataFrame):
        raise ContractError(
            f"{table.path}: {function.name} returned {type(frame).__name__}, not a frame.",
            "End it with `return`, and a pandas DataFrame.",
        )
    return frame


def _failed(context: Context, table: TableFile, function: Function, error: Exception) -> ContractError:
    """Explain what a table's function raised; a text that may hold personal data is kept for a person to look at."""
    what, text = f"{place_of(error, table.path)}: {function.name} failed: {type(error).__name__}", str(error)
    is_code = isinstance(error, AttributeError | NameError) or text.strip("'\"") in table.path.read_text("utf-8")
    if is_code or not reads_personal_data(context, table):
        return ContractError(f"{what}: {text}", cure_of_value(error))
    name = f"{table.name}.error.txt"
    (context.folder / REJECTS / name).write_text(f"{what}: {text}\n", encoding="utf-8")
    return ContractError(
        f"{what} (its text may hold personal data, and is not told).",
        f"Read it in {name} in the data folder's failed_rejects. {cure_of_value(error)}",
    )
