"""The client: the real one, with the credentials and the endpoint that the settings name."""

from collections.abc import Callable
from contextlib import suppress

from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery

from config import Settings
from etl.core.google import account_of
from etl.load.bigquery.errors import patient, unanswered

_SCOPE = "https://www.googleapis.com/auth/bigquery"
_FIRST_CALL = 15.0
"""Seconds, for an answer and for being called again."""


def connector(settings: Settings) -> Callable[[], bigquery.Client]:
    """Return the function that connects; it reads the credentials only when it is called."""

    def connect() -> bigquery.Client:
        endpoint = settings.bigquery_endpoint
        return bigquery.Client(
            project=settings.bigquery_project,
            credentials=account_of(settings).credentials(_SCOPE),
            location=settings.bigquery_location,
            client_options={"api_endpoint": str(endpoint).rstrip("/")} if endpoint else None,
        )

    return connect


def greet(client: bigquery.Client, dataset: str, patience: float) -> None:
    """Call BigQuery for the first time, with little patience: whoever cannot reach it at all is to know soon.

    Any answer will do, also a refusal: the call that it matters to will get it again.
    """
    seconds = min(patience, _FIRST_CALL)
    with suppress(GoogleAPICallError):
        client.get_dataset(dataset, retry=patient(seconds, on=unanswered), timeout=_FIRST_CALL)
