"""Fabric's REST API, as far as it holds semantic models and reports. Every fault is a RefreshError.

https://learn.microsoft.com/rest/api/fabric/core/items
"""

from dataclasses import dataclass
from typing import Any

import requests

from etl.core.errors import RefreshError
from etl.refresh.answers import content, told_by
from etl.refresh.calls import Calls
from etl.refresh.target import Target
from etl.refresh.waiting import Waiting
from powerbi.service.parts import Files, decoded, encoded

_CURES = {
    0: "",
    401: "Let an administrator of the tenant allow service principals to call Fabric's public APIs (admin portal,"
    " tenant settings, developer settings).",
    403: "Let an administrator of the workspace make the service principal a Contributor (Manage access).",
    404: "Check POWERBI_WORKSPACE, and let an administrator of the workspace make the service principal a Contributor.",
    409: "Another item has that name: rename it in the workspace, or give the report another title in report.toml.",
}
"""What to do about a refusal, by its status; 0: about any other."""


@dataclass(frozen=True)
class Item:
    """A semantic model or report of the workspace."""

    id: str
    kind: str
    name: str


class Items:
    """The items of a workspace."""

    def __init__(self, target: Target, session: requests.Session, waiting: Waiting) -> None:
        self._calls, self._waiting = Calls(target.of_fabric, session, waiting, _CURES), waiting
        self._operations = f"{target.fabric}/v1/operations"
        self._items = f"{target.fabric}/v1/workspaces/{target.workspace}/items"

    def listed(self, kind: str) -> list[Item]:
        """Return all items of a kind."""
        found: list[Item] = []
        more = ""
        while True:
            parameters = {"type": kind} | ({"continuationToken": more} if more else {})
            page = self._calls.get(self._items, parameters)
            found += [
                Item(str(each["id"]), kind, str(each["displayName"]))
                for each in page.get("value") or ()
                if each.get("type", kind) == kind
            ]
            more = str(page.get("continuationToken") or "")
            if not more:
                return found

    def definition(self, item: Item) -> dict[str, str]:
        """Return an item's files."""
        answer = self._calls.ask(f"{self._items}/{item.id}/getDefinition", None)
        return decoded(self._result(answer, has_result=True).get("definition", {}).get("parts", []))

    def create(self, kind: str, name: str, files: Files) -> Item:
        """Create an item, once. An error that is transient leaves open whether it is there."""
        body = {"displayName": name, "type": kind, "definition": {"parts": encoded(files)}}
        answer = self._calls.accepted(self._calls.call("POST", self._items, json=body))
        made = str(self._outcome(answer, has_result=True).get("id") or "")
        if not made:
            told = f"Fabric created the {kind} {name} without saying its id."
            raise RefreshError(told, "Run it again, which finds it.", transient=True)
        return Item(made, kind, name)

    def update(self, item: Item, files: Files) -> None:
        """Replace an item's files, once. An error that is transient leaves open whether they are there."""
        answer = self._calls.call(
            "POST",
            f"{self._items}/{item.id}/updateDefinition",
            params={"updateMetadata": "true"},
            json={"definition": {"parts": encoded(files)}},
        )
        self._outcome(self._calls.accepted(answer), has_result=False)

    def _outcome(self, answer: requests.Response, *, has_result: bool) -> dict[str, Any]:
        """Return what came of a change that was accepted: a fault from here on leaves open whether it was done."""
        try:
            return self._result(answer, has_result=has_result)
        except RefreshError as error:
            raise RefreshError(error.message, error.hint, transient=True) from None

    def _result(self, answer: requests.Response, *, has_result: bool) -> dict[str, Any]:
        """Return what came of a call, after the operation that it began, if it began one."""
        if answer.status_code != 202:
            return content(answer)
        place = answer.headers.get("Location", "").partition("?")[0].rstrip("/")
        name = answer.headers.get("x-ms-operation-id") or place.rpartition("/")[2]
        wanted = answer.headers.get("Retry-After", "")
        operation = f"{self._operations}/{name}"
        while True:
            self._waiting.pause("Fabric has been at work", float(wanted) if wanted.isdigit() else 0)
            state = self._calls.get(operation, {})
            if state.get("status") == "Succeeded":
                return self._calls.get(f"{operation}/result", {}) if has_result else {}
            if state.get("status") not in ("NotStarted", "Running"):
                why = told_by(state.get("error") or {}) or "it does not say why"
                ended = f"Fabric began it, and it ended as {state.get('status')}: {why.rstrip('.')}."
                raise RefreshError(ended, transient=True)  # it may have been done in part
