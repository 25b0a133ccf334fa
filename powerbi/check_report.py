"""The report held against the model's names and against itself, for what JSON schemas cannot know."""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from powerbi.expressions import Json
from powerbi.names import MEASURES

Aliases = Mapping[str, str]
"""The tables that a query calls by a letter."""


def faults_of_report(
    files: Mapping[str, str], columns: Mapping[str, Collection[str]], measures: Collection[str]
) -> list[str]:
    """Return what is wrong, a sentence each; an empty list if nothing is.

    files: the project's, path → text. columns: the model's, by table. measures: the model's.
    """
    contents, faults = {}, []
    for path, text in files.items():
        if ".Report/" in path:
            try:
                contents[path] = json.loads(text)
            except json.JSONDecodeError as error:
                faults.append(f"{path} is not valid JSON: {error}.")
    for path, content in contents.items():
        faults += [f"{path} {fault}" for fault in _faults_of_names(content, columns, measures)]
        if path.endswith("/visual.json"):
            faults += [f"{path} {fault}" for fault in _faults_of_visual(content)]
    return faults + list(_faults_of_pages(contents)) + list(_faults_of_themes(contents))


def _faults_of_names(content: Any, columns: Mapping[str, Collection[str]], measures: Collection[str]) -> Iterator[str]:
    for kind, table, name in _fields(content, {}):
        if kind == "Measure" and table == MEASURES and name in measures:
            continue
        if kind == "Column" and name in columns.get(table, ()):
            continue
        yield f"uses the {kind.lower()} {table}[{name}], which the model does not have."


def _fields(node: Any, aliases: Aliases) -> Iterator[tuple[str, str, str]]:
    """Find every field, as kind, table and name, wherever it stands. Other uses of a table are of an unknown kind."""
    if isinstance(node, list):
        for each in node:
            yield from _fields(each, aliases)
    if not isinstance(node, dict):
        return
    aliases = {**aliases, **{entry["Name"]: entry["Entity"] for entry in node.get("From", ()) if "Entity" in entry}}
    for kind, inner in node.items():
        if kind in ("Column", "Measure"):
            source = inner["Expression"]["SourceRef"]
            alias = source.get("Source", "")
            yield kind, source.get("Entity", aliases.get(alias, alias)), inner["Property"]
        elif kind == "SourceRef":
            if "Source" not in inner or inner["Source"] in aliases:
                yield "unknown kind of use of", str(inner.get("Entity", inner.get("Source"))), ""
        else:
            yield from _fields(inner, aliases)


def _faults_of_visual(content: Json) -> Iterator[str]:
    """Formatting of one field refers to it by the name that the query gives it."""
    visual = content.get("visual", {})
    roles = visual.get("query", {}).get("queryState", {}).values()
    known = {projected["queryRef"] for role in roles for projected in role["projections"]}
    for entries in visual.get("objects", {}).values():
        for entry in entries:
            named = entry.get("selector", {}).get("metadata")
            if named is not None and named not in known:
                yield f"formats {named}, which it does not show."


def _faults_of_pages(contents: Mapping[str, Any]) -> Iterator[str]:
    there = {PurePosixPath(path).parent for path in contents if path.endswith("/page.json")}
    for path, content in contents.items():
        where = PurePosixPath(path)
        if where.name == "pages.json":
            named = [where.parent / name for name in content["pageOrder"]]
            yield from (
                f"{path} names the page {page.name}, which is not there." for page in named if page not in there
            )
            yield from (f"{path} does not name the page {page.name}." for page in sorted(there.difference(named)))
            if content["activePageName"] not in content["pageOrder"]:
                yield f"{path} opens the page {content['activePageName']}, which it does not name."
        if where.name == "visual.json" and where.parents[2] not in there:
            yield f"{path} belongs to no page."
        if where.name in ("page.json", "visual.json") and content["name"] != where.parent.name:
            yield f"{path} has the name {content['name']}, its folder another one."


def _faults_of_themes(contents: Mapping[str, Any]) -> Iterator[str]:
    for path, content in contents.items():
        if not path.endswith("/definition/report.json"):
            continue
        resources = PurePosixPath(path).parents[1] / "StaticResources"
        registered = {}
        for package in content.get("resourcePackages", ()):
            for item in package["items"]:
                registered[package["type"], item["name"]] = str(resources / package["name"] / item["path"])
        for file in registered.values():
            if file not in contents:
                yield f"{path} registers {file}, which is not there."
        own = content["themeCollection"].get("customTheme")
        if own and (own["type"], own["name"]) not in registered:
            yield f"{path} uses the theme {own['name']}, which it does not register."
