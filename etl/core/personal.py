"""Personal data: what the table files mark (pii=True), what follows for queries, and texts without the values.

Stage 1 must know of it too, so that no value gets into its receipts and errors. The marks are read off the files' text:
importing the files would cost that stage a second.
"""

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from config.redacted import STARS

_KINDS = (
    "column|relation|table|view|function|schema|type|database|operator|constraint|index|key|sequence|parameter|encoding"
    "|language|enum|near|user|role|host|at|socket|field"
)
_VALUE = re.compile(r"(?<!\w)(['\"]).*\1", re.DOTALL)
_WORDS = ("surrogate_key", "natural_key", "change_key", "reference", "attribute", "measure")
"""The words of a contract that declare a column."""
_ARGUMENTS = re.compile(r"\((\d+), (['\"])(.*)\2\)", re.DOTALL)
"""How MySQL's drivers say a number and a sentence."""
_NAMED = re.compile(rf"\b(?:{_KINDS}) (['\"])[^'\"]*\1", re.IGNORECASE)


@dataclass(frozen=True)
class _Reader:
    """A table file: the queries and tables that its functions name, the columns that it marks, and the others."""

    name: str
    reads: frozenset[str]
    marked: frozenset[str]
    plain: frozenset[str]
    has_marked_key: bool = False
    references: tuple[tuple[str, str], ...] = ()

    def found_by(self, dimensions: Collection[str]) -> frozenset[str]:
        """Name the columns by which members of some dimensions are found."""
        return frozenset(column for dimension, column in self.references if dimension in dimensions)


@dataclass(frozen=True)
class Marks:
    """What the table files of a folder mark. unread: whether some file could not be read, and may mark anything."""

    readers: tuple[_Reader, ...] = ()
    unread: bool = False

    @classmethod
    def of(cls, folder: Path) -> "Marks":
        """Read the marks of a folder. What is wrong with a file is stage 2's to say; until then all is personal."""
        parsed = {path.stem: _parsed(path) for path in sorted(folder.glob("*.py")) if path.name[0] != "."}
        trees = {name: tree for name, tree in parsed.items() if tree}
        named = [pair for tree in trees.values() for pair in _named(tree)]
        shared = _shared(named)
        plain = {name for name, value in named if _is_plain(value, set())} - shared
        readers = [_reader(name, tree, shared, plain) for name, tree in trees.items()]
        keys = {reader.name for reader in readers if reader.has_marked_key}
        marked = tuple(replace(each, marked=each.marked | each.found_by(keys)) for each in readers)
        return cls(marked, unread=len(trees) < len(parsed))

    @property
    def marked(self) -> frozenset[str]:
        """The names of all marked columns."""
        return frozenset(name for reader in self.readers for name in reader.marked)

    def in_query(self, query: str, columns: Iterable[str], declared: Collection[str] = ()) -> frozenset[str]:
        """Name the columns of a query that hold personal data. declared: by its header.

        A column is one that a table marks under this name, unless all tables that read the query have it unmarked. Of a
        query that a table with a marked column reads, each column is one that this table does not have itself: the
        marked one may be made of it.
        """
        readers = [reader for reader in self.readers if query in reader.reads]
        return frozenset(column for column in columns if column in declared or self._is_personal(column, readers))

    def _is_personal(self, column: str, readers: list[_Reader]) -> bool:
        if self.unread or any(reader.marked and column not in reader.plain for reader in readers):
            return True
        is_plain = any(column in reader.plain for reader in readers)
        return not is_plain and column in self.marked

    def in_rows_of(self, table: str, columns: Iterable[str], declared: Collection[str] = ()) -> frozenset[str]:
        """Name the columns of rows that a table was given, or that it made, that hold personal data.

        declared: those of queries; one that the table has itself is personal if it is marked there.
        """
        readers = [reader for reader in self.readers if reader.name == table]
        plain = {column for reader in readers for column in reader.plain}
        queries = [declared, *(self.in_query(query, columns) for reader in readers for query in reader.reads)]
        return frozenset(
            column
            for column in columns
            if self._is_personal(column, readers) or (column not in plain and any(column in each for each in queries))
        )

    def concern(self, query: str, sql: str) -> bool:
        """Whether a query reads personal data, as far as its text and its readers tell."""
        words = set(re.findall(r"\w+", sql)) | {"*"}
        return bool(self.in_query(query, words))


def without_values(text: str) -> str:
    """Return what a database or library said without the values that it quotes; names of columns and the like stay.

    >>> without_values('x.sql:3: invalid input syntax for type integer: "Ana"')
    'x.sql:3: invalid input syntax for type integer: ***'
    >>> without_values('column "nmae" does not exist')
    'column "nmae" does not exist'
    """
    names: list[str] = []

    def keep(found: re.Match[str]) -> str:
        names.append(found[0])
        return f"\0{len(names) - 1}\0"

    said = _ARGUMENTS.sub(r"\3 (\1)", text)
    bare = _VALUE.sub(STARS, _NAMED.sub(keep, said))
    return re.sub("\0(\\d+)\0", lambda found: names[int(found[1])], bare)


def _parsed(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def _reader(name: str, tree: ast.Module, shared: set[str], plain: set[str]) -> _Reader:
    functions = (each for each in tree.body if isinstance(each, ast.FunctionDef))
    arguments = [f.args.args for f in functions if f.name == "build" or f.name.startswith("partial")]
    fields = list(_fields(tree))
    marked = frozenset(name for name, value in fields if _marks(value, shared) or not _is_plain(value, plain))
    reads = frozenset(argument.arg for each in arguments for argument in each)
    keys = any(_called(value) == "natural_key" and _marks(value, shared) for _, value in fields)
    found_by = tuple(pair for _, value in fields for pair in _references(value))
    return _Reader(name, reads, marked, frozenset(name for name, _ in fields) - marked, keys, found_by)


def _called(value: ast.expr) -> str:
    return value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else ""


def _references(value: ast.expr) -> Iterator[tuple[str, str]]:
    """List what a reference is found by: the dimension, and each column of build."""
    if _called(value) != "reference" or not isinstance(value, ast.Call):
        return
    texts = [each.value for each in ast.walk(value) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    on = [word.value for word in value.keywords if word.arg == "on"]
    columns = [each.value for part in on for each in ast.walk(part) if isinstance(each, ast.Constant)]
    yield from ((texts[0], str(column)) for column in columns if texts)


def _fields(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """List the columns that a file's classes declare."""
    for each in (each for model in tree.body if isinstance(model, ast.ClassDef) for each in model.body):
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and each.value is not None:
            yield each.target.id, each.value


def _shared(named: list[tuple[str, ast.AST]]) -> set[str]:
    """Name what marks the columns that are declared with it: values and functions, also by way of others."""
    shared: set[str] = set()
    while found := {name for name, value in named if name not in shared and _marks(value, shared)}:
        shared |= found
    return shared


def _named(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """List what a file gives a name to besides: declarations that several columns share."""
    for each in tree.body:
        if isinstance(each, ast.Assign):
            yield from ((target.id, each.value) for target in each.targets if isinstance(target, ast.Name))
        elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and each.value is not None:
            yield each.target.id, each.value
        elif isinstance(each, ast.FunctionDef) and each.name != "build" and not each.name.startswith("partial"):
            yield each.name, each
        elif isinstance(each, ast.ImportFrom):
            yield from ((name.asname, ast.Name(name.name)) for name in each.names if name.asname)


def _is_plain(value: ast.AST, known: set[str]) -> bool:
    """Whether a declaration says all of itself: in a word of the contract or what is known, its options written out."""
    if any(isinstance(each, ast.keyword) and each.arg is None for each in ast.walk(value)):
        return False
    if isinstance(value, ast.FunctionDef):
        return True
    word = value.func if isinstance(value, ast.Call) else value
    name = word.id if isinstance(word, ast.Name) else word.attr if isinstance(word, ast.Attribute) else ""
    return name in known or (name in _WORDS and isinstance(value, ast.Call))


def _marks(value: ast.AST, shared: set[str]) -> bool:
    """Whether a declaration says pii=True (or what is not plainly False), or is one that does so elsewhere."""
    for each in ast.walk(value):
        if isinstance(each, ast.Constant) and each.value == "pii":
            return True
        if isinstance(each, ast.keyword) and each.arg == "pii":
            return not (isinstance(each.value, ast.Constant) and not each.value.value)
        if (isinstance(each, ast.Name) and each.id in shared) or (
            isinstance(each, ast.Attribute) and each.attr in shared
        ):
            return True
    return False
