"""Importing table files: a folder of tables is a package of its own, whose files share helpers by relative imports.

Each reading makes a package of its own, with a name that no file has, so that neither another company's file is ever
meant nor one of last night. Nothing is added to Python's path.
"""

import ast
import importlib
import re
import sys
import traceback
from difflib import get_close_matches
from importlib.machinery import FileFinder, SourceFileLoader
from itertools import count
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, NoReturn

import etl.contract
from etl.contract.cures import cure_of_value
from etl.contract.types import OTHER_WORDS
from etl.core.errors import ContractError
from etl.core.needs import OR_NEWER, check_needs

FAULTS_OF_A_FILE = (Exception, SystemExit)
"""What the code of a table file may raise: anything. Its `sys.exit()` would end a stage as if all were done."""

_OURS = re.compile(r"tables#\d+\.?| \(/[^()]*/etl/contract/__init__\.py\)")
_NUMBERS = count(1)
_RETENTION = (
    "It is no longer in etl.contract: copy the sample's tables/_retention.py beside your tables, and write `from"
    " ._retention import retention, RETENTION`."
)
_ENGINES = "It is the engine's own, and no longer in etl.contract: a table file does without (docs/tables.md)."
_MOVED = dict.fromkeys(("retention", "RETENTION"), _RETENTION) | dict.fromkeys(
    ("Column", "Contract", "KeyIndex", "Role", "Table"), _ENGINES
)
"""Words that the vocabulary had once, and where they are."""
_ABSOLUTE = re.compile(rb"^\s*(?:from|import)\s+(?:tables\b|_)", re.MULTILINE)


def new_package(folder: Path) -> str:
    """Return the name of a package of a folder's files as they are now, ready to be imported from."""
    name = f"tables#{next(_NUMBERS)}"
    sys.path_importer_cache[str(folder)] = FileFinder(str(folder), (_Loader, [".py"]))
    package = ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules[name] = package
    return name


def imported(package: str, path: Path) -> ModuleType:
    """Import one file of a folder's package. Raises ContractError naming the file and the line at fault."""
    try:
        return importlib.import_module(f"{package}.{path.stem}")
    except ContractError as error:
        if error.message.startswith(str(path.parent)):
            raise
        raise ContractError(f"{place_of(error, path)}: {error.message}", error.hint) from None
    except FAULTS_OF_A_FILE as error:
        raise ContractError(f"{place_of(error, path)} cannot be read: {told(error)}.", cure_of(error, path)) from error


class _Loader(SourceFileLoader):
    """Loads a file of a folder of tables as it is now, and leaves no bytecode there.

    Python takes bytecode for that of a file of the same length and second.
    """

    def path_stats(self, path: Any) -> NoReturn:
        raise OSError  # so bytecode is neither looked for nor written

    def source_to_code(self, data: Any, path: Any, **options: Any) -> CodeType:  # type: ignore[override]
        check_needs(Path(path), bytes(data).decode("utf-8", "replace"))
        _check_imports(Path(path), bytes(data))
        code: CodeType = super().source_to_code(data, path, **options)
        return code


def place_of(error: BaseException, path: Path) -> str:
    """Return a table file's path, with the line of it, or of its helper, at which an error passed last."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    places = _passed(error, path)
    return f"{places[-1][0]}:{places[-1][1]}" if places else str(path)


def _passed(error: BaseException, path: Path) -> list[tuple[str, int]]:
    """Return the files of a folder that an error passed, and the lines."""
    places = [(trace.filename, trace.lineno or 0) for trace in traceback.extract_tb(error.__traceback__)]
    return [(file, line) for file, line in places if Path(file).is_relative_to(path.parent.absolute())]


def _check_imports(path: Path, source: bytes) -> None:
    """Refuse the import of a helper by a name that may be that of another folder's file."""
    if not _ABSOLUTE.search(source):
        return
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError):
        return  # importing it says where
    named = [(n.lineno, alias.name) for n in nodes if isinstance(n, ast.Import) for alias in n.names]
    named += [(n.lineno, str(n.module)) for n in nodes if isinstance(n, ast.ImportFrom) and not n.level]
    for line, name in named:
        parts = name.split(".")
        if parts[0] == "tables" or (path.parent / f"{parts[0]}.py").is_file():
            raise ContractError(
                f"{path}:{line}: the import of {name} may find another folder's file.",
                f"Write `from .{parts[-1] if parts[-1] != 'tables' else '_common'} import …`: with the dot it is the"
                " file beside this one.",
            )


def told(error: BaseException) -> str:
    """Return what an error says, without this program's own names."""
    if isinstance(error, SyntaxError):
        return error.msg.rstrip(".")
    text = _OURS.sub(".", str(error)).strip().rstrip(".")
    if isinstance(error, ImportError | NameError | TypeError):
        return text
    return f"{type(error).__name__}: {text}".removesuffix(": ")


def cure_of(error: BaseException, path: Path) -> str:
    """Return what to do about what a table file raised while it was read."""
    words = etl.contract.__all__
    if isinstance(error, SyntaxError) and re.search("null bytes|utf-8|codec", str(error), re.IGNORECASE):
        return "Save the file as UTF-8."
    if isinstance(error, SyntaxError):
        return "Correct that line, or the one before it: a bracket or a quote may be missing there."
    if isinstance(error, ModuleNotFoundError):
        name = str(error.name).rpartition(".")[2]
        if str(error.name).startswith("etl."):
            return _MOVED.get(name) or f"Write `from etl.contract import …`: this engine has no module {error.name}."
        return (
            f"Install {name} in the program's .venv, or do without: pandas and etl.contract are there."
            if not (error.name or "").startswith("tables")
            else f"Write the file {path.parent / name}.py, or correct the name."
        )
    if "circular import" in str(error):
        return (
            "Two files import each other: move what both need into a third one, whose name begins with an underscore."
        )
    if isinstance(error, ImportError | NameError) or "module 'etl.contract' has no attribute" in str(error):
        missing = re.search(r"(?:name|attribute) '(\w+)'", str(error))
        name = missing[1] if missing else ""
        near = get_close_matches(name, words, 1)
        if name in OTHER_WORDS or name in _MOVED:
            return OTHER_WORDS.get(name) or _MOVED[name]
        if name in words:
            return f"Import it: from etl.contract import {name}."
        if near:
            return f"Did you mean {near[0]}?"
        of_ours = f"etl.contract has no {name}. {OR_NEWER}" if "etl.contract" in str(error) else ""
        return of_ours or f"Define or import {name} above that line, or correct its name."
    if isinstance(error, TypeError):
        return "Correct the call in that line: the words of a contract are described in etl/contract/columns.py."
    if "precision" in str(error):
        return cure_of_value(error)
    return "Correct that line: a table file declares a contract and functions, and does nothing else while it is read."
