"""A project's files as the parts of definitions: what is sent of the semantic model and of the report."""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from powerbi import m
from powerbi.tmdl import read, unquoted, written

Files = Mapping[str, str]
"""Texts by path, in an item's folder."""

MODEL, REPORT = "SemanticModel", "Report"
"""Kinds of items, as Fabric calls them."""
_PLATFORM, _BINDING = ".platform", "definition.pbir"
_MODEL, _EXPRESSIONS, _ROLES = "definition/model.tmdl", "definition/expressions.tmdl", "definition/roles/"
_ROLE = re.compile(r"^role (.+?)\s*$", re.MULTILINE)


def files_of(project: Files, kind: str) -> dict[str, str]:
    """Return the files of one item of a project."""
    folder = f".{kind}/"
    return {path.partition(folder)[2]: text for path, text in project.items() if folder in path}


def has_roles(model: Files) -> bool:
    """Whether a semantic model has roles."""
    return any(path.startswith(_ROLES) for path in model)


def roles_of(model: Files) -> list[str]:
    """Name the roles of a semantic model, ours or another one's."""
    texts = [text for path, text in model.items() if path.startswith(_ROLES)]
    return [unquoted(name) for text in texts for name in _ROLE.findall(text)]


def without_roles(model: Files) -> dict[str, str]:
    """Return a semantic model without its roles."""
    files = {path: text for path, text in model.items() if not path.startswith(_ROLES)}
    return files | {_MODEL: written([node for node in read(model[_MODEL]) if node.kind != "ref role"])}


def with_parameters(model: Files, values: Mapping[str, str]) -> dict[str, str]:
    """Return a semantic model whose parameters have these values, so that no moment sees it with others."""
    nodes = read(model[_EXPRESSIONS])
    for node in nodes:
        if node.name in values:
            node.expression = m.parameter(values[node.name])
    return {**model, _EXPRESSIONS: written(nodes)}


def bound_to(report: Files, model: str) -> dict[str, str]:
    """Return a report that is bound to a published semantic model, by its id: a path means nothing in the service."""
    reference = {"byConnection": {"connectionString": f"semanticmodelid={model}"}}
    return {**report, _BINDING: _changed(report[_BINDING], datasetReference=reference)}


def called(item: Files, name: str) -> dict[str, str]:
    """Return an item under the name that it has in the workspace, where a person may have renamed it."""
    metadata = json.loads(item[_PLATFORM])["metadata"] | {"displayName": name}
    return {**item, _PLATFORM: _changed(item[_PLATFORM], metadata=metadata)}


def name_of(item: Files) -> str:
    """Return the name of an item."""
    return str(json.loads(item[_PLATFORM])["metadata"]["displayName"])


def logical_id(item: Files) -> str:
    """Return what an item is called through all its copies and names; nothing where its definition does not say it."""
    return str(json.loads(item.get(_PLATFORM, "{}")).get("config", {}).get("logicalId", ""))


def encoded(files: Files) -> list[dict[str, str]]:
    """Return files as a definition's parts."""
    return [
        {"path": path, "payload": b64encode(text.encode()).decode("ascii"), "payloadType": "InlineBase64"}
        for path, text in sorted(files.items())
    ]


def decoded(parts: list[dict[str, Any]]) -> dict[str, str]:
    """Return the files that a definition's parts hold."""
    return {str(part["path"]): b64decode(part["payload"]).decode(errors="replace") for part in parts}


def _changed(text: str, **values: object) -> str:
    return json.dumps(json.loads(text) | values, indent=2, ensure_ascii=False) + "\n"
