"""The stand-in for Fabric and Power BI on loopback: which address is answered by what."""

import re
from uuid import uuid4

from powerbi.service.parts import encoded
from tests.publish.fabric import FABRIC_TOKEN, Fabric, Operation
from tests.refresh.server import Handler
from tests.refresh.service import TOKEN, WORKSPACE, Json, error

_DATASET = rf"/v1.0/myorg/groups/{WORKSPACE}/datasets/(?P<dataset>[\w-]+)"
_REPORT = rf"/v1.0/myorg/groups/{WORKSPACE}/reports/(?P<report>[\w-]+)"
_ITEMS = rf"/v1/workspaces/{WORKSPACE}/items"


class FabricHandler(Handler):
    """Answers for both services, each of which knows its own tokens alone."""

    service: Fabric

    @property
    def _refreshes(self) -> str:
        found = re.match(rf"{_DATASET}/refreshes", self.path)
        return found[0] if found else "none"

    @property
    def _token(self) -> str:  # type: ignore[override]
        return FABRIC_TOKEN if self.path.startswith("/v1/") else TOKEN

    def _refused(self) -> bool:
        """Refuse what is to be refused, once."""
        for refusal in self.service.refusals:
            method, part, status, body = refusal
            if method == self.command and part in self.path:
                self.service.refusals.remove(refusal)
                self._answer(status, body, {"Retry-After": "1"} if status == 429 else {})
                return True
        return False

    def _get(self, path: str) -> None:
        if self._refused():
            return
        service = self.service
        dataset, report = re.fullmatch(f"{_DATASET}(/parameters)?", path), re.fullmatch(_REPORT, path)
        if path == _ITEMS:
            self._list()
        elif operation := re.fullmatch(r"/v1/operations/([\w-]+)(/result)?", path):
            self._operation(service.operations[operation[1]], is_result=bool(operation[2]))
        elif dataset and dataset["dataset"] in service.items:
            self._answer(200, self._dataset(dataset["dataset"], is_parameters=path.endswith("/parameters")))
        elif report and report["report"] in service.items:
            self._answer(200, {"id": report["report"], "datasetId": service.bindings[report["report"]]})
        elif path.startswith(("/v1/", "/v1.0/")) and WORKSPACE not in path and "groups" not in path.split("/")[-1]:
            self._answer(404, {"errorCode": "WorkspaceNotFound", "message": "The workspace could not be found."})
        else:
            super()._get(path)

    def _list(self) -> None:
        """List the items of a kind, one a page."""
        kind = re.findall(r"type=(\w+)", self.path)[0]
        after = int((re.findall(r"continuationToken=(\d+)", self.path) or ["0"])[0])
        every = [
            {"id": each["id"], "type": kind, "displayName": each["displayName"], "workspaceId": WORKSPACE}
            for each in self.service.of(kind)
        ]
        more = {"continuationToken": str(after + 1)} if after + 1 < len(every) else {}
        self._answer(200, {"value": every[after : after + 1], **more})

    def _operation(self, operation: Operation, *, is_result: bool) -> None:
        if is_result:
            self._answer(200, operation.outcome)
            return
        happens, self.service.when_looked_at = self.service.when_looked_at, None
        if happens:
            happens()
        operation.looks -= 1
        if operation.looks >= 0:
            self._answer(200, {"status": "Running", "percentComplete": 50}, {"Retry-After": "0"})
        elif operation.fault:
            self._answer(200, {"status": "Failed", "error": operation.fault})
        else:
            self._answer(200, {"status": "Succeeded", "percentComplete": 100})

    def _dataset(self, name: str, *, is_parameters: bool) -> Json:
        service = self.service
        if is_parameters:
            values = service.parameters[name].items()
            return {"value": [{"name": n, "type": "Text", "isRequired": True, "currentValue": v} for n, v in values]}
        roles = service.has_roles(name)
        return {"id": name, "configuredBy": service.owner, "isEffectiveIdentityRolesRequired": roles}

    def _post(self, body: Json) -> None:
        path = self.path.partition("?")[0]
        if path.endswith("/refreshes"):
            if not self._refused():
                super()._post(body)
        elif self._may("POST"):
            obeyed = self.service.does_it_all_the_same and any(
                method == "POST" and part in self.path for method, part, *_ in self.service.refusals
            )
            if obeyed:
                self._done(path, body)
            if not self._refused():
                status, answer = self._done(path, body)
                self._begun(path, status, answer)

    def _begun(self, path: str, status: int, answer: Json) -> None:
        """Answer at once, or begin an operation, as definitions have it."""
        takes_a_while = path == _ITEMS or path.endswith("Definition")
        if not (self.service.slow and takes_a_while and status < 300):
            self._answer(status, answer)
            return
        name = str(uuid4())
        fault = {"errorCode": "Workload_FailedToParseFile", "message": "Dataset_Import_FailedToImportDataset"}
        looks = self.service.looks_at.pop(0) if self.service.looks_at else 1
        self.service.operations[name] = Operation(looks, answer, fault if self.service.operation_fails else None)
        place = f"{self.service.url}/v1/operations/{name}"
        self._answer(202, {}, {"Location": place, "x-ms-operation-id": name, "Retry-After": "0"})

    def _done(self, path: str, body: Json) -> tuple[int, Json]:
        service = self.service
        if path == _ITEMS:
            return service.create(body)
        if found := re.fullmatch(rf"{_ITEMS}/([\w-]+)/(updateDefinition|getDefinition)", path):
            if found[2] == "updateDefinition":
                return service.update(found[1], body)
            return 200, {"definition": {"parts": encoded(service.items[found[1]]["files"])}}
        if found := re.fullmatch(rf"{_DATASET}/Default[.]UpdateParameters", path):
            return self._parameters(found["dataset"], body)
        if found := re.fullmatch(rf"{_DATASET}/executeQueries", path):
            return service.execute(found["dataset"], body)
        if found := re.fullmatch(rf"{_REPORT}/Rebind", path):
            service.bindings[found["report"]] = body["datasetId"]
            return 200, {}
        return 404, error("NotFound", "")

    def _parameters(self, model: str, body: Json) -> tuple[int, Json]:
        known = self.service.parameters[model]
        wanted = {each["name"]: each["newValue"] for each in body["updateDetails"]}
        if self.service.owner:
            return 403, error("DMTS_UserNotOwner", "The caller is not the dataset's owner.")
        if set(wanted) - set(known):
            return 400, error("InvalidRequest", "All specified parameters must exist in the dataset.")
        known |= wanted
        return 200, {}
