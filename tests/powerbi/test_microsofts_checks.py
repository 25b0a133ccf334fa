"""That Microsoft's checks of M and TMDL, which the model's tests rely on, see what they are asked to see."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from powerbi.tmdl import Node, read
from tests.powerbi.modeling import ModelingError, read_tmdl, roundtrip
from tests.powerbi.node import MODELING_NEEDED, NEEDED, faults_of_m
from tests.powerbi.schemas import faults_of_schema

TABLE = """/// The {name}.
table {name}
	lineageTag: 00000000-0000-4000-8000-{number:012}

	column 'Product Key'
		dataType: int64
		lineageTag: 00000000-0000-4000-8001-{number:012}
		summarizeBy: none
		sourceColumn: product_key

		annotation SummarizationSetBy = Automatic

	partition {name} = m
		mode: import
		source =
				let
					rows = #table({{"product_key"}}, {{{{1}}}})
				in
					rows

"""
FILES = {
    "database.tmdl": "database\n\tcompatibilityLevel: 1600\n\n",
    "model.tmdl": "model Model\n\tculture: en-US\n\tdiscourageImplicitMeasures\n\n"
    "annotation __PBI_TimeIntelligenceEnabled = 0\n\nref table Sales\nref table Product\n\n",
    "relationships.tmdl": "relationship 00000000-0000-4000-8002-000000000001\n"
    "\tfromColumn: Sales.'Product Key'\n\ttoColumn: Product.'Product Key'\n\n",
    "tables/Sales.tmdl": TABLE.format(name="Sales", number=1),
    "tables/Product.tmdl": TABLE.format(name="Product", number=2),
}


def written(folder: Path, files: dict[str, str]) -> Path:
    """Write a model's files."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="")
    return folder


@MODELING_NEEDED
def test_a_good_model_comes_back_byte_by_byte(tmp_path: Path) -> None:
    """What Microsoft's library writes of a well-formed model is what it read."""
    definition = written(tmp_path, FILES)
    assert roundtrip(definition) == read_tmdl(definition) == FILES


@MODELING_NEEDED
@pytest.mark.parametrize(
    ("path", "old", "new", "message"),
    [
        ("tables/Sales.tmdl", "\t\tdataType", "\t\t\t\tdataType", "Invalid indentation"),
        ("relationships.tmdl", "Product.'Product Key'", "Product.Nothing", "cannot be found"),
        ("tables/Product.tmdl", "sourceColumn:", "sourceColum:", "sourceColum"),
    ],
    ids=["indentation", "dangling relationship", "no such property"],
)
def test_a_faulty_model_is_refused_with_a_message(tmp_path: Path, path: str, old: str, new: str, message: str) -> None:
    """The message is Microsoft's."""
    files = FILES | {path: FILES[path].replace(old, new)}
    assert files != FILES
    with pytest.raises(ModelingError, match=message):
        roundtrip(written(tmp_path, files))


@MODELING_NEEDED
def test_a_superfluous_blank_is_seen(tmp_path: Path) -> None:
    """A model that is read, but is not as the library would write it, comes back different."""
    files = FILES | {"model.tmdl": FILES["model.tmdl"].replace("culture: en-US", "culture:  en-US")}
    definition = written(tmp_path, files)
    assert roundtrip(definition) != read_tmdl(definition)


@NEEDED
def test_faulty_m_is_told_from_sound_m() -> None:
    """Of each expression the syntax error is told, or nothing."""
    sound = ['let rows = #table({"a"}, {{1}}) in rows', "[BillingProject = Project, UseStorageApi = true]"]
    faulty = ["let rows = 1, in rows", "Table.SelectColumns(rows, {", "'text'"]
    faults = faults_of_m([*sound, *faulty])
    assert faults[:2] == [None, None]
    assert all(faults[2:]), json.dumps(faults)


@MODELING_NEEDED
def test_the_companys_model_comes_back_byte_by_byte(tmp_path: Path, project: dict[str, str]) -> None:
    """Microsoft's library reads all of it, and would write it just so."""
    model = {path.partition("/definition/")[2]: text for path, text in project.items() if path.endswith(".tmdl")}
    definition = written(tmp_path, model)
    assert roundtrip(definition) == read_tmdl(definition)


@NEEDED
def test_the_companys_queries_are_m(project: dict[str, str]) -> None:
    """Each partition's, each refresh policy's and each parameter's."""
    expressions = [
        expression
        for path, text in project.items()
        if path.endswith(".tmdl")
        for node in read(text)
        for expression in m_of(node)
    ]
    assert len(expressions) > 15
    assert [fault for fault in faults_of_m(expressions) if fault] == []


def m_of(node: Node) -> Iterator[str]:
    """Give the M of an object of the model."""
    if node.kind == "expression":
        yield str(node.expression)
    for child in node.children:
        if child.kind == "partition" and child.expression == "m":
            yield str(child.properties["source"])
        elif child.kind == "refreshPolicy":
            yield str(child.properties["sourceExpression"])


def test_the_companys_project_follows_microsofts_json_schemas(project: dict[str, str]) -> None:
    """Model, report and what binds them."""
    assert faults_of_schema({path: text for path, text in project.items() if not path.endswith(".tmdl")}) == []
