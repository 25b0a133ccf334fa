"""The secrets of the settings in use, kept so that no error, log line or notice tells them, whoever made its text."""

import json
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, quote_plus, unquote

STARS = "***"
_WORD, _STRONG = 4, 8
"""Characters: what is shorter is a secret only where it stands like one; what is as long, and no mere word, is one
wherever it stands. The rest is one unless it is a part of a longer word."""


def _as_it_is(text: str) -> str:
    return text


_redact: Callable[[str], str] = _as_it_is


def remember(secrets: Iterable[str], users: Iterable[str] = ()) -> None:
    """Keep the secrets of the settings, in place of those before. users: names that are left out of "user …" only."""
    global _redact  # one process has one settings file
    patterns = [_pattern(form) for form in sorted({f for s in secrets for f in _forms(s)}, key=len, reverse=True)]
    names = "|".join(re.escape(name) for name in sorted({name for name in users if name}, key=len, reverse=True))
    secret = re.compile("|".join(patterns)) if patterns else None
    user = re.compile(rf"(\b(?:user|role|login|account)\b\W{{1,3}})(?:{names})(?!\w)", re.IGNORECASE) if names else None

    def redacted(text: str) -> str:
        text = secret.sub(STARS, text) if secret else text
        return user.sub(rf"\g<1>{STARS}", text) if user else text

    _redact = redacted


def redact(text: str) -> str:
    """Return a text with stars in place of every secret."""
    return _redact(text)


def _forms(secret: str) -> set[str]:
    """List how a secret may be written: as it is, percent-encoded or decoded, quoted as in SQL, JSON or Python."""
    plain = {secret, unquote(secret)}
    return {
        form
        for text in plain
        for form in (
            text,
            quote(text, safe=""),
            quote(text),
            quote_plus(text),
            json.dumps(text)[1:-1],
            json.dumps(text, ensure_ascii=False)[1:-1],
            repr(text)[1:-1],
            text.replace("\\", "\\\\").replace("'", "\\'"),
            text.replace("'", "''"),
        )
        if form.strip()
    }


def _pattern(form: str) -> str:
    text = re.escape(form)
    if len(form) < _WORD:
        return rf"(?<=[\"':=]){text}(?=[\"'@])"
    if len(form) >= _STRONG and not form.isalpha():
        return text
    begins, ends = (r"(?<!\w)" if form[0].isalnum() else ""), (r"(?!\w)" if form[-1].isalnum() else "")
    return begins + text + ends
