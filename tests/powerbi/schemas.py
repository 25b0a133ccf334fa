"""Microsoft's JSON schemas of a Power BI project, offline, out of a package that carries copies of them.

The copies refer to four more that the package does not carry: of a visual's configuration, of filters, of formatting
and of queries; nor does it carry those of bookmarks and of the layout on a phone. Schemas of ours stand in for those,
of what our report uses of them and nothing else; so they are stricter than Microsoft's, and what is new in the report
has to be looked up there before it is allowed here.
"""

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from referencing import Registry, Resource

_SITE = "https://developer.microsoft.com/json-schemas/"
_DEFINITION = f"{_SITE}fabric/item/report/definition"
_QUERY = f"{_DEFINITION}/semanticQuery/1.3.0/schema.json"
_FORMATTING = f"{_DEFINITION}/formattingObjectDefinitions/1.4.0/schema.json"
Schema = dict[str, Any]


def _exactly(required: Schema, **optional: Schema) -> Schema:
    """An object with these properties and no others."""
    known = {"properties": required | optional, "required": list(required)}
    return {"type": "object", **known, "additionalProperties": False}


def _some(schema: Schema) -> Schema:
    return {"type": "array", "items": schema, "minItems": 1}


def _one_of(*values: object) -> Schema:
    return {"enum": list(values)}


def _ref(name: str, schema: str = "") -> Schema:
    return {"$ref": f"{schema}#/definitions/{name}"}


_TEXT: Schema = {"type": "string", "minLength": 1}
_SOURCE = {"oneOf": [_exactly({"Entity": _TEXT}), _exactly({"Source": _TEXT})]}
_NAMED = _exactly({"Expression": _exactly({"SourceRef": _SOURCE}), "Property": _TEXT})
_FIELD = {"oneOf": [_exactly({"Column": _NAMED}), _exactly({"Measure": _NAMED})]}
_SELECTED = {"oneOf": [_exactly({kind: _NAMED, "Name": _TEXT}) for kind in ("Column", "Measure")]}
_AMONG = _exactly({"Expressions": _some(_FIELD), "Table": _exactly({"SourceRef": _SOURCE})})
_TABLE = _exactly({"Name": _TEXT, "Entity": _TEXT, "Type": _one_of(0)})
_RANKED = _exactly(
    {
        "Version": _one_of(2),
        "From": _some(_TABLE),
        "Select": _some(_SELECTED),
        "OrderBy": _some(_exactly({"Direction": _one_of(1, 2), "Expression": _FIELD})),
        "Top": {"type": "integer", "minimum": 1},
    }
)
_SUBQUERY = _exactly(
    {"Name": _TEXT, "Expression": _exactly({"Subquery": _exactly({"Query": _RANKED})}), "Type": _one_of(2)}
)
_LITERAL = _exactly(
    {"expr": {"oneOf": [_exactly({"Literal": _exactly({"Value": _TEXT})}), _exactly({"Measure": _NAMED})]}}
)
_COLOUR = _exactly({"solid": _exactly({"color": _LITERAL})})
_VALUE = {"anyOf": [_LITERAL, _COLOUR]}
_PARAGRAPHS = _some(_exactly({"textRuns": _some(_exactly({"value": _TEXT}, textStyle={"type": "object"}))}))
_BARS = {"type": "object", "additionalProperties": _VALUE, "minProperties": 5}
_PROPERTIES = {
    "type": "object",
    "properties": {"paragraphs": _PARAGRAPHS, "dataBars": _BARS},
    "additionalProperties": _VALUE,
}
_WILDCARD = _exactly({"dataViewWildcard": _exactly({"matchingOption": _one_of(1)})})
_SELECTOR = {"oneOf": [_exactly({"metadata": _TEXT}, data=_some(_WILDCARD)), _exactly({"id": _TEXT})]}
_OBJECTS = {"type": "object", "additionalProperties": _some(_exactly({"properties": _PROPERTIES}, selector=_SELECTOR))}
_PROJECTED = _exactly(
    {"field": _ref("QueryExpressionContainer", _QUERY), "queryRef": _TEXT, "nativeQueryRef": _TEXT},
    active=_one_of(True),
    displayName=_TEXT,
)
_SORTED = _exactly({"field": _ref("QueryExpressionContainer", _QUERY), "direction": _one_of("Ascending", "Descending")})
_VISUAL = _exactly(
    {"visualType": _TEXT, "visualContainerObjects": _OBJECTS, "drillFilterOtherVisuals": {"type": "boolean"}},
    query=_exactly(
        {"queryState": {"type": "object", "additionalProperties": _exactly({"projections": _some(_PROJECTED)})}},
        sortDefinition=_exactly({"sort": _some(_SORTED)}),
    ),
    objects=_OBJECTS,
    syncGroup=_exactly({"groupName": _TEXT, "fieldChanges": _one_of(True), "filterChanges": _one_of(True)}),
)
_FILTER = _exactly(
    {
        "name": _TEXT,
        "field": _ref("QueryExpressionContainer", _QUERY),
        "type": _one_of("TopN"),
        "filter": _ref("FilterDefinition", _QUERY),
    }
)
_STAND_INS: dict[str, Schema] = {
    _QUERY: {
        "definitions": {
            "QueryExpressionContainer": _FIELD,
            "FilterDefinition": _exactly(
                {
                    "Version": _one_of(2),
                    "From": _some({"oneOf": [_TABLE, _SUBQUERY]}),
                    "Where": _some(_exactly({"Condition": _exactly({"In": _AMONG})})),
                }
            ),
        }
    },
    _FORMATTING: {"definitions": {"Selector": _SELECTOR}},
    f"{_DEFINITION}/filterConfiguration/1.2.0/schema-embedded.json": _exactly({"filters": _some(_FILTER)}),
    f"{_DEFINITION}/visualConfiguration/2.2.0/schema-embedded.json": {
        **_VISUAL,
        "definitions": {"Background": _OBJECTS, "LockAspect": _OBJECTS},
    },
}

_SCHEMA = {"$schema": _TEXT}
_NUMBER: Schema = {"type": "number", "minimum": 0}
_PLACE = _exactly(dict.fromkeys(("x", "y", "z", "height", "width", "tabOrder"), _NUMBER))
_CHOSEN = _exactly({"name": _TEXT, "type": _one_of("Categorical"), "expression": _FIELD, "howCreated": _one_of(0)})
_UNCHOSEN = _exactly(
    {
        "filters": _exactly({"byExpr": _some(_CHOSEN)}),
        "singleVisual": _exactly({"visualType": _one_of("slicer"), "objects": _exactly({})}),
    }
)
_SECTION = _exactly({"visualContainers": {"type": "object", "additionalProperties": _UNCHOSEN, "minProperties": 1}})
_OPTIONS = _exactly(
    {
        "applyOnlyToTargetVisuals": _one_of(True),
        "targetVisualNames": _some(_TEXT),
        "suppressActiveSection": _one_of(True),
        "suppressDisplay": _one_of(True),
    }
)
_STATE = _exactly(
    {
        "version": _TEXT,
        "activeSection": _TEXT,
        "sections": {"type": "object", "additionalProperties": _SECTION, "minProperties": 1, "maxProperties": 1},
    }
)
_STAND_INS |= {
    f"{_DEFINITION}/bookmark/1.4.0/schema.json": _exactly(
        _SCHEMA | {"displayName": _TEXT, "name": _TEXT, "options": _OPTIONS, "explorationState": _STATE}
    ),
    f"{_DEFINITION}/bookmarksMetadata/1.0.0/schema.json": _exactly(
        _SCHEMA | {"items": _some(_exactly({"name": _TEXT}))}
    ),
    f"{_DEFINITION}/visualContainerMobileState/2.1.0/schema.json": _exactly(_SCHEMA | {"position": _PLACE}),
}


def faults_of_schema(files: dict[str, str]) -> list[str]:
    """Validate JSON files, each by the schema that it names; give a sentence a fault. Themes and pictures have none."""
    faults = []
    for path, text in files.items():
        content = json.loads(text)
        if "/StaticResources/" in path or path.endswith("/diagramLayout.json"):
            continue
        for error in _validator(content["$schema"]).iter_errors(content):
            faults.append(f"{path}: {error.json_path}: {error.message}")
    return faults


@cache
def _validator(schema: str) -> Draft7Validator:
    registry = _registry()
    return Draft7Validator(registry.contents(schema), registry=registry)


@cache
def _registry() -> Registry[Any]:
    """All schemas there are, by their address; one that is not here is an error, and never looked for elsewhere."""
    package = importlib.util.find_spec("powerbi_mcp")
    assert package is not None and package.submodule_search_locations, "test.sh installs requirements-powerbi.txt"
    folder = Path(package.submodule_search_locations[0]) / "validation" / "schemas"
    files: dict[str, str] = json.loads((folder / "INDEX.json").read_text(encoding="utf-8"))
    here = {uri: json.loads((folder / file).read_text(encoding="utf-8")) for uri, file in files.items()}
    stand_ins = {
        uri: {"$schema": "http://json-schema.org/draft-07/schema#"} | schema for uri, schema in _STAND_INS.items()
    }
    return Registry().with_resources((uri, Resource.from_contents(s)) for uri, s in (here | stand_ins).items())
