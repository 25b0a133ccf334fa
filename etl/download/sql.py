"""Just enough of SQL's syntax to tell code from literals and comments: where a query ends, which :names are binds."""

import re
from collections.abc import Callable

_TOKEN = re.compile(
    r"""
      (?P<literal> (?<![\w$]) [eE]' (?: [^'\\] | \\. | '' )* '   # with escapes
                 | ' [^']* ' | " [^"]* "                          # a doubled quote is as good as two of them
                 | (?<![\w$]) \$ (?P<tag> (?: [^\W\d]\w* )? ) \$ .*? \$ (?P=tag) \$ )
    | (?P<comment> --[^\n]* | /\* .*? \*/ )
    | (?P<bind> (?<![:\w]) : (?P<name> [^\W\d]\w* ) )
    | (?P<end> ; )
    """,
    re.VERBOSE | re.DOTALL,
)


def one_statement(text: str) -> str:
    """Cut off the closing semicolon and what follows. Raises ValueError, its argument the line, if that is code."""
    end = next((match.start() for match in _TOKEN.finditer(text) if match["end"]), None)
    if end is None:
        return text
    if has_code(text[end:]):
        raise ValueError(text.count("\n", 0, end) + 1)
    return text[:end]


def has_code(text: str) -> bool:
    """Whether there is more than comments and semicolons."""
    return bool(_TOKEN.sub(lambda match: "" if match["comment"] or match["end"] else match[0], text).strip())


def binds_of(text: str) -> set[str]:
    """Name the binds: every :name that is in no literal and no comment, and no part of a ::cast."""
    return {match["name"] for match in _TOKEN.finditer(text) if match["bind"]}


def with_binds(text: str, put: Callable[[str], str], keep: Callable[[str], str] = str) -> str:
    """Replace each bind by what `put` gives for its name, and what lies between them by what `keep` gives for it."""
    parts, begin = [], 0
    for match in _TOKEN.finditer(text):
        if match["bind"]:
            parts += [keep(text[begin : match.start()]), put(match["name"])]
            begin = match.end()
    return "".join([*parts, keep(text[begin:])])
