"""Texts that hold somebody else's data, made safe for those who read them: terminals, log files, chats."""

import re

_MENTION = re.compile(r"<(?=\S)|(?<!\w)@(?=\w)|\](?=\()")
_NOTHING = "\u200b"
"""A blank without width."""


def safe(text: str, longest: int | None = None) -> str:
    r"""Return a text in one line: what a terminal would obey is escaped (control characters, line breaks, bidi marks).

    longest: characters after which it is cut.

    >>> safe("red\x1b[31m")
    'red\\x1b[31m'
    """
    shown = text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)
    return shown if longest is None or len(shown) <= longest else shown[: longest - 1] + "…"


def safe_lines(text: str) -> str:
    r"""Return a text of several lines, the further ones indented: none of them can be taken for a line of its own.

    >>> safe_lines("two things:\nthis\rand that")
    'two things:\n  this\\rand that'
    """
    return "\n  ".join(safe(line) for line in text.split("\n"))


def safe_for_chat(text: str) -> str:
    """Return a text that calls nobody in a chat (@channel, <!here>) and hides no link behind other words."""
    return _MENTION.sub(lambda found: found[0] + _NOTHING, safe_lines(text))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
