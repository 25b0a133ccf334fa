"""Putting pseudonyms into what `build` returned, and into rejected rows, before anything of it is written."""

from collections.abc import Iterable, Mapping

import pandas as pd
import pyarrow as pa

from config import Settings
from config.redacted import STARS
from etl.contract.column import Pii
from etl.contract.reserved import REJECT, SET_ASIDE
from etl.contract.table import Contract
from etl.core.errors import UsageError
from etl.core.pseudonyms import hidden, pseudonyms
from etl.transform.context import Context
from etl.transform.raw import Reject

_TELLING = 3
"""Characters from which on a value in a text is no coincidence."""


def key_of(settings: Settings, contracts: Iterable[Contract]) -> bytes | None:
    """Return the key, None where nothing is hashed or dropped. Raises UsageError where it is needed and not set."""
    every = list(contracts)
    concerned = [contract.name for contract in every if contract.hashed or contract.dropped]
    if not concerned:
        return None
    if settings.pseudonym_key is None:
        raise UsageError(
            f"PSEUDONYM_KEY is not set, but personal data is to be hashed or dropped: {', '.join(concerned)}.",
            "Make one with `openssl rand -hex 32`, put it into the settings file (or a file that PSEUDONYM_KEY_FILE"
            " names), and keep a copy of it where you keep passwords.",
        )
    return settings.pseudonym_key.get_secret_value().encode()


def kept_readable(contracts: Iterable[Contract]) -> frozenset[str]:
    """Name the columns of personal data whose values some table publishes."""
    return frozenset(c.name for each in contracts for c in each.columns if c.pii and c.pii is not Pii.HASH)


def without_personal_data(context: Context, contract: Contract, frame: pd.DataFrame) -> pd.DataFrame:
    """Return what build returned with pseudonyms in the columns to be hashed, and without those to be dropped."""
    names = sorted(contract.hashed & set(frame.columns))
    dropped = [name for name in contract.dropped if name in frame]
    if not names and not dropped:
        return frame
    key = _key(context)
    for reason in (SET_ASIDE, REJECT):
        if reason in frame and frame[reason].notna().any():
            frame[reason] = _starred(frame, reason, [*names, *dropped])
    for name in names:
        frame[name] = pd.Series(pseudonyms(_texts(frame[name]), key), index=frame.index, dtype=_TEXT)
    return frame.drop(columns=dropped)


_TEXT = pd.ArrowDtype(pa.string())


def _texts(values: "pd.Series[str]") -> pa.Array:
    found = pa.array(values, from_pandas=True)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _starred(frame: pd.DataFrame, column: str, names: list[str]) -> "pd.Series[str]":
    """Return build's reasons without the row's own personal data."""
    reasons = _texts(frame[column]).to_pylist()
    for name in names:
        values = map(str, _texts(frame[name]).to_pylist())
        reasons = [
            reason.replace(value, STARS) if reason and len(value) >= _TELLING else reason
            for reason, value in zip(reasons, values, strict=True)
        ]
    return pd.Series(pa.array(reasons, pa.string()), index=frame.index, dtype=_TEXT)


def hide_rejects(context: Context, query: str, rejects: list[Reject]) -> list[Reject]:
    """Return the rejects of a query with pseudonyms for what no table publishes as it is."""
    columns = context.hidden.get(query, frozenset())
    if not rejects or not columns:
        return rejects
    return [(reason, hidden(row, columns, _key(context))) for reason, row in rejects]


def hidden_columns(
    personal: Mapping[str, frozenset[str]], contracts: Iterable[Contract]
) -> Mapping[str, frozenset[str]]:
    """Name the columns of each query whose values are published nowhere; none where nothing is hashed or dropped."""
    every = list(contracts)
    if not any(contract.hashed or contract.dropped for contract in every):
        return {}
    readable = kept_readable(every)
    return {query: columns - readable for query, columns in personal.items()}


def _key(context: Context) -> bytes:
    if context.pseudonym_key is None:
        raise UsageError("PSEUDONYM_KEY is not set, but personal data is to be hashed or dropped.", "Set it.")
    return context.pseudonym_key
