"""The table files: found by folder, each a contract and its functions. Nothing is registered anywhere."""

import importlib.util
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pandera.errors
import pyarrow as pa

from etl.contract import Contract, Table
from etl.core.errors import ContractError
from etl.core.names import guess

_FAULTS_OF_A_FILE = (
    SyntaxError,
    ImportError,
    NameError,
    TypeError,
    AttributeError,
    ValueError,
    pandera.errors.SchemaInitError,
)
NIGHT = "night"
"""The reserved parameter name."""


@dataclass(frozen=True)
class Function:
    """A table file's function: `build`, or a partial, whose first parameter names the stream that it summarizes."""

    name: str
    call: Callable[..., pd.DataFrame]
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class TableFile:
    """One file of tables/."""

    path: Path
    contract: Contract
    build: Function
    partials: tuple[Function, ...]

    @property
    def name(self) -> str:
        """The table's name, which is the file's."""
        return self.contract.name

    @cached_property
    def inputs(self) -> frozenset[str]:
        """All that the table needs to be there: what its functions name and what it refers to."""
        named = {p for f in (self.build, *self.partials) for p in f.parameters} - {NIGHT}
        return frozenset(named | {str(column.dimension) for column in self.contract.references})


@lru_cache
def read_tables(folder: Path) -> dict[str, TableFile]:
    """Read every table file of a folder, by name. Raises ContractError naming the file that is at fault."""
    tables = {path.stem: read_table(path) for path in sorted(folder.glob("[!_]*.py"))}
    if not tables:
        raise ContractError(f"There is no table in {folder}.", "Name the folder of the table files in TABLES_DIR.")
    for table in tables.values():
        _check_references(table, tables)
        _check_hierarchies(table, tables)
        _check_group_by(table, tables)
    return tables


def contracts(folder: Path) -> dict[str, Contract]:
    """Read the contracts alone."""
    return {name: table.contract for name, table in read_tables(folder).items()}


def read_table(path: Path) -> TableFile:
    """Read one table file."""
    module = _imported(path)
    models = [
        m
        for m in vars(module).values()
        if inspect.isclass(m) and issubclass(m, Table) and m.__module__ == module.__name__
    ]
    if len(models) != 1:
        raise ContractError(
            f"{path} declares {len(models)} contracts.", "A table file declares one class, a Dimension or a Fact."
        )
    if not hasattr(module, "build"):
        raise ContractError(
            f"{path} has no function build.", "Write build(...), its parameters named after what it reads."
        )
    contract = _contract(path, models[0])
    _check_contract(path, contract)
    partials = tuple(
        _function(f) for name, f in vars(module).items() if name.startswith("partial") and inspect.isfunction(f)
    )
    return TableFile(path, contract, _function(module.build), partials)


def _contract(path: Path, model: type[Table]) -> Contract:
    try:
        return Contract.of(path.stem, model)
    except ContractError as error:
        raise ContractError(f"{path}: {error.message}", error.hint) from None
    except (pandera.errors.SchemaInitError, TypeError, ValueError) as error:
        raise ContractError(f"{path}: the contract cannot be read: {error}.", "Mend the table file.") from error


def _imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"tables.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ContractError(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except _FAULTS_OF_A_FILE as error:
        raise ContractError(f"{path} cannot be read: {error}.", "Mend the table file.") from error
    return module


def _function(function: Callable[..., Any]) -> Function:
    return Function(function.__name__, function, tuple(inspect.signature(function).parameters))


def _check_contract(path: Path, contract: Contract) -> None:
    names = {column.name for column in contract.columns}
    if not contract.grain:
        raise ContractError(f"{path}: the contract has no docstring.", "Let its first line say what one row is.")
    if contract.is_dimension and not (contract.surrogate_key and contract.natural_key):
        raise ContractError(f"{path}: a dimension needs a surrogate_key and a natural_key.", "Declare both.")
    if contract.surrogate_key and not contract.is_dimension:
        raise ContractError(f"{path}: a fact has no surrogate_key.", "Declare a natural_key, or a Dimension.")
    if not contract.grain_key:
        raise ContractError(
            f"{path}: nothing identifies a row.", "Declare a natural_key, or references with grain=True."
        )
    named = (contract.partition_by, contract.closed_months, *contract.cluster_by, *_levels(contract))
    stray = [c for c in (*named, *(c.sort_by for c in contract.columns)) if c and c not in names]
    if stray:
        raise ContractError(f"{path}: {stray[0]}, which the contract names, is no column.", "Mend its name.")
    months = [c for c in contract.columns if c.name == contract.closed_months and not pa.types.is_date(c.type)]
    if months:
        raise ContractError(f"{path}: closed_months={months[0].name} is no Date.", "Name a column that tells the day.")
    if contract.name in names:
        raise ContractError(f"{path}: a column is named like its table.", "BigQuery cannot tell them apart: rename it.")
    _check_stream(path, contract)
    _check_unknown(path, contract)


def _check_stream(path: Path, contract: Contract) -> None:
    if contract.stream and contract.is_dimension:
        raise ContractError(f"{path}: a dimension cannot be streamed.", "Leave `stream` out.")
    if contract.stream and contract.survivor:
        raise ContractError(
            f"{path}: of a streamed table no survivor can be chosen.",
            f"Name it in the header of {contract.stream}.sql, as `-- survivor: …`.",
        )


def _check_unknown(path: Path, contract: Contract) -> None:
    """Refuse an unknown member of which a value is none of its column's type."""
    for column in contract.columns:
        try:
            pa.array([column.unknown], column.type)
        except (pa.ArrowException, TypeError):
            raise ContractError(
                f"{path}: the unknown member's {column.name}, {column.unknown!r}, is no {column.type}.",
                "Mend unknown=.",
            ) from None


def _levels(contract: Contract) -> list[str]:
    """Name the columns of the contract's own in its hierarchies."""
    return [level for levels in contract.hierarchies.values() for level in levels if "." not in level]


def _check_hierarchies(table: TableFile, tables: dict[str, TableFile]) -> None:
    referred = {str(column.dimension) for column in table.contract.references}
    for level in (level for levels in table.contract.hierarchies.values() for level in levels if "." in level):
        name, _, column = level.partition(".")
        if name not in referred or column not in tables[name].contract.schema.names:
            raise ContractError(
                f"{table.path}: {level}, a level of a hierarchy, is no column of a dimension that it refers to.",
                "Mend its name.",
            )


def _check_references(table: TableFile, tables: dict[str, TableFile]) -> None:
    for column in table.contract.references:
        target = tables.get(str(column.dimension))
        if target is None or not target.contract.is_dimension:
            raise ContractError(
                f"{table.path}: {column.name} refers to {column.dimension}, which is no dimension.",
                guess(str(column.dimension), tables, "Add its table file."),
            )
        on = column.on or target.contract.natural_key
        if len(on) != len(target.contract.natural_key):
            raise ContractError(
                f"{table.path}: {column.name} is found by {', '.join(on)}, but the natural key of {target.name} is"
                f" {', '.join(target.contract.natural_key)}.",
                "Name as many columns in `on`.",
            )


def _check_group_by(table: TableFile, tables: dict[str, TableFile]) -> None:
    """Refuse portions that do not divide the rows: each row's group is to follow from what identifies it."""
    column = table.contract.group_by
    if column is None:
        return
    references = {c.name: c.on or tables[str(c.dimension)].contract.natural_key for c in table.contract.references}
    key = [part for name in table.contract.grain_key for part in references.get(name, (name,))]
    if column not in key:
        raise ContractError(
            f"{table.path}: group_by={column} is none of what identifies a row: {', '.join(key)}.", "Name one of these."
        )
    if not table.partials or table.contract.is_dimension or table.contract.rows_of:
        raise ContractError(
            f"{table.path}: group_by is for a fact that summarizes a streamed one.",
            "Write a partial, and leave rows_of out; or leave group_by out.",
        )
