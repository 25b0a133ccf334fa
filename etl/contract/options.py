"""The class arguments of a contract, each declared once: its type, its default, what it means and what it may be.

What is checked, what `Contract` knows, the dictionary and the list in docs/tables.md derive from `Options`.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from enum import Enum, auto
from typing import Any

from etl.core.errors import ContractError
from etl.core.names import guess
from etl.core.needs import OR_NEWER


class Holds(Enum):
    """What an option holds, which says how the dictionary shows it."""

    QUERIES = auto()
    COLUMNS = auto()
    SHARE = auto()
    YEARS = auto()
    LEVELS = auto()
    INPUTS = auto()


@dataclass(frozen=True)
class Option:
    """What is told of an option. title: what the dictionary calls it; example: as a table file writes it.

    read: returns the value of what was written; raises ValueError with what that is not.
    """

    holds: Holds
    title: str
    meaning: str
    example: str
    read: Callable[[Any], Any]


def _option(holds: Holds, read: Callable[[Any], Any], default: Any, example: str, title: str, meaning: str) -> Any:
    told = {"option": Option(holds, title, meaning, example, read)}
    return field(default_factory=dict, metadata=told) if default is dict else field(default=default, metadata=told)


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a name")
    return value


def _several(value: Any) -> tuple[str, ...]:
    """Turn one name, or several, into a tuple."""
    names = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else (value,)
    if not all(isinstance(each, str) for each in names):
        raise ValueError("not a tuple of names")
    return names


def _number_up_to(most: float) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
            raise ValueError("not a share")
        return value

    return read


def _years(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("not a number of years")
    return value


def _columns_by_name(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict) or not all(isinstance(levels, list | tuple) for levels in value.values()):
        raise ValueError("not a dictionary of names and their columns")
    return {str(name): _several(levels) for name, levels in value.items()}


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a table file says in brackets behind its class, `class FactSales(Fact, stream="contracts")`."""

    stream: tuple[str, ...] = _option(
        Holds.QUERIES, _several, (), '"contracts"', "Streamed block by block",
        "The query that `build` gets block by block, because it is too long for memory. A dimension may name several:"
        " `build` gets a block of one of them at a time, and no rows of the others.",
    )  # fmt: skip
    group_by: str | None = _option(
        Holds.COLUMNS, _name, None, '"client_id"', "Built in portions by",
        "A column of what identifies a row. The table, which summarizes a streamed one, is built in portions, all rows"
        " of one value together, because the summary is too long for memory, too.",
    )  # fmt: skip
    rows_of: tuple[str, ...] = _option(
        Holds.QUERIES, _several, (), '("clients",)', "Each row is one of",
        "The queries whose every row becomes a row of this table, or is rejected, set aside or merged: none may be"
        " missing. For a streamed table it is its stream.",
    )  # fmt: skip
    reads: Mapping[str, tuple[str, ...]] = _option(
        Holds.INPUTS, _columns_by_name, dict, '{"dim_client": ("client_id",)}', "Columns read of",
        "Of other tables that `build` gets whole, the columns that it needs, where these are few: the others are not"
        " read, and take no memory; and a night that builds what changed builds no row because a member changed in"
        " them.",
    )  # fmt: skip
    window: str | None = _option(
        Holds.COLUMNS, _name, None, '"closes_on"', "Published from",
        "The Date, a column of what `build` returns, which need not be published, from whose value on rows are"
        " published: what lies before the window's start is computed with, and not published.",
    )  # fmt: skip
    summed_by: tuple[str, ...] = _option(
        Holds.COLUMNS, _several, (), '("client_id", "product_id")', "Summed up by",
        "Columns that the rows have that the partials summarize, and that the partials return: each row of a summary is"
        " of rows with the same values in them, NULL included. Where few rows changed, only these are summed up again."
        " Where many rows would be one sum, name columns that partials get, too: `BLOCK` parts rows by their blocks of"
        " the query, which costs nothing; `BUCKET` by a hash of their keys, into 32 parts.",
    )  # fmt: skip
    summed_where: tuple[str, ...] = _option(
        Holds.COLUMNS, _several, (), '("team_member_id",)', "Summed up where there is",
        "Columns of `summed_by` that no row of a summary lacks: the partials leave rows out that are NULL there, which"
        " may be many. Where few rows changed, the others without a value are not summed up with them.",
    )  # fmt: skip
    recompute_by: tuple[str, ...] = _option(
        Holds.COLUMNS, _several, (), '("team_member_id", "product_id")', "Recomputed by",
        "Columns that the partials and `build` return: what `build` makes of rows with the same values in them hangs on"
        " no other rows. Where few rows changed, only these are built again.",
    )  # fmt: skip
    survivor: tuple[str, ...] = _option(
        Holds.COLUMNS, _several, (), '("-registered_at",)', "Survivor",
        "Of rows with the same key the first in this order stays; `-column` is descending, NULL comes last. Without it"
        " a key that occurs twice is an error.",
    )  # fmt: skip
    partition_by: str | None = _option(
        Holds.COLUMNS, _name, None, '"contract_date"', "Partitioned by month of",
        "The Date or Timestamp by whose months the warehouse partitions the table.",
    )  # fmt: skip
    cluster_by: tuple[str, ...] = _option(
        Holds.COLUMNS, _several, (), '("client_key",)', "Clustered by",
        "Up to four columns by which the warehouse sorts the table.",
    )  # fmt: skip
    lost: float = _option(
        Holds.SHARE, _number_up_to(1), 0.5, "0.2", "rows gone",
        "The share of the rows published last night that may be gone tonight; 1 lets the table become empty.",
    )  # fmt: skip
    rejects: float = _option(
        Holds.SHARE, _number_up_to(1), 0.01, "0.05", "rejects",
        "The share of the rows handed in that may be rejected.",
    )  # fmt: skip
    unknown: float = _option(
        Holds.SHARE, _number_up_to(1), 0.01, "0.05", "unknown members",
        "For each reference, the share of the rows that may match no member, and by which those without one may exceed"
        " last night's share.",
    )  # fmt: skip
    closed_months: str | None = _option(
        Holds.COLUMNS, _name, None, '"contract_date"', "Closed months by",
        "The Date that says in which month a row is. The sums of months that were over last night are then compared"
        " with last night's.",
    )  # fmt: skip
    tolerance: float = _option(
        Holds.SHARE, _number_up_to(math.inf), 0.01, "0.05", "change of a closed month's sum",
        "By which share a measure's sum over a closed month may change.",
    )  # fmt: skip
    settled_after: int | None = _option(
        Holds.YEARS, _years, None, "2", "Settled after years",
        "The years after which no row changes or leaves the published window: Power BI keeps older years as they are.",
    )  # fmt: skip
    hierarchies: Mapping[str, tuple[str, ...]] = _option(
        Holds.LEVELS, _columns_by_name, dict, '{"Calendar": ("year", "month")}', "Hierarchy",
        "How analysts drill down: names and their columns, the coarsest first. `dim_office.region` is a column of a"
        " dimension that this one refers to.",
    )  # fmt: skip


OPTIONS: dict[str, Field[Any]] = {each.name: each for each in fields(Options)}


def about(name: str) -> Option:
    """Return what is told of an option."""
    option: Option = OPTIONS[name].metadata["option"]
    return option


def read_options(given: Mapping[str, Any]) -> Options:
    """Return the options of a contract. Raises ContractError for one that is not known, or is not what it is to be."""
    for name in given:
        if name not in OPTIONS:
            listed = f"It has: {', '.join(OPTIONS)}. {OR_NEWER}"
            raise ContractError(f"A contract has no argument {name}=.", guess(name, OPTIONS, listed))
    options = Options(**{name: _read(name, value) for name, value in given.items() if value is not None})
    return replace(options, rows_of=options.stream) if options.stream else options


def _read(name: str, value: Any) -> Any:
    option = about(name)
    try:
        return option.read(value)
    except ValueError as error:
        of_share = f" for {float(option.example):.0%}" if option.holds is Holds.SHARE else ""
        raise ContractError(f"{name}={value!r} is {error}.", f"Write e.g. {name}={option.example}{of_share}.") from None
