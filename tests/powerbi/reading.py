"""Reading a generated report, and holding it against schemas and names."""

import json
from collections.abc import Iterator
from typing import Any

from etl.company.report import Report
from etl.contract.table import Contract
from etl.report.names import friendly
from powerbi import model
from powerbi.check_report import faults_of_report
from tests.powerbi.node import capabilities
from tests.powerbi.schemas import faults_of_schema

Files = dict[str, str]
Contracts = dict[str, Contract]


def visuals(files: Files, kind: str | None = None) -> dict[str, Any]:
    """Give the visuals, all or of a kind, path → content."""
    contents = {path: json.loads(text) for path, text in files.items() if path.endswith("/visual.json")}
    return {path: content for path, content in contents.items() if kind in (None, content["visual"]["visualType"])}


def literal(entry: list[dict[str, Any]], name: str) -> str:
    """Give a formatting property's value."""
    return str(entry[0]["properties"][name]["expr"]["Literal"]["Value"]).strip("'")


def misunderstood(files: Files) -> Iterator[str]:
    """Hold kinds, roles, formatting objects and their properties against Microsoft's list of what there is."""
    kinds, containers = capabilities()
    for path, content in visuals(files).items():
        visual = content["visual"]
        kind = kinds[visual["visualType"]]
        roles = {role["name"] for role in kind.get("dataRoles", ())}
        yield from (f"{path}: {role}" for role in set(visual.get("query", {}).get("queryState", {})) - roles)
        for known, objects in (
            (kind["objects"], visual.get("objects", {})),
            (containers, visual["visualContainerObjects"]),
        ):
            for name, entries in objects.items():
                for entry in entries:
                    unknown = set(entry["properties"]) - set(known.get(name, {}).get("properties", ()))
                    yield from (f"{path}: {name}.{each}" for each in unknown)


def faults(files: Files, report: Report, contracts: Contracts) -> list[str]:
    """Hold the files against schemas and names."""
    return faults_of_schema(files) + faults_of_names(files, report, contracts)


def faults_of_names(files: Files, report: Report, contracts: Contracts) -> list[str]:
    """Hold the files against names."""
    columns = {friendly(name): [friendly(c.name) for c in contract.columns] for name, contract in contracts.items()}
    measures = [node.name for node in model.measures(report, contracts).of("measure")]
    return faults_of_report(files, columns, measures)
