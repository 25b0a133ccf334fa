"""Clients."""

import pandas as pd

from etl.contract import (
    SET_ASIDE,
    Date,
    Dimension,
    Integer,
    Key,
    Night,
    Text,
    attribute,
    business_date,
    clean_text,
    join_text,
    natural_key,
    surrogate_key,
)

from ._names import conformed

COUNTRIES = {"ES": "Spain", "FR": "France", "MX": "Mexico", "PT": "Portugal"}
NO_COUNTRY = "No country"


class DimClient(Dimension, stream=("global_clients", "digital_clients"), rejects=0.05):
    """One row per client of either catalogue."""

    client_key: Key = surrogate_key()
    client_id: Integer = natural_key("The client's number, the same in both catalogues.")
    client_name: Text = attribute("Given, paternal and maternal name.", nullable=True, unknown="Unknown", pii=True)
    email: Text = attribute("E-mail address, in lower case.", nullable=True, pii=True)
    country: Text = attribute(
        "Country, in English; one that the sales force does not serve, by its code.",
        unknown=NO_COUNTRY,
        category="Country",
        folded=True,
    )
    catalogue: Text = attribute(
        "The catalogue that the client is taken from.", isin=["global", "digital"], nullable=True
    )
    registered_on: Date = attribute("Day of registration.", nullable=True)


def build(global_clients: pd.DataFrame, digital_clients: pd.DataFrame, night: Night) -> pd.DataFrame:
    """The global catalogue wins; the digital one adds the clients that it lacks."""
    digital = _described(digital_clients, "digital", night)
    reason = pd.Series(pd.NA, index=digital.index, dtype="string[pyarrow]")
    digital[SET_ASIDE] = reason.mask(digital_clients["is_global"], "the global catalogue has this client")
    return pd.concat([_described(global_clients, "global", night), digital])


def _described(clients: pd.DataFrame, catalogue: str, night: Night) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "client_id": clients["client_id"],
            "client_name": join_text(clients["given_name"], clients["paternal_name"], clients["maternal_name"]),
            "email": clean_text(clients["email"], case="lower"),
            "country": conformed(clients["country"], COUNTRIES, NO_COUNTRY),
            "catalogue": pd.Series(catalogue, index=clients.index, dtype="string[pyarrow]"),
            "registered_on": business_date(clients["registered_at"], night.time_zone),
        }
    )
