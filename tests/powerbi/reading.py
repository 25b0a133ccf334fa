"""Reading a generated report, and holding it against schemas and names."""

import json
from typing import Any

from etl.company.report import Report
from etl.contract.table import Contract
from etl.report.names import friendly
from powerbi.check_report import faults_of_report
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


def faults(files: Files, report: Report, contracts: Contracts) -> list[str]:
    """Hold the files against schemas and names."""
    return faults_of_schema(files) + faults_of_names(files, report, contracts)


def faults_of_names(files: Files, report: Report, contracts: Contracts) -> list[str]:
    """Hold the files against names."""
    columns = {friendly(name): [friendly(c.name) for c in contract.columns] for name, contract in contracts.items()}
    return faults_of_report(files, columns, report.measures)
