"""Contract faults that a warehouse would refuse, or that nothing would tell: each one sentence with its cure."""

from pathlib import Path

import pytest

from etl.company.tables import contracts, read_tables
from etl.core.errors import ContractError
from etl.load.bigquery.limits import check

HEAD = "import pandas as pd, pyarrow as pa\nfrom typing import Annotated, Optional\nfrom etl.contract import *\n"
FACT = '''
class FactX(Fact):
    """One row per x."""

    x_id: Integer = natural_key("Its number.")
    day: Date = attribute("When.")
    name: Text = attribute("Its name.")
    weight: Number = measure("Tons.")
    opens: Time = attribute("When.")


def build(xs: pd.DataFrame) -> pd.DataFrame:
    return xs
'''
COLUMN = '    name: Text = attribute("Its name.")'


def read(folder: Path, text: str, name: str = "fact_x") -> None:
    """Read a folder with one table file."""
    (folder / f"{name}.py").write_text(HEAD + text, encoding="utf-8")
    read_tables(folder)


def refused(folder: Path, text: str, name: str = "fact_x") -> ContractError:
    """Give the fault of a folder with one table file, which names the file and has a cure."""
    with pytest.raises(ContractError) as fault:
        read(folder, text, name)
    assert str(folder / f"{name}.py") in fault.value.message
    assert len(fault.value.hint) > 10
    assert "pandera" not in fault.value.message.lower()
    assert "Mend" not in fault.value.hint
    return fault.value


@pytest.mark.parametrize(
    ("options", "told", "cure"),
    [
        ('cluster_by=("x_id", "day", "name", "a", "b")', "", ""),
        ('cluster_by=("opens",)', "opens, a Time, and no table can be clustered by it", "exact type"),
        ('cluster_by=("weight",)', "weight, a Number, and no table can be clustered by it", "exact type"),
        ('cluster_by=("day", "day")', "names a column twice", ""),
        ('partition_by="name"', "partition_by=name is neither a Date nor a Timestamp", "cluster_by"),
        ('partition_by="dya"', "dya, which the contract names, is not a column", "Did you mean day?"),
        ('clusterby=("day",)', "no argument clusterby=", "Did you mean cluster_by?"),
        ("cluster_by=5", "cluster_by=5 is not a tuple of names", "cluster_by=("),
        ("partition_by=5", "partition_by=5 is not a name", "partition_by="),
        ('rejects="5 %"', "rejects='5 %' is not a share", "0.05"),
        ("unknown=5", "unknown=5 is not a share", "0.05"),
        ('settled_after="2"', "is not a number of years", "settled_after=2"),
        ('hierarchies=("day",)', "is not a dictionary of names and their columns", "Calendar"),
    ],
)
def test_what_a_contract_says_of_its_table_is_checked(tmp_path: Path, options: str, told: str, cure: str) -> None:
    """When it is read, and not by the warehouse after the night's work."""
    more = '    a: Integer = attribute("A.")\n    b: Integer = attribute("B.")\n' if '"a"' in options else ""
    text = FACT.replace("(Fact)", f"(Fact, {options})").replace(COLUMN, more + COLUMN)
    fault = refused(tmp_path, text)
    assert (told or "cluster_by names 5 columns; at most 4 are allowed") in fault.message
    assert cure in fault.hint


def test_one_name_may_stand_for_a_tuple_of_one(tmp_path: Path) -> None:
    """A text is not a tuple of its letters."""
    read(tmp_path, FACT.replace("(Fact)", '(Fact, cluster_by="day", rows_of="xs", survivor="-day")'))
    contract = contracts(tmp_path)["fact_x"]
    assert (contract.cluster_by, contract.rows_of, contract.survivor) == (("day",), ("xs",), ("-day",))


@pytest.mark.parametrize(
    ("kind", "cure"),
    [
        ("pa.int8()", "Integer"),
        ("pa.int32()", "Integer"),
        ("pa.uint64()", "Integer"),
        ("pa.float32()", "Number"),
        ("pa.large_string()", "Text"),
        ("pa.dictionary(pa.int32(), pa.string())", "Text"),
        ("pa.date64()", "Date"),
        ('pa.timestamp("us")', "Timestamp"),
        ('pa.timestamp("ns", "UTC")', "Timestamp"),
        ('pa.timestamp("us", "Europe/Madrid")', "Timestamp"),
        ("pa.decimal256(50, 2)", "Decimal(18, 4)"),
        ("pa.decimal128(5, 7)", "Decimal(18, 4)"),
        ('pa.time64("ns")', "Time"),
        ('pa.time32("s")', "Time"),
        ('pa.duration("s")', "seconds"),
        ("pa.binary()", "Text"),
        ("pa.list_(pa.int64())", "Text"),
        ("pa.null()", "Text"),
    ],
)
def test_a_type_that_no_warehouse_has_is_refused_with_the_word_to_use(tmp_path: Path, kind: str, cure: str) -> None:
    """Every Arrow type could be written; few arrive."""
    fault = refused(tmp_path, FACT.replace("name: Text", f"name: Annotated[pd.ArrowDtype, {kind}]"))
    assert "name is of the type" in fault.message
    assert cure in fault.hint


@pytest.mark.parametrize(
    ("column", "told", "cure"),
    [
        ('    NAME: Text = attribute("X.")\n' + COLUMN, "NAME and name differ in the case", "rename one"),
        ('    Fact_X: Text = attribute("X.")', "a column is named like its table", "rename"),
        ('    name: Text = attribute("X.", alias="gro\u0308ße")', "is not a name", "composed"),
        ('    col·lecció: Text = attribute("X.")', "'col·lecció' is not a name", "digits and underscores"),
        ('    name: Text = attribute("X.", alias="my name")', "'my name' is not a name", "underscores"),
        (f'    {"n" * 301}: Text = attribute("X.")', "is not a name", "300"),
        *(
            (f'    name: Text = attribute("X.", alias="{name}")', "begins like BigQuery's own columns", "Rename")
            for name in (
                "_PARTITIONTIME",
                "_table_suffix",
                "_FILE_NAME",
                "_ROW_TIMESTAMP",
                "__root__x",
                "_ColIdentifier",
            )
        ),
        (
            f'    name: Text = attribute("{"x" * 1025}")',
            "name has 1,025 characters; at most 1,024 are allowed",
            "Shorten",
        ),
        ("    name: Text = attribute(7)", "7 is not a description", "sentence"),
        ('    name = attribute("X.")', "The column name has no type", "name: Text"),
        ('    _name: Text = attribute("X.")', "_name begins with an underscore", "Rename"),
        ('    name: Optional[Text] = attribute("X.")', "name is Optional", "nullable=True"),
        ('    name: pd.ArrowDtype = attribute("X.")', "name is not declared in the words", "name: Text"),
        ('    name: Annotated[pd.ArrowDtype, 5] = attribute("X.")', "name is not declared in the words", "name: Text"),
        ('    name: Text = attribute("X.", grain=True)', "no option grain=", "sort_by"),
        ('    name: Text = attribute("X.", category="Contry")', "category='Contry' is not what values", "mean Country"),
        ('    age: Integer = attribute("X.", folded=True)', "age is to be folded, and is no attribute", "Leave folded"),
        ('    age: Money = measure("X.", folded=True)', "age is to be folded, and is no attribute", "Leave folded"),
        ('    name: Text = attribute("X.", folded="yes")', "folded='yes' is neither True nor False", "folded=True"),
        ('    name: Text = attribute("X.", pii=HASH, folded=True)', "not published (pii=HASH)", "clean_text"),
        ('    name: Text = attribute("X.", pii=DROP, folded=True)', "not published (pii=DROP)", "Leave folded"),
        (
            '    name: Text = attribute("X.", folded=True)\n    Name_Folded: Text = attribute("Y.")',
            "the engine adds name_folded, which the contract declares itself",
            "Rename",
        ),
        (
            '    name: Text = attribute("X.", folded=True, sort_by="name_folded")',
            "name_folded, which the contract names, is not a column",
            "It has",
        ),
        ('    name: Text = attribute("X.", personal=True)', "no option personal=", "pii"),
        ('    name: Text = attribute("X.", nulable=True)', "no option nulable=", "Did you mean nullable?"),
        ('    name: Text = attribute("X.", str_matches="(")', "str_matches='(' cannot be understood", "str_matches="),
        ('    name: Text = attribute("X.", in_range=(1,))', "in_range=(1,) cannot be understood", "in_range=(0, 100)"),
        ('    name: Text = attribute("X.", isin=["a", 7])', "name is compared with 7 (isin)", "name's type"),
        ('    name: Money = measure("X.", ge="a")', "name is compared with 'a'", "name's type"),
        ('    name: Decimal(40, 2) = measure("X.")', "Decimal(40, 2) is not a type", "Decimal(31, 2)"),
        ('    name: Decimal(38, 20) = measure("X.")', "Decimal(38, 20) is not a type", "Decimal(38, 9)"),
        ('    name: Decimal(38, 0) = measure("X.")', "29 digits before the point", "Decimal(29, 0)"),
        ('    name: Decimal(0) = measure("X.")', "Decimal(0, 0) is not a type", "Decimal(29, 0)"),
        ('    name: Decimal(4, 5) = measure("X.")', "Decimal(4, 5) is not a type", "Decimal(34, 5)"),
        (
            '    name: Annotated[pd.ArrowDtype, pa.decimal128(38, 2)] = measure("X.")',
            "Decimal(38, 2) is not a type",
            "Decimal(31, 2)",
        ),
        (
            '    name: Annotated[pd.ArrowDtype, pa.decimal128(40, 2)] = measure("X.")',
            "precision should be between 1 and 38",
            "up to 38 digits",
        ),
    ],
)
def test_what_a_contract_says_of_its_columns_is_checked(tmp_path: Path, column: str, told: str, cure: str) -> None:
    """Names that a warehouse takes, types that it has, rules that can be judged."""
    fault = refused(tmp_path, FACT.replace(COLUMN, column))
    assert told in fault.message
    assert cure in fault.hint


def test_a_table_is_described_in_16384_characters(tmp_path: Path) -> None:
    """Of which the first line is the grain."""
    fault = refused(tmp_path, FACT.replace("One row per x.", "One row per x.\n\n    " + "x" * 16_384))
    assert "the description of fact_x has" in fault.message


def test_a_key_has_up_to_16_exact_columns(tmp_path: Path) -> None:
    """A warehouse declares it; of floats none can be."""
    keys = "".join(f'    k{n}: Integer = natural_key("X.")\n' for n in range(16))
    assert "17 columns identify a row" in refused(tmp_path, FACT.replace(COLUMN, keys)).message
    fault = refused(tmp_path, FACT.replace("x_id: Integer", "x_id: Number"))
    assert "x_id, a Number, cannot identify a row" in fault.message


@pytest.mark.parametrize(
    ("line", "told", "cure"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero", "Correct that line"),
        ("{}['a']", "KeyError: 'a'", "Correct that line"),
        ("open('/nothing/there')", "FileNotFoundError", "Correct that line"),
        ("assert False", "AssertionError", "Correct that line"),
        ("x = (", "was never closed", "bracket"),
        ("import nothing_such", "No module named 'nothing_such'", "Install nothing_such"),
        ("x: Bytes = 1", "name 'Bytes' is not defined", "encode(column, 'hex')"),
        ("from etl.contract import Float", "cannot import name 'Float'", "Number"),
        ("from etl.contract import retention", "cannot import name 'retention'", "tables/_retention.py"),
        ("from etl.contract.retention import retention", "No module named", "tables/_retention.py"),
        ("from etl.contract import Contract", "cannot import name 'Contract'", "engine's own"),
        ("from etl.contract.corrections import x", "No module named", "from etl.contract import"),
        ("from etl.contract import mesure", "cannot import name 'mesure'", "Did you mean measure?"),
        ("from ._comon import rename", "No module named '._comon'", "_comon.py"),
        ("y = natural_ky('X.')", "name 'natural_ky' is not defined", "Did you mean natural_key?"),
        ("y = attribute()", "missing 1 required positional argument", "etl/contract/columns.py"),
    ],
)
def test_a_table_file_that_fails_while_it_is_read_is_named_with_its_line(
    tmp_path: Path, line: str, told: str, cure: str
) -> None:
    """Whatever it raises."""
    (tmp_path / "fact_x.py").write_text(f"{HEAD}{line}\n{FACT}", encoding="utf-8")
    with pytest.raises(ContractError) as fault:
        read_tables(tmp_path)
    assert f"{tmp_path / 'fact_x.py'}:4" in fault.value.message
    assert told in fault.value.message
    assert cure in fault.value.hint


def test_build_is_a_function(tmp_path: Path) -> None:
    """A number of that name is none."""
    assert "no function build" in refused(tmp_path, FACT.replace("def build(", "build = 5\n\n\ndef other(")).message


@pytest.mark.parametrize("name", ["dim_client.old", "dim client", "dim-client", "2dim", "dim_gro\u0308ße", "class"])
def test_a_table_files_name_is_that_of_a_table(tmp_path: Path, name: str) -> None:
    """A person's copy is not a table; one that begins with an underscore, or a hidden file, is not looked at."""
    (tmp_path / "_dim_client.old.py").write_text("1 / 0\n", encoding="utf-8")
    (tmp_path / ".#dim_client.py").symlink_to("somebody@some.machine:1234")
    read(tmp_path, FACT)
    fault = refused(tmp_path, FACT, name)
    assert "is not a name for a table" in fault.message
    assert "begins with an underscore" in fault.hint


@pytest.mark.parametrize("name", ["etl_runs", "etl_head"])
def test_the_programs_own_tables_are_not_the_companys(tmp_path: Path, name: str) -> None:
    """Each warehouse has them already; this is told before the night."""
    assert "is a table of the program's own" in refused(tmp_path, FACT, name).message


def test_tables_that_differ_in_case_alone_are_refused(tmp_path: Path) -> None:
    """A warehouse takes them for one."""
    read(tmp_path, FACT)
    assert "fact_x" in contracts(tmp_path)
    (tmp_path / "Fact_X.py").write_text(HEAD + FACT, encoding="utf-8")
    with pytest.raises(ContractError, match="Fact_X and fact_x differ in the case"):
        read_tables(tmp_path)


def test_bigquery_is_asked_for_no_more_than_it_takes(tmp_path: Path) -> None:
    """A transaction changes 100 tables."""
    read(tmp_path, FACT)
    contract = contracts(tmp_path)["fact_x"]
    check([contract] * 98)
    with pytest.raises(ContractError, match="There are 99 tables"):
        check([contract] * 99)


PYTHON = {
    "int": "Write Integer",
    "float": "Write Number",
    "str": "Write Text",
    "bytes": "no type for bytes",
    "bool": "Write Flag",
    "list[str]": "no type with parts",
    "dict": "no type with parts",
    "datetime.date": "Write Date",
    "datetime.time": "Write Time",
    "datetime.datetime": "Write Timestamp",
    "datetime.timedelta": "no type for a span of time",
    "decimal.Decimal": "Write Decimal(18, 4)",
    "pd.Timestamp": "Write Timestamp",
    "pd.Int64Dtype": "Write Integer",
    "pd.StringDtype": "Write Text",
    "np.float32": "Write Number",
    "np.bool_": "Write Flag",
    "object": "Write Text",
}


@pytest.mark.parametrize("head", ["import datetime, decimal, numpy as np\n", "from __future__ import annotations\n"])
@pytest.mark.parametrize(("written", "cure"), PYTHON.items())
def test_a_class_of_python_is_refused_with_the_word_to_write(
    tmp_path: Path, head: str, written: str, cure: str
) -> None:
    """Also of numpy and pandas, and however the file's annotations are read."""
    text = FACT.replace("name: Text", f"name: {written}")
    imports = "import datetime, decimal, numpy as np\n"
    (tmp_path / "fact_x.py").write_text(head + imports + HEAD + text, encoding="utf-8")
    with pytest.raises(ContractError, match="name is not declared in the words") as fault:
        read_tables(tmp_path)
    assert cure in fault.value.hint


@pytest.mark.parametrize(
    ("key", "asked", "told"),
    [
        ("Integer", "Date", "shop is a date"),
        ("Integer", "Text", "shop is text"),
        ("Integer", "Flag", "shop is a flag"),
        ("Text", "Integer", "shop is a number"),
        ("Date", "Timestamp", "shop is a time with a zone"),
        ("Integer", "Decimal(9, 0)", None),
    ],
)
def test_a_reference_is_found_by_a_column_of_its_keys_kind(
    tmp_path: Path, key: str, asked: str, told: str | None
) -> None:
    """Where the contract has the column, before anything is built."""
    dimension = FACT.replace("FactX(Fact)", "DimY(Dimension)").replace("x_id: Integer", f"y_id: {key}")
    dimension = dimension.replace("    y_id", "    y_key: Key = surrogate_key()\n    y_id")
    (tmp_path / "dim_y.py").write_text(HEAD + dimension, encoding="utf-8")
    columns = f'    y: Key = reference("dim_y", "Y.", on="shop")\n    shop: {asked} = attribute("X.")'
    if told is None:
        read(tmp_path, FACT.replace(COLUMN, columns))
        return
    fault = refused(tmp_path, FACT.replace(COLUMN, columns))
    assert told in fault.message
    assert "dim_y.y_id" in fault.message
