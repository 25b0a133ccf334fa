"""Pseudonyms: what stands in the star for a text that is personal data. Equal texts have equal ones, in all tables.

A pseudonym is the first 96 bits of HMAC-SHA256 under the key of the settings, and 32 bits by which it is known as one
under this key, as 32 hexadecimal digits. Of 100 million different texts the chance that any two share one is 1 in
10^13. A text is taken as it is, byte by byte in UTF-8; NULL stays NULL; what is a pseudonym already stays as it is, for
tables are built from others. Without the key nobody can tell whose a pseudonym is, not even by trying all names.
"""

import hmac
import json
import re
from collections.abc import Collection

import pyarrow as pa

_BYTES, _CHECK = 12, 4
_FORM = re.compile(rf"[0-9a-f]{{{2 * (_BYTES + _CHECK)}}}")


def pseudonym(text: str, key: bytes) -> str:
    """Return what stands for a text.

    >>> pseudonym(pseudonym("Ana", b"key"), b"key") == pseudonym("Ana", b"key")
    True
    """
    if _FORM.fullmatch(text) and bytes.fromhex(text)[_BYTES:] == _check(bytes.fromhex(text)[:_BYTES], key):
        return text
    head = hmac.digest(key, b"text " + text.encode("utf-8", "surrogatepass"), "sha256")[:_BYTES]
    return (head + _check(head, key)).hex()


def pseudonyms(values: pa.Array, key: bytes) -> pa.Array:
    """Return what stands for texts; each distinct one is hashed once."""
    encoded = values.cast(pa.string()).dictionary_encode()
    distinct = pa.array([pseudonym(text, key) for text in encoded.dictionary.to_pylist()], pa.string())
    return distinct.take(encoded.indices)


def hidden(row: str, columns: Collection[str], key: bytes) -> str:
    """Return a row, which is JSON, with pseudonyms for the values of some columns."""
    told = json.loads(row)
    for name in columns:
        if told.get(name) is not None:
            told[name] = pseudonym(str(told[name]), key)
    return json.dumps(told, ensure_ascii=False)


def fingerprint_of(key: bytes) -> str:
    """Return by what a key is known again, without it."""
    return hmac.digest(key, b"fingerprint", "sha256")[:8].hex()


def _check(head: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"check " + head, "sha256")[:_CHECK]
