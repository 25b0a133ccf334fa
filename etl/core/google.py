"""Who we are to Google Cloud: the account that the settings name."""

from dataclasses import dataclass
from pathlib import Path

import google.auth
import google.auth.exceptions
from google.auth import impersonated_credentials
from google.auth.credentials import AnonymousCredentials, Credentials
from google.oauth2 import service_account

from config import Settings
from etl.core.errors import EtlError


@dataclass(frozen=True)
class Account:
    """What the settings BIGQUERY_CREDENTIALS, _KEY_FILE and _IMPERSONATE say; small enough to be sent to a worker."""

    kind: str
    key_file: Path | None
    impersonate: str | None

    def credentials(self, scope: str) -> Credentials:
        """Read the credentials. Raises EtlError where there are none, or they cannot be used."""
        own = self._own(scope)
        if not self.impersonate:
            return own
        return impersonated_credentials.Credentials(own, self.impersonate, target_scopes=[scope])

    def _own(self, scope: str) -> Credentials:
        if self.kind == "anonymous":
            return AnonymousCredentials()
        if self.kind == "key file":
            return _key(self.key_file, scope)
        try:
            return google.auth.default(scopes=[scope])[0]
        except google.auth.exceptions.DefaultCredentialsError:
            raise EtlError(
                "Google Cloud cannot be asked: this machine has no default credentials for it.",
                "Run `gcloud auth application-default login`, run on a machine with a service account, or set"
                " BIGQUERY_CREDENTIALS=key file and BIGQUERY_KEY_FILE.",
            ) from None


def account_of(settings: Settings) -> Account:
    """Return the account of the settings."""
    return Account(settings.bigquery_credentials, settings.bigquery_key_file, settings.bigquery_impersonate)


def _key(path: Path | None, scope: str) -> Credentials:
    try:
        key: Credentials = service_account.Credentials.from_service_account_file(str(path), scopes=[scope])
        return key
    except OSError as error:
        why = error.strerror or "it cannot be read"
    except (ValueError, google.auth.exceptions.GoogleAuthError):  # whose text may quote the file
        why = "it is not the JSON key of a service account"
    raise EtlError(f"The key file {path} cannot be used: {why}.", "Check BIGQUERY_KEY_FILE.")
