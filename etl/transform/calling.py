"""Calling the functions of a table file: what they raise is told with the file's line, and no personal data."""

import io
from contextlib import ExitStack, redirect_stderr, redirect_stdout

import pandas as pd

from etl.company.modules import FAULTS_OF_A_FILE, place_of
from etl.company.tables import Function, TableFile
from etl.contract.cures import cure_of_value
from etl.core.errors import ContractError, DataError, EtlError
from etl.transform.context import Context, reads_personal_data
from etl.transform.files import REJECTS


def called(context: Context, table: TableFile, function: Function, given: list[object]) -> pd.DataFrame:
    """Call a table's function; what it raises is its own fault, told with the file's name and line.

    What it prints, logs or warns of goes nowhere if it may be personal data: cron would mail it.
    """
    try:
        with ExitStack() as unheard:
            if reads_personal_data(context, table):
                unheard.enter_context(redirect_stdout(io.StringIO()))
                unheard.enter_context(redirect_stderr(io.StringIO()))
            frame = function.call(*given)
    except ContractError as error:  # of the vocabulary's words
        fault: EtlError = ContractError(f"{place_of(error, table.path)}: {error.message}", error.hint)
    except MemoryError as error:
        fault = DataError(
            f"{place_of(error, table.path)}: {function.name} ran out of memory.",
            "Look whether a merge multiplies its rows; else lower WORKERS, or give the machine more memory.",
        )
    except FAULTS_OF_A_FILE as error:
        fault = _failed(context, table, function, error)
    else:
        return _checked(table, function, frame)
    raise fault  # here, so that it takes nothing of the table's own error along: a worker may be unable to pickle that


def _checked(table: TableFile, function: Function, frame: object) -> pd.DataFrame:
    if not isinstance(frame, pd.DataFrame):
        raise ContractError(
            f"{table.path}: {function.name} returned {type(frame).__name__}, not a frame.",
            "End it with `return`, and a pandas DataFrame.",
        )
    return frame


def _failed(context: Context, table: TableFile, function: Function, error: BaseException) -> ContractError:
    """Explain what a table's function raised; a text that may hold personal data is kept for a person to look at."""
    what, text = f"{place_of(error, table.path)}: {function.name} failed: {type(error).__name__}", str(error)
    said = f"{what}: {text}" if text else f"{what}."
    is_code = isinstance(error, AttributeError | NameError) or text.strip("'\"") in table.path.read_text("utf-8")
    if is_code or not reads_personal_data(context, table):
        return ContractError(said, cure_of_value(error))
    name = f"{table.name}.error.txt"
    (context.folder / REJECTS / name).write_text(f"{said}\n", encoding="utf-8")
    return ContractError(
        f"{what} (its text may hold personal data, so it is not shown).",
        f"Read it in {name} in the data folder's failed_rejects. {cure_of_value(error)}",
    )
