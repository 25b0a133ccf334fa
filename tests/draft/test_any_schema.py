"""Whatever a schema is like, its draft passes the checks of a night and loads as it is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.draft.company import Drafted

NAMES = (
    *(
        "order",
        "Order Details",
        "t_x",
        "dim date",
        "date",
        "night",
        "1st",
        "Größe",
        "größe2",
        "class",
        "import",
        "None",
    ),
    *("schema", "validate", "Config", "attribute", "measure", "pd", "name", "id", "ID2", "customer_id", "CustomerID"),
    *("user", "select", "a b", "a_b", "a-b", "x:y", "50%", 'say "x"', "it's", "[br]", "`t`", "_set_aside", "_x", "__"),
    *(
        "fact_order",
        "dim_order",
        "order_key",
        "row_number",
        "Text",
        "Integer",
        "ﬁ",
        "x²",
        "日本",
        "é",
        "é2",
        "self",
        "cls",
    ),
    *("email", "first name", "created_at", "status", "amount", "True", "_TABLE_x", "orders", "reference", "etl_runs"),
)
TYPES = (
    *(
        "INTEGER",
        "INT",
        "BIGINT",
        "TEXT",
        "VARCHAR(20)",
        "CHAR(3)",
        "REAL",
        "DOUBLE",
        "NUMERIC",
        "DECIMAL(10,2)",
        "DATE",
    ),
    *("DATETIME", "TIMESTAMP", "TIME", "BOOLEAN", "BLOB", "", "STRANGE", "JSON", "DECIMAL(50,40)", "VARCHAR"),
)
VALUES = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(0, 3), st.floats(width=32), st.text(max_size=5),
    st.sampled_from(["2024-01-31", "2024-01-31 10:00:00", "0000-00-00", "10:30", "25:00", "1.50", "N/A", ""]),
    st.binary(max_size=3),
)  # fmt: skip
MATCHING = {
    "INTEGER": st.integers(0, 9), "INT": st.integers(0, 9), "REAL": st.floats(-5, 5), "BOOLEAN": st.integers(0, 1),
    "DATE": st.sampled_from(["2024-01-31", "9999-12-31", "1753-01-01"]), "DECIMAL(10,2)": st.integers(0, 99),
}  # fmt: skip

Table = dict[str, Any]


@st.composite
def schemas(draw: st.DrawFn) -> list[Table]:
    """Draw tables: names, columns with types, a key or none, foreign keys to tables before, rows that fit or do not."""
    tables: list[Table] = []
    folded = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique_by=str.lower)
    for name in draw(folded):
        columns = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique_by=str.lower))
        types = [draw(st.sampled_from(TYPES)) for _ in columns]
        key = columns[: draw(st.integers(0, min(2, len(columns))))]
        foreign = draw(st.sampled_from([None, *tables]))
        fits = draw(st.booleans())
        cells = [MATCHING.get(kind, VALUES) if fits else VALUES for kind in types]
        rows = draw(st.lists(st.tuples(*cells), max_size=12))
        tables.append({"name": name, "columns": columns, "types": types, "key": key, "to": foreign, "rows": rows})
    return tables


def quoted(name: str) -> str:
    """Write a name."""
    return '"' + name.replace('"', '""') + '"'


def make(path: Path, tables: list[Table]) -> None:
    """Make the tables, and the rows that their keys let in."""
    with closing(sqlite3.connect(path)) as file, file:
        for table in tables:
            parts = [f"{quoted(c)} {kind}" for c, kind in zip(table["columns"], table["types"], strict=True)]
            parts += [f"PRIMARY KEY ({', '.join(map(quoted, table['key']))})"] if table["key"] else []
            if table["to"] and table["to"]["key"]:
                target = table["to"]
                ours = table["columns"][-len(target["key"]) :]
                if len(ours) == len(target["key"]):
                    theirs = ", ".join(map(quoted, target["key"]))
                    parts.append(
                        f"FOREIGN KEY ({', '.join(map(quoted, ours))}) REFERENCES {quoted(target['name'])} ({theirs})"
                    )
            file.execute(f"CREATE TABLE {quoted(table['name'])} ({', '.join(parts)})")
            marks = ", ".join("?" * len(table["columns"]))
            for row in table["rows"]:
                with suppress(sqlite3.IntegrityError):  # a text as INTEGER PRIMARY KEY
                    file.execute(f"INSERT OR IGNORE INTO {quoted(table['name'])} VALUES ({marks})", row)


@contextmanager
def drafted(tables: list[Table]) -> Iterator[Drafted]:
    """Give the company whose every table was drafted as a fact."""
    with TemporaryDirectory() as folder:
        company = Drafted(Path(folder))
        make(company.folder / "shop.db", tables)
        ended = company.draft(*(table["name"] for table in reversed(tables)))
        assert ended.returncode == 0, ended.stderr
        yield company


@settings(
    max_examples=8,  # each is a company that is drafted, extracted, built and loaded
    derandomize=True,
    phases=(Phase.generate,),  # to shrink takes minutes
    suppress_health_check=list(HealthCheck),
)
@given(schemas())
def test_any_schema_is_drafted_and_built(tables: list[Table]) -> None:
    """The draft passes its own checks, is extracted, and is built: no name, type, key or value is in its way."""
    with drafted(tables) as company:
        ended = company.download()
        assert ended.code == 0, ended.err
        ended = company.transform()
        assert ended.code == 0, ended.err
        ended = company.load()
        assert ended.code == 0 or "is NULL" in ended.err, ended.err  # a dimension's rows without a key are rejected
