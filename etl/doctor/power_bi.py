"""The Power BI dataset and its workspace: signed in, and looked at; no refresh is asked for, and nothing published."""

from collections.abc import Iterator

import requests

from etl.core.errors import RefreshError
from etl.doctor.check import Finding, check, failure, ok, warning
from etl.doctor.company import Company
from etl.refresh.calls import Calls
from etl.refresh.service import Service
from etl.refresh.target import account_of, target_of
from etl.refresh.waiting import Waiting

_PATIENCE = 15
"""Seconds for which a question is asked again."""
_CURE = "Make the service principal a member of the workspace, and check POWERBI_WORKSPACE and POWERBI_DATASET."


@check(finds="a dataset that cannot be refreshed")
def dataset(seen: Company) -> Iterator[Finding]:
    """Sign in, look the workspace up, and read the dataset's history of refreshes."""
    target = target_of(seen.settings)
    if target is None:
        yield warning(
            "POWERBI_DATASET is not set: nothing is refreshed after a night.",
            "Set it to the id that `python -m powerbi --publish` prints or is in the address of the model's page.",
        )
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


@check(finds="a workspace that nothing can be published to")
def publishing(seen: Company) -> Iterator[Finding]:
    """List the workspace's semantic models, as `python -m powerbi --publish` does first."""
    target = account_of(seen.settings)
    if target is None or not seen.settings.has_report:
        return
    with requests.Session() as session:
        calls = Calls(target.of_fabric, session, Waiting(_PATIENCE))
        try:
            items = f"{target.fabric}/v1/workspaces/{target.workspace}/items"
            count = len(calls.get(items, {"type": "SemanticModel"}).get("value") or ())
        except RefreshError as error:
            yield warning(
                f"Nothing can be published to the workspace: {error.message}",
                "Let an administrator of the tenant allow service principals to call Fabric's public APIs, and one of"
                " the workspace make the service principal a Contributor, if you want `python -m powerbi --publish`.",
            )
            return
    yield ok(f"Fabric: the workspace has {count} semantic models; a Contributor may publish to it.")
