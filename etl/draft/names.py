"""Names for what a catalogue calls anything: small letters, whole words, nothing that Python or a contract takes."""

import re
from collections.abc import Collection, Iterable
from itertools import takewhile
from keyword import iskeyword
from unicodedata import category, normalize

import etl.contract
from etl.contract.reserved import RESERVED
from etl.contract.table import Dimension
from etl.core.names import is_name

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_KINDS = re.compile(r"^(?:tbl|t|dim|fact|fct|stg|d|f)_(?=\w)")
_NUMBERED = re.compile(r"_?(?:id|key|code|nr|no|num|number|uuid|guid|pk|fk|sk)$")
_LONGEST = 60

_TAKEN = {
    *(name for name in dir(Dimension) if not name.startswith("_")),
    *(name for name in etl.contract.__all__ if name.islower()),
    *(name for name in RESERVED if not name.startswith("_")),
    *("pd", "night", "row_number"),
}
"""Names that mean something in a contract's class: a column of that name would hide it."""
_WORDS = """
    all analyse analyze and any array as asc asymmetric at between both by case cast check collate column
    constraint contains create cross cube current default deferrable define desc describe distinct do else
    end enum escape except exclude exists extract false fetch following for foreign from full group grouping
    groups hash having if ignore in initially inner intersect interval into is join lambda lateral leading
    left like limit lookup merge natural new no not null nulls of offset on only or order outer over
    partition pivot placing preceding primary proto qualify range recursive references respect returning
    right rollup rows select set show some struct summarize symmetric table tablesample then to trailing
    treat true unbounded union unique unnest unpivot using variadic when where window with within"""
_OF_SQL = frozenset(_WORDS.split())
"""Words that BigQuery or DuckDB reserve: analysts would have to write a column of that name in quotes."""


def plain(text: str) -> str:
    """Return a name for what may be called anything.

    >>> plain("OrderLines 2nd (Größe)")
    'order_lines_2nd_größe'
    """
    folded = normalize("NFKC", _HUMP.sub("_", text) if not text.isupper() else text).lower()
    folded = normalize("NFKC", "".join(c if c == "_" or category(c)[0] in "LN" else "_" for c in folded))
    name = re.sub("_+", "_", folded).strip("_")[:_LONGEST].rstrip("_")
    name = name if name[:1].isidentifier() else f"n_{name}" if name else "column"
    return name if is_name(name) else "column"


def singular(name: str) -> str:
    """Return the name of one of what a table holds.

    >>> [singular(name) for name in ("orders", "countries", "addresses", "boxes", "status", "order_lines")]
    ['order', 'country', 'address', 'box', 'status', 'order_line']
    """
    if name.endswith(("ics", "series", "news", "species")):
        return name
    if name.endswith("ies") and len(name) > 4:
        return f"{name[:-3]}y"
    if re.search("(?:ss|x|z|ch|sh)es$", name):
        return name[:-2]
    return name[:-1] if re.search("[^sui]s$", name) and len(name) > 3 else name


def entity(table: str) -> str:
    """Return what one row of a table is called: singular, without what marks tables."""
    return singular(_KINDS.sub("", plain(table)))


def prefix_of(columns: Collection[str]) -> str:
    """Return what all columns of a table begin with, as TPC-H's `l_`; "" if there is no such thing."""
    heads = {match[0] if (match := re.match(r"[A-Za-z]{1,4}_", name)) else "" for name in columns}
    head = heads.pop() if len(heads) == 1 and len(columns) > 1 else ""
    return head if all(name[len(head) :][:1].isalpha() for name in columns) else ""


def column_names(table: str, columns: Iterable[str], taken: Collection[str] = ()) -> dict[str, str]:
    """Return a name for each column, no two alike. taken: names that have another meaning in this table."""
    listed = list(columns)
    head, names = prefix_of(listed), dict[str, str]()
    for column in listed:
        name = plain(column[len(head) :])
        if is_taken(name) or name in _OF_SQL or name in taken or name == table:
            name = f"{entity(table)}_{name}"
        names[column] = free(name, [*names.values(), *taken, table])
    return names


def is_taken(name: str) -> bool:
    """Whether a name means something in a contract, or in Python."""
    return name in _TAKEN or iskeyword(name) or name in ("true", "false", "none")


def free(name: str, taken: Collection[str]) -> str:
    """Return the name, with a number behind it where it is taken already."""
    lower, number, found = {each.lower() for each in taken}, 2, name
    while found.lower() in lower:
        found, number = f"{name}_{number}", number + 1
    return found


def role(column: str) -> str:
    """Return what a column refers to: its name without what says that it is a key.

    >>> [role(name) for name in ("customer_id", "nationkey", "origin", "id")]
    ['customer', 'nation', 'origin', '']
    """
    return _NUMBERED.sub("", column)


def common(names: Collection[str]) -> str:
    """Return the words with which all names begin.

    >>> common(("ship_to_country", "ship_to_code"))
    'ship_to'
    """
    same = list(takewhile(lambda each: len(set(each)) == 1, zip(*(name.split("_") for name in names), strict=False)))
    return "_".join(each[0] for each in same)


def words(name: str) -> str:
    """Return a name as words, the first one capitalized."""
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def class_name(name: str) -> str:
    """Return the name of a contract's class."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
