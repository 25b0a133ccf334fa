"""Tokens for the Power BI service: the client credentials of a service principal, through Microsoft's own library."""

from typing import Any

import msal
import requests
from msal.exceptions import MsalServiceError

from etl.core.errors import RefreshError
from etl.core.retry import attempts, is_transient
from etl.refresh.target import Target

_CURES = {
    7000222: "Make a new client secret for the app registration (Microsoft Entra admin center, Certificates & secrets),"
    " and put its value into POWERBI_CLIENT_SECRET.",
    7000215: "Put the client secret's value, not its id, into POWERBI_CLIENT_SECRET.",
    700016: "Check POWERBI_CLIENT_ID, and that POWERBI_TENANT is the tenant of that app registration.",
}
"""What to do, by the number of the AADSTS error."""


class SignIn:
    """Who we are. A token is kept until shortly before it expires, and then asked for anew."""

    def __init__(self, target: Target, session: requests.Session) -> None:
        self._target, self._session = target, session
        self._app: Any = None

    def token(self, seconds: float) -> str:
        """Give a token that is valid now. seconds: for how long to try. Raises RefreshError, never a transient one."""
        try:
            for attempt in attempts(is_transient, seconds):
                with attempt:
                    answer = self._asked()
                    if "access_token" not in answer:
                        raise _refused(answer)
                    return str(answer["access_token"])
        except RefreshError as error:  # the time is over: whoever asks for the token must not begin it anew
            raise RefreshError(error.message, error.hint) from None
        raise AssertionError  # the last attempt raises

    def _asked(self) -> dict[str, Any]:
        try:
            self._app = self._app or msal.ConfidentialClientApplication(
                self._target.client_id,
                client_credential=self._target.client_secret.get_secret_value(),
                authority=f"{self._target.sign_in}/{self._target.tenant}",
                instance_discovery=False,  # the settings say whom to trust: nobody else is asked
                http_client=self._session,
            )
            answer: dict[str, Any] = self._app.acquire_token_for_client([self._target.scope])
            return answer
        except (requests.RequestException, MsalServiceError) as error:
            self._app = None  # which would remember the fault for a while
            raise RefreshError(
                f"{self._target.sign_in} could not be asked for a token ({type(error).__name__}).", transient=True
            ) from None
        except ValueError:  # whose text is for programmers
            raise RefreshError(
                f"{self._target.sign_in} does not know the tenant {self._target.tenant}.", "Check POWERBI_TENANT."
            ) from None


def _refused(answer: dict[str, Any]) -> RefreshError:
    told = str(answer.get("error_description") or answer.get("error")).partition("Trace ID")[0].strip()
    cures = [_CURES[code] for code in answer.get("error_codes") or () if code in _CURES]
    return RefreshError(
        f"Microsoft Entra refused to sign us in: {told.rstrip('.')}.",
        cures[0] if cures else "Check POWERBI_TENANT, POWERBI_CLIENT_ID and POWERBI_CLIENT_SECRET.",
    )
