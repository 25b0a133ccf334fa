"""The Power BI dataset: signed in, and looked at; no refresh is asked for."""

from collections.abc import Iterator

import requests

from etl.core.errors import RefreshError
from etl.doctor.check import Finding, check, failure, ok, warning
from etl.doctor.company import Company
from etl.refresh.service import Service
from etl.refresh.target import target_of
from etl.refresh.waiting import Waiting

_PATIENCE = 15
"""Seconds for which a question is asked again."""
_CURE = "Make the service principal a member of the workspace, and check POWERBI_WORKSPACE and POWERBI_DATASET."


@check(finds="a dataset that cannot be refreshed")
def dataset(seen: Company) -> Iterator[Finding]:
    """Sign in, look the workspace up, and read the dataset's history of refreshes."""
    target = target_of(seen.settings)
    if target is None:
        yield ok("No Power BI dataset is named: nothing is refreshed after a night.")
        return
    with requests.Session() as session:
        service = Service(target, session, Waiting(_PATIENCE))
        try:
            dedicated, history = service.is_dedicated(), service.history()
        except RefreshError as error:
            yield failure(f"Power BI: {error.message[:1].upper()}{error.message[1:]}", error.hint or _CURE)
            return
    kind = "a capacity of its own" if dedicated else "shared capacity (8 refreshes a day)"
    yield ok(f"Power BI: signed in; the dataset {target.dataset} is there, on {kind}.")
    if history and history[0].status == "Failed":
        yield warning("The last refresh of the dataset failed.", "Look at the dataset's refresh history in Power BI.")
