"""Power BI's REST API, as far as it knows a published semantic model and its report. Every fault is a RefreshError.

https://learn.microsoft.com/rest/api/power-bi/datasets
"""

import time
from collections import deque
from collections.abc import Mapping
from typing import Any

import requests

from etl.core.errors import RefreshError
from etl.core.log import log
from etl.refresh.answers import BadRequestError, content, told_by
from etl.refresh.calls import Calls
from etl.refresh.target import Target
from etl.refresh.waiting import Waiting

_MOST, _MINUTE = 120, 60.0
"""Queries that a user may ask in a minute, of all models together."""

_SETTINGS = "admin portal, tenant settings"
_CURES = {
    0: "",
    401: f"Let an administrator of the tenant allow service principals to call the Power BI APIs ({_SETTINGS},"
    " developer settings). To queries Power BI also answers so where the model has roles or single sign-on.",
    403: "Let an administrator of the workspace make the service principal a Contributor, who may read the model and"
    f" build on it, and one of the tenant allow the Dataset Execute Queries REST API ({_SETTINGS}, integration"
    " settings).",
    404: "Check POWERBI_WORKSPACE and POWERBI_DATASET: both are in the address of the dataset's page.",
}
"""What to do about a refusal, by its status; 0: about any other."""


class QueryError(RefreshError):
    """A query was understood, and cannot be answered."""


class Dataset:
    """A published semantic model."""

    def __init__(self, target: Target, session: requests.Session, waiting: Waiting) -> None:
        self._calls = Calls(target, session, waiting, _CURES)
        self._group = f"{target.service}/v1.0/myorg/groups/{target.workspace}"
        self._place = f"{self._group}/datasets/{target.dataset}"
        self._asked: deque[float] = deque(maxlen=_MOST)

    def has_roles(self) -> bool:
        """Whether it shows its rows by roles."""
        found = self._calls.get(self._place, {})
        return bool(found.get("isEffectiveIdentityRolesRequired") or found.get("isEffectiveIdentityRequired"))

    def set_parameters(self, values: Mapping[str, str]) -> list[str]:
        """Set those parameters that have other values; gives their names. Raises RefreshError where one is lacking."""
        found = self._calls.get(f"{self._place}/parameters", {}).get("value") or ()
        current = {str(each["name"]): each.get("currentValue") for each in found}
        if lacking := [name for name in values if name not in current]:
            raise RefreshError(
                f"the published model has no parameter {', '.join(lacking)}.",
                "Is it another model, of the same name? Then rename it in the workspace.",
            )
        other = [name for name, value in values.items() if current[name] != value]
        if other:
            details = [{"name": name, "newValue": values[name]} for name in other]
            answer = self._calls.call(
                "POST", f"{self._place}/Default.UpdateParameters", json={"updateDetails": details}
            )
            if answer.status_code == 403:
                raise self._not_the_owner()
            self._calls.accepted(answer)
        return other

    def _not_the_owner(self) -> RefreshError:
        owner = self._calls.get(self._place, {}).get("configuredBy") or "somebody else"
        return RefreshError(
            f"only its owner, who is {owner}, may set the model's parameters.",
            "Set them in the model's settings in Power BI, or let the service principal take it over there, and then"
            " enter the data source's credentials again.",
        )

    def ask(self, query: str) -> dict[str, Any]:
        """Return the one row that a DAX query gives, by its columns' names. Raises QueryError."""
        self._keep_to_the_limit()
        body = {"queries": [{"query": query}], "serializerSettings": {"includeNulls": True}}
        try:
            found = content(self._calls.ask(f"{self._place}/executeQueries", body))
        except BadRequestError as error:
            raise QueryError(error.message, error.hint) from None
        result = (found.get("results") or [{}])[0]
        table = (result.get("tables") or [{}])[0]
        for part in (found, result, table):
            if isinstance(part.get("error"), dict):
                raise QueryError(f"Power BI answers: {told_by(part['error']).rstrip('.')}.")
        rows = table.get("rows") or [{}]
        return {name.removeprefix("[").removesuffix("]"): value for name, value in rows[0].items()}

    def _keep_to_the_limit(self) -> None:
        """Wait where a minute has had all the queries that it may have."""
        if len(self._asked) == _MOST and (left := self._asked[0] + _MINUTE - time.monotonic()) > 0:
            log.info("prove: %d queries a minute are allowed: waiting %.0f s.", _MOST, left)
            time.sleep(left)
        self._asked.append(time.monotonic())

    def bind(self, report: str, dataset: str) -> bool:
        """Bind a report to a semantic model unless it is; gives whether that was to do."""
        place = f"{self._group}/reports/{report}"
        if str(self._calls.get(place, {}).get("datasetId", "")).lower() == dataset.lower():
            return False
        self._calls.accepted(self._calls.call("POST", f"{place}/Rebind", json={"datasetId": dataset}))
        return True
