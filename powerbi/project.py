"""The project's files: semantic model and report."""

import json
from collections.abc import Mapping
from types import MappingProxyType

from etl.company.report import Report
from etl.contract.table import Contract
from etl.core.errors import ContractError
from powerbi import m, model
from powerbi.diagram import diagram
from powerbi.names import MEASURES, tag
from powerbi.report import SCHEMAS, name_of, report_files, with_schema
from powerbi.roles import roles
from powerbi.tmdl import Node, written


def project_files(
    report: Report,
    every: Mapping[str, Contract],
    years: Mapping[str, int] = MappingProxyType({}),
    newest: int | None = None,
) -> dict[str, str]:
    """Return the text of every file of the project, by its path in the project's folder.

    years: of the tables with a refresh policy, how many it keeps; newest: the year of what was published last.
    """
    return _model_files(report, every, years, newest) | report_files(report, every)


def _model_files(
    report: Report, every: Mapping[str, Contract], years: Mapping[str, int], newest: int | None
) -> dict[str, str]:
    """Return the files of the semantic model."""
    parameters = m.PARAMETERS | (m.range_parameters(newest) if years else {})
    name = name_of(report)
    kept = model.kept(report, every)
    tables = [
        model.measures(report, every),
        *(model.table(each, every, kept, years.get(each.name)) for each in every.values()),
    ]
    secured = roles(report, every)
    definition = {
        "database": [Node("database", properties={"compatibilityLevel": "1600"})],
        "model": _model(tables, secured, list(parameters)),
        "expressions": [_expression(parameter, *said) for parameter, said in parameters.items()],
        "relationships": model.relationships(every),
        "cultures/en-US": [Node("cultureInfo", "en-US")],
    } | {f"{kind}/{node.name}": [node] for kind, nodes in (("tables", tables), ("roles", secured)) for node in nodes}
    if len(definition) != len(tables) + len(secured) + 5:
        raise ContractError("Two tables, or two roles, have one name.", "Rename one of the table files or roles.")
    return {
        f"{name}.SemanticModel/.platform": with_schema(
            f"{SCHEMAS}/gitIntegration/platformProperties/2.0.0",
            {
                "metadata": {"type": "SemanticModel", "displayName": name},
                "config": {"version": "2.0", "logicalId": tag("SemanticModel", name)},
            },
        ),
        f"{name}.SemanticModel/definition.pbism": with_schema(
            f"{SCHEMAS}/item/semanticModel/definitionProperties/1.0.0", {"version": "4.2", "settings": {}}
        ),
        f"{name}.SemanticModel/diagramLayout.json": diagram(every, tables),
    } | {f"{name}.SemanticModel/definition/{path}.tmdl": written(nodes) for path, nodes in definition.items() if nodes}


def _model(tables: list[Node], secured: list[Node], parameters: list[str]) -> list[Node]:
    properties: dict[str, str | bool] = {
        "culture": "en-US",
        "defaultPowerBIDataSourceVersion": "powerBI_V3",
        "discourageImplicitMeasures": True,
        "sourceQueryCulture": "en-US",
    }
    options: dict[str, str | bool] = {"legacyRedirects": True}  # and no returnErrorValuesAsNull: an error is told
    order = json.dumps([*parameters, *(node.name for node in tables if node.name != MEASURES)])
    return [
        Node("model", "Model", properties=properties, children=[Node("dataAccessOptions", properties=options)]),
        Node("annotation", "PBI_QueryOrder", order),
        Node("annotation", "__PBI_TimeIntelligenceEnabled", "0"),
        *(Node("ref table", node.name) for node in tables),
        *(Node("ref role", node.name) for node in secured),
        Node("ref cultureInfo", "en-US"),
    ]


def _expression(name: str, expression: str, meaning: str) -> Node:
    kind = "DateTime" if "#datetime" in expression else "Text"
    return Node(
        "expression",
        name,
        expression,
        meaning,
        {"lineageTag": tag("expression", name)},
        [Node("annotation", "PBI_NavigationStepName", "Navigation"), Node("annotation", "PBI_ResultType", kind)],
    )
