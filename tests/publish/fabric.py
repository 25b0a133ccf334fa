"""A stand-in for Fabric and Power BI, which keeps semantic models and reports, and answers queries of a model.

It answers as Microsoft documents it: items and their definitions, long-running operations, parameters, refreshes,
reports, and executeQueries, whose DAX an engine evaluates with the measures that were published, over the tables that
Power BI has read. What is to go wrong is put into its fields.
"""

import datetime as dt
import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from powerbi.tmdl import read
from tests.refresh.service import SCOPE, WORKSPACE, Json, PowerBi, error

FABRIC_TOKEN = "hush-hush-fabric-token"
PROJECT, DATASET, PAYER = "company", "star", "payer"
VALUES = {"Project": PROJECT, "Dataset": DATASET, "Billing Project": PAYER}
"""The parameters with which a refresh finds the tables."""

Evaluate = Callable[[Mapping[str, str], str, Sequence[str], Mapping[str, Sequence[object]]], Mapping[str, Any]]
"""Evaluates measures: the DAX of all, that of their table's value, the names of some, and what is chosen where."""

_QUERY = re.compile(
    r"EVALUATE\s+(?:CALCULATETABLE\(\s*)?ROW\((?P<row>.*?)\)(?P<filters>(?:,\s*TREATAS\(.*)?)\s*\)?\s*", re.S
)
_COLUMN = re.compile(r'"(\w+)", \[([^\]]+)\](?:,\s*|$)')
_FILTER = re.compile(r",\s*TREATAS\(\{(.*?)\}, '([^']+)'\[([^\]]+)\]\)", re.S)
_LITERAL = re.compile(r'"((?:[^"]|"")*)"|(BLANK\(\))|(TRUE|FALSE)\(\)|DATE\((\d+), (\d+), (\d+)\)|(-?[\d.]+)')


@dataclass
class Operation:
    """Something that takes a while. looks: how often one looks before it is done; outcome: what came of it."""

    looks: int
    outcome: Json
    fault: Json | None = None


@dataclass
class Fabric(PowerBi):
    """What there is, and what goes wrong.

    items: by id, each with type, displayName and files; slow: whether definitions take a while; operation_fails:
    whether that while ends badly; looks_at: how often one looks at the next operations, else once; when_looked_at: done
    once, at the first look at one; refusals: (method, what the path contains, status, body) of calls, each once;
    does_it_all_the_same: whether a call that is refused so is obeyed; keeps_parameters: whether a model keeps the
    parameters that it had; owner: who alone may set parameters, "" for everybody.
    """

    items: dict[str, Json] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    slow: bool = True
    operation_fails: bool = False
    looks_at: list[int] = field(default_factory=list)
    when_looked_at: Callable[[], object] | None = None
    does_it_all_the_same: bool = False
    refusals: list[tuple[str, str, int, Json]] = field(default_factory=list)
    keeps_parameters: bool = False
    parameters: dict[str, dict[str, str]] = field(default_factory=dict)
    owner: str = ""
    bindings: dict[str, str] = field(default_factory=dict)
    loses_bindings: bool = False
    loaded: set[str] = field(default_factory=set)
    evaluate: Evaluate | None = None
    queries: list[str] = field(default_factory=list)

    def sign_in(self, form: Json) -> tuple[int, Json]:
        """Give a token of Power BI's, or of Fabric's."""
        if form.get("scope") == f"{self.url}/.default":
            status, answer = super().sign_in(form | {"scope": SCOPE})
            return status, answer | ({"access_token": FABRIC_TOKEN} if status == 200 else {})
        return super().sign_in(form)

    @property
    def settings(self) -> dict[str, str]:
        """Give the lines of a settings file that publishes."""
        lines = {name: value for name, value in super().settings.items() if name != "POWERBI_DATASET"}
        return lines | {"POWERBI_FABRIC": self.url, "POWERBI_BILLING_PROJECT": PAYER}

    def of(self, kind: str) -> list[Json]:
        """Give the items of a kind."""
        return [{"id": name} | item for name, item in self.items.items() if item["type"] == kind]

    def posted(self, ending: str) -> list[Json]:
        """Give the bodies that were posted to addresses that end so."""
        return [body for method, path, body in self.heard if method == "POST" and path.endswith(ending)]

    def put(self, kind: str, name: str, files: Mapping[str, str]) -> str:
        """Put an item there, as somebody else has; gives its id."""
        made = str(uuid4())
        self.items[made] = {"type": kind, "displayName": name, "files": dict(files)}
        self._settle(made)
        return made

    def create(self, body: Json) -> tuple[int, Json]:
        """Create an item, unless its name is taken, or its definition is not whole."""
        if any(item["displayName"] == body["displayName"] for item in self.of(body["type"])):
            return 409, {"errorCode": "ItemDisplayNameAlreadyInUse", "message": "Requested name is already in use."}
        files = _decoded(body)
        if fault := self._fault(body["type"], files):
            return 400, fault
        made = self.put(body["type"], body["displayName"], files)
        return 201, {"id": made, "type": body["type"], "displayName": body["displayName"], "workspaceId": WORKSPACE}

    def update(self, name: str, body: Json) -> tuple[int, Json]:
        """Replace an item's definition, and its name by that of .platform."""
        item = self.items.get(name)
        if item is None:
            return 404, {"errorCode": "ItemNotFound", "message": "The item could not be found."}
        files = _decoded(body)
        if fault := self._fault(item["type"], files):
            return 400, fault
        item |= {"files": files, "displayName": re.findall(r'"displayName": "(.*?)"', files[".platform"])[0]}
        self._settle(name)
        return 200, {}

    def _settle(self, name: str) -> None:
        """Take over from a definition what the service keeps of it."""
        item = self.items[name]
        if item["type"] == "SemanticModel":
            said = item["files"].get("definition/expressions.tmdl", "")
            now = {
                each.name: str(each.expression).split('"')[1]
                for each in read(said)
                if 'Type="Text"' in str(each.expression)
            }
            kept = self.parameters.get(name, {})
            self.parameters[name] = now | (kept if self.keeps_parameters else {})
        elif bound := re.search(r"semanticmodelid=([\w-]+)", item["files"].get("definition.pbir", "")):
            self.bindings[name] = "" if self.loses_bindings else bound[1]

    def _fault(self, kind: str, files: Mapping[str, str]) -> Json | None:
        """Say what a definition lacks."""
        needed = {"SemanticModel": ["definition.pbism", "definition/model.tmdl", "definition/database.tmdl"]}
        lacking = set(needed.get(kind, ["definition.pbir", "definition/report.json", "definition/version.json"])) - set(
            files
        )
        if lacking or ".platform" not in files:
            return {"errorCode": "RequiredOptionsMissing", "message": f"Required parts are missing: {sorted(lacking)}."}
        bound = re.search(r"semanticmodelid=([\w-]+)", files.get("definition.pbir", ""))
        if kind == "Report" and (bound is None or bound[1] not in self.items):
            return {"errorCode": "CorruptedPayload", "message": "The report's semantic model could not be found."}
        return None

    def has_roles(self, model: str) -> bool:
        """Whether a model has roles."""
        return any(path.startswith("definition/roles/") for path in self.items[model]["files"])

    def begin(self, kind: str, **more: object) -> Json:
        """Begin a refresh, which fails where the parameters name other tables."""
        entry = super().begin(kind, **more)
        for model, values in self.parameters.items():
            if kind.startswith("Via") and values and {name: values.get(name) for name in VALUES} != VALUES:
                entry["told"] = f"The key did not match any rows in the table: {values}"
            elif kind.startswith("Via"):
                self.loaded.add(model)
        return entry

    def look(self, entry: Json) -> Json | None:
        """Look at a refresh, which may end it."""
        if wrong := entry.get("told"):
            self.ends_as, self.because = "Failed", f'{{"errorCode":"ModelRefreshFailed","errorDescription":"{wrong}"}}'
        return super().look(entry)

    def execute(self, model: str, body: Json) -> tuple[int, Json]:
        """Answer a DAX query."""
        if self.has_roles(model):
            return 401, error("PowerBINotAuthorizedException", "")
        (asked,) = body["queries"]
        self.queries.append(asked["query"])
        try:
            names, chosen = parsed(asked["query"])
            table = read(self.items[model]["files"]["definition/tables/Key Measures.tmdl"])[0]
            dax = {each.name: str(each.expression) for each in table.of("measure")}
            value = next(str(each.properties["source"]).strip("{}") for each in table.of("partition"))
            assert self.evaluate
            values = self.evaluate(dax, value, list(names.values()), chosen)
        except (KeyError, ValueError, AssertionError) as fault:
            return 400, _query_error(f"Failed to execute the DAX query: {fault}")
        row = {f"[{alias}]": _json(values[name]) for alias, name in names.items()}
        return 200, {"results": [{"tables": [{"rows": [row]}]}]}


def parsed(query: str) -> tuple[dict[str, str], dict[str, list[object]]]:
    """Read a query as we write them: the measures by alias, and what is chosen. Raises ValueError."""
    whole = _QUERY.fullmatch(query)
    if whole is None:
        raise ValueError(f"syntax: {query}")
    names = dict(_COLUMN.findall(whole["row"]))
    if whole["row"].count('", [') != len(names):
        raise ValueError(f"syntax: {whole['row']}")
    chosen = {f"{table}.{column}": _members(text) for text, table, column in _FILTER.findall(whole["filters"])}
    if whole["filters"].count("TREATAS(") != len(chosen):
        raise ValueError(f"syntax: {whole['filters']}")
    return names, chosen


def _members(text: str) -> list[object]:
    found: list[object] = []
    for quoted, blank, flag, year, month, day, number in _LITERAL.findall(text):
        if blank:
            found.append(None)
        elif flag:
            found.append(flag == "TRUE")
        elif year:
            found.append(dt.date(int(year), int(month), int(day)))
        else:
            found.append((float(number) if "." in number else int(number)) if number else quoted.replace('""', '"'))
    return found


def _json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _query_error(text: str) -> Json:
    code = "DatasetExecuteQueriesError"
    details = [{"code": "DetailsMessage", "detail": {"type": 1, "value": text}}]
    return {"error": {"code": code, "pbi.error": {"code": code, "parameters": {}, "details": details}}}


def _decoded(body: Json) -> dict[str, str]:
    parts = body["definition"]["parts"]
    assert {part["payloadType"] for part in parts} == {"InlineBase64"}
    return {part["path"]: b64decode(part["payload"], validate=True).decode() for part in parts}
