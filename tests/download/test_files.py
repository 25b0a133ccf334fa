"""A folder of files as a source: texts stay texts, what is broken is named by file and line, nothing else is read."""

import gzip
import importlib.util
import os
import zipfile
from pathlib import Path

import duckdb
import pytest

from etl.core.errors import EtlError
from etl.download.files.tables import csv_relation
from tests.download.company import Company

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("duckdb_engine") is None, reason="duckdb-engine is not installed (see test.sh)"
)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Give a company whose source is the folder `inbox` beside its settings file."""
    (tmp_path / "inbox").mkdir()
    (tmp_path / "secret.csv").write_text("id\n1\n")
    return Company(tmp_path, {"shop": "file:inbox"})


def put(company: Company, name: str, text: str, encoding: str = "utf-8") -> Path:
    """Write a file into the folder."""
    file = company.folder / "inbox" / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(text.encode(encoding))
    return file


def test_a_csv_is_text_to_the_letter(company: Company) -> None:
    """Leading zeros, days in any order, 1e5, NULL and the empty text, line breaks: nothing is guessed."""
    put(company, "orders-1.csv", '\ufeffid;day;n;name\n007;01/02/2030;1e5;"a; ""b""\nc"\n008;;;\n')
    put(company, "orders-2.csv", 'id;day;n;name\n009;31/12/2030;NA;""\n')
    company.query("orders", "SELECT * FROM 'orders-*.csv' ORDER BY id")
    company.done()
    assert {column.type for column in company.table("orders").columns} == {"string"}
    assert [list(row.values()) for row in company.rows("orders")] == [
        ["007", "01/02/2030", "1e5", 'a; "b"\nc'],
        ["008", None, None, None],
        ["009", "31/12/2030", "NA", ""],
    ]


def test_the_query_or_its_header_gives_types(company: Company) -> None:
    """A cast of DuckDB's, or `-- types:`."""
    put(company, "orders.csv", "id,day,price\n7,01/02/2030,19.90\n")
    company.query(
        "orders",
        "SELECT id::BIGINT AS id, strptime(day, '%d/%m/%Y')::DATE AS day, price FROM 'orders.csv'",
        more="-- types: price numeric(12,2)\n",
    )
    company.done()
    assert [c.type for c in company.table("orders").columns] == ["int64", "date32[day]", "decimal128(12, 2)"]
    assert company.rows("orders")[0]["day"].isoformat() == "2030-02-01"
    receipt = company.table("orders").receipt
    assert receipt
    assert receipt.columns["id"].sum == "7"


def test_parquet_has_its_own_types(company: Company) -> None:
    """And is joined with a CSV in one query."""
    file = company.folder / "inbox" / "prices.parquet"
    duckdb.execute(f"COPY (SELECT 7 AS id, 19.90::DECIMAL(12,2) AS price) TO '{file}'")
    put(company, "names.csv", "id,name\n7,x\n")
    company.query("prices", "SELECT p.id, price, name FROM 'prices.parquet' p JOIN 'names.csv' n ON n.id::INT = p.id")
    company.done()
    assert [c.type for c in company.table("prices").columns] == ["int64", "decimal128(12, 2)", "string"]


BROKEN = {
    "too few columns": ("id,name\n1,x\n2\n", "orders.csv:3 has 1 columns, and the first line has 2"),
    "too many columns": ("id,name\n1,x\n2,y,SECRET\n", "orders.csv:3 has 3 columns, and the first line has 2"),
    "a line without end": ("id,name\n1," + "SECRET" * 2_000_000 + "\n2,y\n", "orders.csv:2 is longer than the 8 MB"),
    "an open quote": ('id,name\n1,"SECRET\n2,y\n', "orders.csv:2 has a quote that does not end"),
    "two columns of a name": ("id,ID\n1,x\n", "orders.csv has two columns named id in its first row"),
    "a column without a name": ("id,\n1,x\n", "orders.csv has a column without a name"),
    "no line": ("", "orders.csv is empty"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_named_by_file_and_line(company: Company, what: str) -> None:
    """And no value of the line is told."""
    text, said = BROKEN[what]
    put(company, "orders.csv", text)
    company.query("orders", "SELECT * FROM 'orders.csv'")
    ended = company.download()
    assert ended.code == 1
    assert said in ended.err.partition("Error: ")[2]
    assert "SECRET" not in ended.err
    assert "Traceback" not in ended.err


def test_another_encoding_is_refused_until_it_is_named(company: Company) -> None:
    """It is never guessed; the setting says it for the folder."""
    put(company, "people.csv", "id,name\n1,x\n2,Iñigo\n", "latin-1")
    company.query("people", "SELECT * FROM 'people.csv'")
    ended = company.download()
    assert ended.code == 1
    assert "people.csv is not utf-8. Try: Save it as UTF-8, or say" in ended.err.replace("\n", " ")
    company.sources["shop"] = "file:inbox?encoding=latin-1"
    company.done()
    assert company.rows("people")[1]["name"] == "Iñigo"


@pytest.mark.parametrize(
    ("name", "content", "options", "said"),
    [
        ("a.csv", b"a;b\n1;2\n", {"separator": ";;"}, "SOURCE_SHOP_URL names the separator ';;'."),
        ("a.csv.gz", b"a,b\n1,2\n", {}, "a.csv.gz cannot be read: Not a gzipped file"),
        ("a.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)[:12], {}, "a.csv.gz cannot be read: Compressed file ended"),
    ],
)
def test_a_first_row_that_cannot_be_read_is_told(
    tmp_path: Path, name: str, content: bytes, options: dict[str, str], said: str
) -> None:
    """Whatever Python says of it: an error with a cure."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EtlError, match=said) as raised:
        csv_relation([tmp_path / name], options, "SOURCE_SHOP_URL")
    assert raised.value.hint


def test_files_of_a_pattern_have_the_same_columns(company: Company) -> None:
    """One that has others is named."""
    put(company, "a-1.csv", "id,name\n1,x\n")
    put(company, "a-2.csv", "id,city\n1,x\n")
    company.query("a", "SELECT * FROM 'a-*.csv'")
    assert "a-2.csv has other columns than a-1.csv: city" in company.download().err


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM '../secret.csv'",
        "SELECT * FROM read_csv('../secret.csv')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM 'link.csv'",
        "SELECT * FROM 'none.csv'",
        "SELECT * FROM '../my.sql'",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM 'one'",
    ],
)
def test_nothing_else_of_the_machine_is_read(company: Company, sql: str) -> None:
    """Neither by a path, nor by a function, nor by a link."""
    (company.folder / "inbox" / "link.csv").symlink_to(company.folder / "secret.csv")
    put(company, "one.csv", "id\n1\n")
    path = company.query("stolen", sql)
    ended = company.download()
    assert ended.code == 1
    assert str(path) in ended.err
    assert "pg_" not in ended.err
    assert "account" not in ended.err
    assert "Traceback" not in ended.err


def test_a_file_that_changes_while_it_is_read_is_noticed(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """The night begins again with what is there then."""
    from etl.download.files.database import Files

    file, begun = put(company, "orders.csv", "id\n1\n"), []
    columns = Files.columns

    def changed(*arguments: object) -> object:
        found = columns(*arguments)  # type: ignore[arg-type]
        if not begun:
            file.write_text("id\n1\n2\n")
            os.utime(file, ns=(1, 1))
        begun.append(1)
        return found

    monkeypatch.setattr(Files, "columns", changed)
    company.settings |= {"SOURCE_PATIENCE": "30"}
    company.query("orders", "SELECT id FROM 'orders.csv'")
    company.done()
    assert len(begun) == 2
    assert [row["id"] for row in company.rows("orders")] == ["1", "2"]


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><t>price</t></is></c></row>'
    '<row r="2"><c r="A2" t="inlineStr"><is><t>007</t></is></c><c r="B2"><v>19.9</v></c></row>'
    '<row r="3"><c r="A3"><v>8</v></c></row></sheetData></worksheet>'
)
BOOK = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
    'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
    'ContentType="application/xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://'
    'schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="First" sheetId="1" r:id="r1"/>'
    '<sheet name="Prices 2030" sheetId="2" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
    "xl/worksheets/sheet1.xml": SHEET,
}


@pytest.mark.skipif(importlib.util.find_spec("python_calamine") is None, reason="python-calamine is not installed")
@pytest.mark.parametrize("name", ["prices.xlsx", "prices.xlsx#Prices 2030", "prices.xlsx#None"])
def test_a_sheet_is_texts(company: Company, name: str) -> None:
    """The first one, or the one behind #; a whole number has no point."""
    with zipfile.ZipFile(company.folder / "inbox" / "prices.xlsx", "w") as book:
        for path, text in BOOK.items():
            book.writestr(path, text)
    company.query("prices", f"SELECT * FROM '{name}' ORDER BY id")
    if name.endswith("None"):
        assert "prices.xlsx has no sheet None" in company.download().err
        return
    company.done()
    assert [list(row.values()) for row in company.rows("prices")] == [["007", "19.9"], ["8", None]]
