"""The client: the real one, with the credentials and the endpoint that the settings name."""

from collections.abc import Callable
from contextlib import suppress

import google.auth
import google.auth.exceptions
from google.api_core.exceptions import GoogleAPICallError
from google.auth import impersonated_credentials
from google.auth.credentials import AnonymousCredentials, Credentials
from google.cloud import bigquery
from google.oauth2 import service_account

from config import Settings
from etl.core.errors import WarehouseError
from etl.load.bigquery_errors import patient, unanswered

_SCOPES = ("https://www.googleapis.com/auth/bigquery",)
_FIRST_CALL = 15.0
"""Seconds, for an answer and for being called again."""


def connector(settings: Settings) -> Callable[[], bigquery.Client]:
    """Give the function that connects; it reads the credentials only when it is called."""

    def connect() -> bigquery.Client:
        endpoint = settings.bigquery_endpoint
        return bigquery.Client(
            project=settings.bigquery_project,
            credentials=_credentials(settings),
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


def _credentials(settings: Settings) -> Credentials:
    own = _own_credentials(settings)
    if not settings.bigquery_impersonate:
        return own
    return impersonated_credentials.Credentials(own, settings.bigquery_impersonate, target_scopes=list(_SCOPES))


def _own_credentials(settings: Settings) -> Credentials:
    if settings.bigquery_credentials == "anonymous":
        return AnonymousCredentials()
    if settings.bigquery_credentials == "key file":
        return _key_file(settings)
    try:
        return google.auth.default(scopes=_SCOPES)[0]
    except google.auth.exceptions.DefaultCredentialsError:
        raise WarehouseError(
            "BigQuery cannot be asked: this machine has no default credentials of Google Cloud.",
            "Run `gcloud auth application-default login`, run on a machine with a service account, or set"
            " BIGQUERY_CREDENTIALS=key file and BIGQUERY_KEY_FILE.",
        ) from None


def _key_file(settings: Settings) -> Credentials:
    path = str(settings.bigquery_key_file)
    try:
        key: Credentials = service_account.Credentials.from_service_account_file(path, scopes=_SCOPES)
        return key
    except OSError as error:
        why = error.strerror or "it cannot be read"
    except (ValueError, google.auth.exceptions.GoogleAuthError):  # whose text may quote the file
        why = "it is not the JSON key of a service account"
    raise WarehouseError(f"The key file {path} cannot be used: {why}.", "Check BIGQUERY_KEY_FILE.")
