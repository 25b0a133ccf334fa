"""What is known of one column of a contract."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pyarrow as pa

from etl.contract.types import column_type
from etl.core.errors import ContractError
from etl.core.names import guess


class Pii(StrEnum):
    """What becomes of a column of personal data: its values are published, or pseudonyms for them, or nothing."""

    KEEP = "keep"
    HASH = "hash"
    DROP = "drop"


class Role(StrEnum):
    """What a column is for."""

    SURROGATE_KEY = "surrogate key"
    NATURAL_KEY = "natural key"
    REFERENCE = "reference"
    ATTRIBUTE = "attribute"
    MEASURE = "measure"
    FOLDED = "folded text"
    CHANGE_KEY = "change key"
    FIRST_SEEN = "first seen"
    HISTORY = "history"
    DURABLE_KEY = "durable key"


OF_THE_ENGINE = (Role.SURROGATE_KEY, Role.REFERENCE, Role.FOLDED, Role.FIRST_SEEN, Role.HISTORY, Role.DURABLE_KEY)
"""Columns that `build` does not return: the engine fills them."""


CATEGORIES = (
    *("Address", "City", "Continent", "Country", "County", "Latitude", "Longitude", "Place", "PostalCode"),
    *("StateOrProvince", "WebUrl", "ImageUrl", "Barcode"),
)
"""What Power BI can be told that a column's values are: it draws places on maps, and addresses as links."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a contract; `type` is the exact Arrow type. renamed_from: the name that it had before.

    pii: whether it holds personal data, and what becomes of it; True means that it is kept. category: what a text or
    number stands for, one of `CATEGORIES`. folded: whether it has a folded column beside it, by which its members are
    chosen and grouped (see `etl.contract.folding`). history: whether another value makes a new version of the member
    (type 2), and does not overwrite those that are there (type 1; see `etl.contract.history`).
    """

    name: str
    type: pa.DataType
    role: Role
    description: str
    nullable: bool
    unknown: Any = None
    pii: bool | Pii = False
    number_format: str | None = None
    sort_by: str | None = None
    category: str | None = None
    renamed_from: str | None = None
    folded: bool = False
    history: bool = False

    @property
    def is_hashed(self) -> bool:
        """Whether pseudonyms stand in it for personal data."""
        return self.pii is Pii.HASH

    @property
    def type_name(self) -> str:
        """What the dictionary calls the type."""
        found = column_type(self.type)
        return found.name if found else str(self.type)


@dataclass(frozen=True, kw_only=True)
class Reference(Column):
    """A column that holds surrogate keys of a dimension. grain: whether it is part of what identifies a row.

    active: what the contract says of whether the dimension may filter the table through it. is_active: whether it
    does, in Power BI and in joins: one path at most leads from a table to another. The rest is
    known once the company's tables have been read (see `etl.company.references.resolved`): on, the columns of what
    `build` returns by which the member is found; key, the dimension's columns that these are compared with; personal,
    those of `on` that hold personal data, as the key does; hashed, those of `on` whose key holds pseudonyms. as_of: the
    column of what `build` returns on whose day the member's version is looked up; without it, it is the current one.
    """

    dimension: str
    on: tuple[str, ...] = ()
    grain: bool = False
    active: bool = True
    key: tuple[str, ...] = ()
    is_active: bool = False
    personal: tuple[str, ...] = ()
    hashed: tuple[str, ...] = ()
    as_of: str | None = None


@dataclass(frozen=True, kw_only=True)
class Folded(Column):
    """The column that the engine keeps beside a folded one. of: that one. It may be NULL, so that a load can add it."""

    of: str


def check_pii(name: str, kind: pa.DataType, meta: dict[str, Any], *, has_rules: bool) -> None:
    """Refuse what is to be done with personal data and cannot be."""
    pii, role = meta.get("pii"), meta["role"]
    if pii in (Pii.HASH, Pii.DROP) and role not in (Role.NATURAL_KEY, Role.ATTRIBUTE):
        raise ContractError(f"{name} is a {role}, which is not personal data.", "Leave pii= out.")
    if pii is Pii.DROP and role is Role.NATURAL_KEY:
        raise ContractError(f"{name} identifies a row, so that it cannot be dropped.", "Write pii=HASH.")
    if pii is Pii.HASH and not pa.types.is_string(kind):
        raise ContractError(
            f"{name} is to be hashed, and is no Text.",
            'Declare it as Text and let build make one, e.g. .astype("string").',
        )
    if pii is Pii.HASH and has_rules:
        raise ContractError(
            f"{name} is to be hashed, so that the rules of its values cannot be judged.",
            "Let build give a REJECT instead.",
        )


def check_category(category: object) -> None:
    """Refuse a category that Power BI does not know."""
    if category is not None and category not in CATEGORIES:
        raise ContractError(
            f"category={category!r} is not what values can stand for.",
            guess(str(category), CATEGORIES, f"Write one of {', '.join(CATEGORIES)}."),
        )


UNKNOWN = 0
"""The surrogate key of every dimension's unknown member."""


def unknown_of(column: Column) -> object:
    """Return what the unknown member has in a column."""
    return UNKNOWN if column.role in (Role.SURROGATE_KEY, Role.REFERENCE) else column.unknown
