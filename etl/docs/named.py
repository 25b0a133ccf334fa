"""The names that stand in a text of DAX or SQL: what it is made of."""

import re
from collections.abc import Collection, Mapping

from etl.report.names import friendly

_DAX = re.compile(
    r"""
    "(?:[^"]|"")*+"                             # a text
    | (?://|--)[^\n]* | /\*.*?\*/               # a comment
    | '(?P<quoted>(?:[^']|'')++)'(?:\[[^\]]*\])?
    | (?<!\w)(?P<plain>[^\W\d]\w*+)(?:\[[^\]]*\])?+(?!\s*\()
    | \[(?P<measure>[^\]]+)\]                   # without a table it is a measure
    """,
    re.VERBOSE | re.DOTALL,
)
_NO_NAME = re.compile(r"'(?:[^']|'')*+'|--[^\n]*|/\*.*?\*/", re.DOTALL)


def tables_in_sql(sql: str, known: Collection[str]) -> list[str]:
    """Return the known tables that a query or an aggregate names."""
    words = dict.fromkeys(re.findall(r"\w+", _NO_NAME.sub(" ", sql)))
    return [word for word in words if word in known]


def tables_in_dax(dax: str, known: Collection[str]) -> list[str]:
    """Return the known tables that DAX names, by the names that analysts see."""
    shown: Mapping[str, str] = {friendly(name): name for name in known}
    named = [(match["quoted"] or match["plain"] or "").replace("''", "'") for match in _DAX.finditer(dax)]
    return [shown[name] for name in dict.fromkeys(named) if name in shown]


def measures_in_dax(dax: str, known: Collection[str]) -> list[str]:
    """Return the known measures that DAX names."""
    named = dict.fromkeys(match["measure"] for match in _DAX.finditer(dax))
    return [name for name in named if name in known]
