"""Column types, which `etl.contract.types` explains, and column declarations: thin names over pandera's `Field`."""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any

import pandas as pd
import pandera.errors
import pandera.pandas as pa_check

from etl.contract import types, without_dask  # noqa: F401 -- before pandera
from etl.contract.column import Column, Pii, Role, check_category
from etl.core.errors import ContractError
from etl.core.names import guess
from etl.core.needs import OR_NEWER

KEEP, HASH, DROP = Pii.KEEP, Pii.HASH, Pii.DROP

Key = Annotated[pd.ArrowDtype, types.KEY.arrow]
Integer = Annotated[pd.ArrowDtype, types.INTEGER.arrow]
Text = Annotated[pd.ArrowDtype, types.TEXT.arrow]
Money = Annotated[pd.ArrowDtype, types.MONEY.arrow]
Number = Annotated[pd.ArrowDtype, types.NUMBER.arrow]
Date = Annotated[pd.ArrowDtype, types.DATE.arrow]
Timestamp = Annotated[pd.ArrowDtype, types.TIMESTAMP.arrow]
Flag = Annotated[pd.ArrowDtype, types.FLAG.arrow]
Time = Annotated[pd.ArrowDtype, types.TIME.arrow]


def Decimal(precision: int, scale: int = 0) -> Any:  # noqa: N802 -- a type, like those above
    """Return a type of exact numbers, exact to the last digit, as the type of a column.

    precision: all its digits; scale: those of them after the point. Raises ContractError where no warehouse holds it.
    """
    return Annotated[pd.ArrowDtype, types.decimal_type(precision, scale).arrow]


def surrogate_key(description: str = "Surrogate key; 0 is the unknown member.") -> Any:
    """Declare a dimension's surrogate key; the engine fills it, the same from night to night."""
    return _field(Role.SURROGATE_KEY, description, ge=0)


def natural_key(description: str, *, pii: bool | Pii = False, renamed_from: str | None = None) -> Any:
    """Declare a column that, with the other natural key columns, identifies a row in the source.

    renamed_from: as of an attribute; the members keep their surrogate keys.
    """
    return _field(Role.NATURAL_KEY, description, pii=pii, renamed_from=renamed_from)


def change_key(description: str, *, renamed_from: str | None = None) -> Any:
    """Declare what tells the changes of a member apart in the source, in a dimension with history: an id or a time.

    Member and change key identify a version, which keeps its surrogate key. NULL is the version that the member began
    with. Where it is a Date or a Timestamp, `build` need not return valid_from: the change key says since when.
    """
    return _field(Role.CHANGE_KEY, description, nullable=True, renamed_from=renamed_from)


def reference(
    dimension: str,
    description: str,
    *,
    on: str | list[str] | None = None,
    grain: bool = False,
    active: bool = True,
    as_of: str | None = None,
    history: bool = False,
    renamed_from: str | None = None,
) -> Any:
    """Declare a surrogate key of another table, found by the natural key in the columns `on` of what `build` returns.

    on: by default named as in the dimension. grain: whether the column is part of what identifies a row.
    active: False lets another path lead to the dimension: another reference to it, or one of another dimension's.
    A NULL, or what matches no member, becomes 0 and is counted. as_of: the column of what `build` returns, a Date or a
    Timestamp, on whose day the version of a member with history is looked up; without it, or where it is NULL, it is
    the current version. history, renamed_from: as of an attribute.
    """
    if not isinstance(active, bool):
        raise ContractError(f"active={active!r} is neither True nor False.", "Write active=False, or leave it out.")
    columns = (on,) if isinstance(on, str) else tuple(on or ())
    of_reference = {"dimension": dimension, "on": columns, "grain": grain, "active": active, "as_of": as_of}
    return _field(Role.REFERENCE, description, of_reference, ge=0, history=history, renamed_from=renamed_from)


def attribute(
    description: str,
    *,
    nullable: bool = False,
    unknown: Any = None,
    pii: bool | Pii = False,
    sort_by: str | None = None,
    category: str | None = None,
    folded: bool = False,
    history: bool = False,
    **checks: Any,
) -> Any:
    """Declare a descriptive column. unknown: its value in a dimension's unknown member. checks: as pandera's Field.

    pii: personal data: True or KEEP, HASH (published as pseudonyms, equal for equal texts), DROP (not published).
    sort_by: the column whose order its values are shown in. category: what the values stand for, for Power BI's maps
    and links, e.g. "Country", "City", "WebUrl". renamed_from: the name that the column had before, so that
    `etl refill` renames it where the warehouse can, and makes the table anew otherwise. folded: whether reports choose
    or group by this text, so that spellings that differ in letter case or outer blanks alone are one member. history:
    type 2: another value makes a new version of the member; without it (type 1) it overwrites all versions.
    """
    shown = {"sort_by": sort_by, "category": category, "folded": folded, "history": history}
    return _field(Role.ATTRIBUTE, description, nullable=nullable, unknown=unknown, pii=pii, **(shown | checks))


def measure(description: str, *, nullable: bool = False, number_format: str = "#,0", **checks: Any) -> Any:
    """Declare a number that analysts add up. number_format: as spreadsheets write it. checks: as pandera's Field."""
    return _field(Role.MEASURE, description, nullable=nullable, number_format=number_format, **checks)


_OPTIONS = (
    *("eq", "ne", "gt", "ge", "lt", "le", "in_range", "isin", "notin"),
    *("str_contains", "str_endswith", "str_length", "str_matches", "str_startswith"),
    *("nullable", "unique", "alias", "ignore_na", "raise_warning", "n_failure_cases", "check_name", "title", "coerce"),
)
"""What pandera's Field knows, less what would make other columns of one."""
_KEPT = sorted({each.name for each in fields(Column)} - {"name", "type", "role", "description", "nullable"})
"""What `Column` knows and pandera's Field does not."""
_LISTED = f"{', '.join(_KEPT)}, {', '.join(_OPTIONS[:16])}"


def _field(role: Role, description: str, of_reference: Mapping[str, Any] | None = None, **options: Any) -> Any:
    if not isinstance(description, str):
        raise ContractError(f"{description!r} is not a description.", "Say in a sentence what the column holds.")
    metadata = {"role": role, **(of_reference or {})} | {name: options.pop(name) for name in _KEPT if name in options}
    for name in options:
        if name not in _OPTIONS:
            listed = f"It has: {_LISTED}. {OR_NEWER}"
            raise ContractError(f"A column has no option {name}=.", guess(name, _OPTIONS, listed))
    if (pii := metadata.get("pii", False)) not in (True, False, *Pii):
        raise ContractError(f"pii={pii!r} is none of KEEP, HASH, DROP and True.", "Write e.g. pii=HASH.")
    check_category(metadata.get("category"))
    if not isinstance(metadata.get("history", False), bool):
        raise ContractError(f"history={metadata['history']!r} is neither True nor False.", "Write history=True.")
    metadata["pii"] = Pii(pii) if isinstance(pii, str) else bool(pii)
    if not isinstance(options.get("alias", ""), str):
        raise ContractError(f"alias={options['alias']!r} is not a name.", 'Write e.g. alias="class".')
    try:
        re.compile(options.get("str_matches") or "")
        return pa_check.Field(description=description, metadata=metadata, **options)
    except (TypeError, ValueError, re.error, pandera.errors.SchemaInitError) as error:
        told = ", ".join(f"{name}={value!r}" for name, value in options.items() if name != "nullable")
        raise ContractError(
            f"The rule {told} cannot be understood: {error}.", 'Write e.g. in_range=(0, 100) or str_matches="[A-Z]+".'
        ) from None
