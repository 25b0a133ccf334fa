"""The table files: found by folder, each a contract and its functions. Nothing is registered anywhere."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pandas as pd

from etl.company.checks import check_contract
from etl.company.modules import FAULTS_OF_A_FILE, cure_of, imported, new_package, told
from etl.company.references import check_group_by, check_hierarchies, check_references, resolved, with_one_path
from etl.contract.table import Contract, Table
from etl.core.errors import ContractError, EtlError, joined
from etl.core.fingerprint import fingerprint
from etl.core.names import check_file_names, table_paths

NIGHT = "night"
"""The reserved parameter name."""

T = TypeVar("T")


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
        """All that the table needs to be there: what its functions name and the other tables that it refers to."""
        named = {p for f in (self.build, *self.partials) for p in f.parameters} - {NIGHT}
        return frozenset(named | {column.dimension for column in self.contract.relationships})


def read_tables(folder: Path, code: str = "") -> dict[str, TableFile]:
    """Read every table file of a folder, by name. Raises ContractError naming every file that is at fault.

    code: the fingerprint of the files that are meant, where these may have been read already, or changed since.
    """
    return _read_tables(folder, code or fingerprint(folder))


@lru_cache(maxsize=8)
def _read_tables(folder: Path, code: str) -> dict[str, TableFile]:
    """Read them once: a process may live for many nights, and tables change between them."""
    if fingerprint(folder) != code:
        raise ContractError(
            f"A table file in {folder} was changed while the tables were being built.", "Run the stage again."
        )
    tables = _read_files(folder)
    contracts_ = {table.name: table.contract for table in tables}
    found = _each(tables, lambda table: _resolved(table, contracts_))
    whole = with_one_path({table.name: table.contract for table in found})
    return {table.name: replace(table, contract=whole[table.name]) for table in found}


def _read_files(folder: Path) -> list[TableFile]:
    """Read them one by one, whatever they refer to."""
    paths = table_paths(folder)
    check_file_names(paths, "table")
    package = new_package(folder.absolute())
    return _each(paths, lambda path: _read_table(package, path))


def _each(things: Iterable[T], read: Callable[[T], TableFile]) -> list[TableFile]:
    """Read one after the other. Raises the faults of all of them at once."""
    found: list[TableFile] = []
    faults: list[EtlError] = []
    for thing in things:
        try:
            found.append(read(thing))
        except ContractError as fault:
            faults.append(fault)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise joined(faults)
    return found


def contracts(folder: Path) -> dict[str, Contract]:
    """Read the contracts alone."""
    return {name: table.contract for name, table in read_tables(folder).items()}


def contracts_alone(folder: Path) -> dict[str, Contract]:
    """Read the contracts each for itself: what they refer to need not be there, and is not resolved."""
    return {table.name: table.contract for table in _read_files(folder)}


def _resolved(table: TableFile, contracts_: dict[str, Contract]) -> TableFile:
    """Check a table's contract against the others, and resolve its references."""
    try:
        check_references(table.contract, contracts_)
        check_hierarchies(table.contract, contracts_)
        contract = resolved(table.contract, contracts_)
        check_group_by(contract, summarizes=bool(table.partials))
    except ContractError as error:
        raise _of_file(table.path, error) from None
    return replace(table, contract=contract)


def _read_table(package: str, path: Path) -> TableFile:
    """Read one table file."""
    try:
        module = imported(package, path)
        contract = Contract.of(path.stem, _model(module))
        check_contract(contract)
        partials = [f for name, f in vars(module).items() if name.startswith("partial") and inspect.isfunction(f)]
        return TableFile(path, contract, _build(module), tuple(map(_function, partials)))
    except ContractError as error:
        raise _of_file(path, error) from error.__cause__
    except FAULTS_OF_A_FILE as error:
        raise ContractError(f"{path}: the contract cannot be read: {told(error)}.", cure_of(error, path)) from error


def _of_file(path: Path, error: ContractError) -> ContractError:
    """Name the file in an error that does not."""
    return (
        error
        if error.message.startswith(str(path.parent.absolute()))
        else ContractError(f"{path}: {error.message}", error.hint)
    )


def _model(module: ModuleType) -> type[Table]:
    models = [
        m
        for m in vars(module).values()
        if inspect.isclass(m) and issubclass(m, Table) and m.__module__ == module.__name__
    ]
    if len(models) != 1:
        raise ContractError(
            f"the file declares {len(models)} contracts.", "A table file declares one class, a Dimension or a Fact."
        )
    return models[0]


def _build(module: ModuleType) -> Function:
    if not inspect.isfunction(getattr(module, "build", None)):
        raise ContractError(
            "the file has no function build.", "Write build(...), its parameters named after what it reads."
        )
    return _function(module.build)


def _function(function: Callable[..., Any]) -> Function:
    return Function(function.__name__, function, tuple(inspect.signature(function).parameters))
