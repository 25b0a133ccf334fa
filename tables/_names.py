"""One spelling for names that the source writes in several ways, and a name for what has none."""

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract import clean_text


def conformed(texts: pd.Series, names: Mapping[str, str], otherwise: str) -> pd.Series:
    """Return the name of each code or name, whatever its blanks and letter case; of an empty one `otherwise`.

    names: code = name. One that is in neither column stands in upper case, in one spelling for all its rows.
    """
    known = {name.upper(): name for name in names.values()} | {code.upper(): name for code, name in names.items()}
    folded = pa.array(clean_text(texts, case="upper"), from_pandas=True)
    found = pc.index_in(folded, value_set=pa.array(list(known), pa.string()))
    spelled = pa.array(list(known.values()), pa.string()).take(found)
    filled = pc.fill_null(pc.coalesce(spelled, folded), otherwise)
    return pd.Series(pd.array(filled, dtype=pd.ArrowDtype(pa.string())), index=texts.index)


def named(texts: pd.Series, kind: str, number: pd.Series) -> pd.Series:
    """Return each name, cleaned; where there is none, the kind of thing and its number."""
    return clean_text(texts).fillna(kind + " " + number.astype("string[pyarrow]"))
