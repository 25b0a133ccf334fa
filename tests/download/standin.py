"""A stand-in for the driver of a database that no test can start: it answers what was recorded.

The descriptions are those that the drivers document: pymssql's and python-oracledb's.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

Answer = tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]
"""A cursor's description, and the rows."""


class Named:
    """A constant of a driver, such as DB_TYPE_NUMBER."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *_: object, **__: object) -> "Named":
        """Stand for what a function of the driver's makes."""
        return self


class Driver(ModuleType):
    """A driver. answer: gives what a statement is answered with; raises what the driver raises."""

    paramstyle, threadsafety, apilevel, version = "named", 1, "2.0", "26.1.0"

    class Error(Exception):
        """What it raises."""

    DatabaseError = OperationalError = InterfaceError = ProgrammingError = InternalError = IntegrityError = Error
    DataError = NotSupportedError = Error

    def __init__(self, name: str, answer: Callable[[str], Answer]) -> None:
        super().__init__(name)
        self.answer, self.asked = answer, list[str]()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        setattr(self, name, Named(name))
        return self.__dict__[name]

    def connect(self, *_: object, **__: object) -> "Connection":
        """Connect to nothing."""
        return Connection(self)


class Connection:
    """A connection of the stand-in."""

    max_identifier_length = 128
    version, outputtypehandler, inputtypehandler = "23.4.0.24.5", None, None

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def cursor(self, *_: object, **__: object) -> "Cursor":
        """Make a cursor."""
        return Cursor(self._driver)

    def autocommit(self, _: bool) -> None:
        """Change nothing."""

    def noted(self, what: str) -> None:
        """Note what is done with the transaction."""
        self._driver.asked.append(what)

    def commit(self) -> None:
        """Note it."""
        self.noted("commit")

    def rollback(self) -> None:
        """Note it."""
        self.noted("rollback")

    def close(self) -> None:
        """Close nothing."""


class Cursor:
    """A cursor of the stand-in, which hands out a few rows at a time."""

    rowcount, arraysize, outputtypehandler, lastrowid = -1, 1, None, None

    def __init__(self, driver: Driver) -> None:
        self._driver, self._rows = driver, list[tuple[Any, ...]]()
        self.description: Any = None

    def execute(self, sql: str, *_: object, **__: object) -> None:
        """Note the statement and take its answer."""
        self._driver.asked.append(sql)
        description, rows = self._driver.answer(sql)
        whole = [tuple(each) + (None,) * (7 - len(each)) for each in description]
        self.description, self._rows = whole or None, list(rows)

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """Hand out some rows."""
        some, self._rows = self._rows[:size], self._rows[size:]
        return some

    def fetchone(self) -> tuple[Any, ...] | None:
        """Hand out one row."""
        return next(iter(self.fetchmany(1)), None)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Hand out the rest."""
        return self.fetchmany(len(self._rows))

    def __enter__(self) -> "Cursor":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def setinputsizes(self, *_: object, **__: object) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Close nothing."""


@contextmanager
def installed(driver: Driver) -> Iterator[Driver]:
    """Let a stand-in be imported under its name while the block runs."""
    with patch.dict(sys.modules, {driver.__name__: driver}):
        yield driver
