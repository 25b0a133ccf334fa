"""Channels."""

import pandas as pd

from etl.contract import Dimension, Flag, Key, Text, attribute, clean_text, natural_key, surrogate_key


class DimChannel(Dimension, rows_of=("channels",)):
    """One row per channel through which contracts come in."""

    channel_key: Key = surrogate_key()
    channel_code: Text = natural_key("The channel's code, in upper case.")
    channel_name: Text = attribute("The channel's name.", nullable=True, unknown="Unknown", folded=True)
    is_digital: Flag = attribute("Whether no person sells through it.", unknown=False)


def build(channels: pd.DataFrame) -> pd.DataFrame:
    """Codes are compared without blanks and letter case."""
    return pd.DataFrame(
        {
            "channel_code": clean_text(channels["channel_code"], case="upper"),
            "channel_name": clean_text(channels["name"]),
            "is_digital": channels["is_digital"],
        }
    )
