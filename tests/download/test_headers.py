"""What a query's file promises the engine, and what it says when it does not."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.company.queries import HEADER, Query, read_queries, read_query
from etl.company.sql import binds_of, dialect_of, has_code, one_statement, with_binds
from etl.core.errors import ContractError
from etl.download.types import declared_type
from etl.guards.raw import Tolerance
from tests.drawn import cells_of

SOURCES = {"shop": "postgres", "till": "mysql"}
MINIMAL = "-- grain: one row per order\n-- source: shop\n-- key: id\n"


def read(folder: Path, text: str) -> Query:
    path = folder / "orders.sql"
    path.write_bytes(text.encode())
    return read_query(path, SOURCES)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(ContractError) as caught:
        read(folder, text)
    return f"{caught.value.message} {caught.value.hint}"


def test_every_keyword_of_the_header_is_read(tmp_path: Path) -> None:
    """The header is the query's extraction plan; what is no keyword is its description."""
    query = read(
        tmp_path,
        """-- Orders, old and new.
-- Note: the old ones have no price.
-- grain: one row per order
-- source: Shop
-- key: origin, id
-- survivor: -updated_at, status
-- group by: origin
-- may be empty: yes
-- may shrink: 2.5 %
-- may grow: 300 %
-- newest: at
-- types: id bigint, price numeric(12, 2), at timestamp with time zone
-- They are many.

SELECT 1
""",
    )
    assert query.name == "orders"
    assert query.description == "Orders, old and new. Note: the old ones have no price. They are many."
    assert query.grain == "one row per order"
    assert query.source == "shop"
    assert query.key == ("origin", "id")
    assert query.survivor == ("-updated_at", "status")
    assert query.group_by == ("origin",)
    assert query.tolerance == Tolerance(may_be_empty=True, may_shrink=0.025, may_grow=3.0, newest="at")
    assert query.types == (("id", "bigint"), ("price", "numeric(12, 2)"), ("at", "timestamp with time zone"))


def test_what_the_header_leaves_out_has_a_default(tmp_path: Path) -> None:
    """Grain, source and key are enough."""
    query = read(tmp_path, MINIMAL + "SELECT 1")
    assert (query.survivor, query.group_by, query.types) == ((), (), ())
    assert query.tolerance == Tolerance(may_be_empty=False, may_shrink=0.1, may_grow=1.0, newest=None)


def test_a_line_of_the_query_stays_where_it_is_in_the_file(tmp_path: Path) -> None:
    """So that the line that PostgreSQL names is the line in the file."""
    lines = read(tmp_path, MINIMAL + "\nSELECT 1\n-- why\nFROM orders;\n").sql.split("\n")
    assert lines == ["", "", "", "", "SELECT 1", "-- why", "FROM orders"]


FAULTS = """
| header, / for a line break                                   | what is said                              |
| ------------------------------------------------------------ | ----------------------------------------- |
| -- source: shop/-- key: id/SELECT 1                          | no line `-- grain: …`                     |
| -- grain: a/-- key: id/SELECT 1                              | no line `-- source: …`                    |
| -- grain: a/-- source: shop/SELECT 1                         | no line `-- key: …`                       |
| -- grain: a/-- source: shop/-- kye: id/SELECT 1              | Line 3 says "kye": did you mean "key"?    |
| -- grain: a/-- source: shop/-- key:/SELECT 1                 | no line `-- key: …`                       |
| -- grain: a/-- source: shop/-- key: ,/SELECT 1               | no line `-- key: …`                       |
| SELECT 1                                                     | no line `-- grain: …`                     |
| -- grain: a/-- sorce: shop/-- key: id/SELECT 1               | orders.sql:2: the header line "sorce"     |
| -- grain: a/-- source: shop/-- key: id/-- key: no/SELECT 1   | orders.sql:4: the header says "key" twice |
| -- grain: a/-- source: shop/-- key: id/-- groupby: id/SELECT | Write "group by"                          |
| -- grain: a/-- source: shop/-- key: id/-- may be empty: 1/X  | is neither yes nor no                     |
| -- grain: a/-- source: shop/-- key: id/-- types: id/SELECT 1 | names no type for id                      |
| -- grain: a/-- source: shop/-- key: id/-- types: a int, a date/X | names a twice |
| -- grain: a/-- source: shop/-- key: id/-- types: a bol/SELECT 1  | does not know the type bol of a. Write bool. |
| -- grain: a/-- source: shop/-- key: id/-- types: a money/X | not know the type money of a. Known: bigint |
| -- grain: a/-- source: shop/-- key: id/-- types: a numeric(40,2)/X | numeric(40,2) of a. Write numeric(p,s) with at |
| -- grain: a/-- source: shop/-- key: id/-- types: a number(2,4)/SELECT 1 | does not know the type number(2,4) of a |
| -- grain: a/-- source: shop/-- key: id//                     | has a header but no query                 |
| -- grain: a/-- source: shop/-- key: id/ -- SELECT 1/;        | has a header but no query                 |
| -- grain: a/-- source: shop/-- key: id/SELECT 1;/SELECT 2    | orders.sql:4: a second statement follows  |
"""


@pytest.mark.parametrize(("text", "said"), cells_of(FAULTS))
def test_a_faulty_header_is_a_sentence_that_names_the_file(tmp_path: Path, text: str, said: str) -> None:
    """It says what is missing or not known, and what to write."""
    message = refused(tmp_path, text.replace("/", "\n"))
    assert str(tmp_path / "orders.sql") in message
    assert said in message


def test_the_faults_of_all_queries_are_told_at_once(tmp_path: Path) -> None:
    """Who mends one need not start again to hear of the next."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.sql").write_text("SELECT 1")
    with pytest.raises(ContractError) as caught:
        read_queries(tmp_path, SOURCES)
    assert "a.sql" in caught.value.message
    assert "b.sql" in caught.value.message


@pytest.mark.parametrize("text", ["\ufeff" + MINIMAL + "SELECT 1;", (MINIMAL + "SELECT 1\n;\n").replace("\n", "\r\n")])
def test_files_of_windows_editors_are_read(tmp_path: Path, text: str) -> None:
    """A byte order mark and carriage returns change nothing."""
    query = read(tmp_path, text)
    assert query.grain == "one row per order"
    assert query.sql.strip() == "SELECT 1"


def test_a_file_that_is_not_utf8_is_a_sentence(tmp_path: Path) -> None:
    """It says which, and how to save it."""
    path = tmp_path / "orders.sql"
    path.write_bytes((MINIMAL + "SELECT 'ñ'").encode("latin-1"))
    with pytest.raises(ContractError, match=r"orders\.sql cannot be read"):
        read_query(path, SOURCES)


def test_words_for_types_are_known_or_refused(tmp_path: Path) -> None:
    """As most databases write them, with blanks and capitals; a name with a blank or a comma is in double quotes."""
    types = 'a bool, b double, c datetime, d number(12,2), "e, f" VARCHAR(20), g time, h Decimal (5), i float'
    query = read(tmp_path, MINIMAL + f"-- types: {types},\nSELECT 1")
    kinds = {name: str(declared_type(words)) for name, words in query.types}
    assert list(kinds) == ["a", "b", "c", "d", "e, f", "g", "h", "i"]
    assert list(kinds.values()) == [
        *("bool", "double", "timestamp[us]", "decimal128(12, 2)", "string", "string", "decimal128(5, 0)", "double")
    ]


def test_a_query_of_a_source_that_is_not_set_is_read_as_far_as_any_dialect_goes(tmp_path: Path) -> None:
    """The dictionary is written without the settings of production."""
    path = tmp_path / "orders.sql"
    path.write_text(MINIMAL.replace("shop", "elsewhere") + "SELECT 'it\\'s; so' # don't; ask\n")
    assert read_query(path, SOURCES).sql.strip() == "SELECT 'it\\'s; so' # don't; ask"


ENDS = r"""
| dialect  | written                           | sent                            |
| -------- | --------------------------------- | ------------------------------- |
| postgres | SELECT 1;                         | SELECT 1                        |
| postgres | SELECT 1 ; -- done                | SELECT 1                        |
| postgres | SELECT 1;; /* so; */ ;            | SELECT 1                        |
| postgres | SELECT 1 -- not; here             | SELECT 1 -- not; here           |
| postgres | SELECT ';--'                      | SELECT ';--'                    |
| postgres | SELECT 'it''s;' ; -- ';'          | SELECT 'it''s;'                 |
| postgres | SELECT E'\';' ;                   | SELECT E'\';'                   |
| postgres | SELECT ";" FROM a;                | SELECT ";" FROM a               |
| postgres | SELECT $$;$$, $x$ $$; $x$ ;       | SELECT $$;$$, $x$ $$; $x$       |
| postgres | SELECT a/* ; */ + 1;              | SELECT a/* ; */ + 1             |
| postgres | SELECT 1 /* a; /* b */ c; */;     | SELECT 1 /* a; /* b */ c; */    |
| postgres | SELECT a$b$, c$b$ FROM a;         | SELECT a$b$, c$b$ FROM a        |
| postgres | SELECT 'a\', 1;                   | SELECT 'a\', 1                  |
| mysql    | SELECT 'it\'s;', "a\";" # don't;  | SELECT 'it\'s;', "a\";" # don't; |
| mysql    | SELECT `a;``b` -- ;               | SELECT `a;``b` -- ;             |
| mysql    | SELECT 1 /* a; /* b */;           | SELECT 1 /* a; /* b */          |
| mysql    | SELECT 5--1;                      | SELECT 5--1                     |
| sqlite   | SELECT [a;b], `c;` /* a; /* b */; | SELECT [a;b], `c;` /* a; /* b */ |
| tsql     | SELECT [a]];b] /* a; /* ; */ */;  | SELECT [a]];b] /* a; /* ; */ */ |
| oracle   | SELECT q'[it's;]' FROM dual;      | SELECT q'[it's;]' FROM dual     |
"""


@pytest.mark.parametrize(("dialect", "written", "sent"), cells_of(ENDS))
def test_the_closing_semicolon_is_cut_off_and_no_other(dialect: str, written: str, sent: str) -> None:
    """One in a literal, a name or a comment is none; each database has its own."""
    assert one_statement(written, dialect).strip() == sent


BINDS = r"""
| dialect  | SQL                                           | binds        |
| -------- | --------------------------------------------- | ------------ |
| postgres | WHERE day >= :window_start                    | window_start |
| postgres | WHERE day = :a::date AND at < :b              | a b          |
| postgres | SELECT x::date, now()::time                   |              |
| postgres | SELECT '12:30', 'at :noon', ' :x ''and :y'    |              |
| postgres | SELECT ":x" FROM a -- :b                      |              |
| postgres | SELECT list[1:2], list[lo:hi] /* :c */        |              |
| postgres | SELECT $$ :d $$, $tag$ :e $tag$, E'\' :f'     |              |
| postgres | SELECT '{"a":1}'::json, 10 % 3, 'a%b' LIKE :p | p            |
| postgres | (:a,:b)                                       | a b          |
| postgres | /* a /* :b */ :c */ :d                        | d            |
| mysql    | 'it\'s :a' # don't :b                         |              |
| mysql    | `at 12:noon`, "\" :a", @x := :c, 5--:d        | c d          |
| mysql    | /* a /* :b */ :c                              | c            |
| sqlite   | [a :b], 'c\', :d, `e :f`                      | d            |
| tsql     | [a]] :b], 'c\', :date                         | date         |
| duckdb   | $$ :a $$, x::int, {'k': :b}                   | b            |
| oracle   | ':a', :b                                      | b            |
"""


@pytest.mark.parametrize(("dialect", "text", "names"), cells_of(BINDS))
def test_binds_are_the_names_outside_literals_comments_and_casts(dialect: str, text: str, names: str) -> None:
    """Nothing else with a colon is touched."""
    assert binds_of(text, dialect) == set(names.split())
    assert with_binds(text, ":{}".format, dialect=dialect) == text


@pytest.mark.parametrize("dialect", ["postgres", "mysql", "sqlite", "tsql", ""])
@given(
    st.lists(
        st.sampled_from(["'", "''", '"', "$$", "$a$", "--", "\n", "/*", "*/", ";", ":x", "::", "E'", "\\", "a", " "])
    )
)
def test_no_text_is_too_strange_to_be_read(dialect: str, parts: list[str]) -> None:
    """Half a literal or a comment without end is the database's to refuse: it is handed on as it is."""
    text = "".join(parts)
    assert with_binds(text, ":{}".format, dialect=dialect) == text
    assert isinstance(has_code(text, dialect), bool)
    with suppress(ValueError):
        assert text.startswith(one_statement(text, dialect))


@pytest.mark.parametrize(
    ("backend", "name"),
    [("postgresql", "postgres"), ("mariadb", "mysql"), ("mssql", "tsql"), ("oracle", "oracle"), ("firebird", "")],
)
def test_a_database_has_the_dialect_that_its_url_names(backend: str, name: str) -> None:
    """One that is not known gets what most databases speak."""
    assert dialect_of(backend) == name


def test_a_query_may_be_named_in_any_language(tmp_path: Path) -> None:
    """As a parameter of Python may."""
    for name in ("pedidos_año", "señores", "заказы"):
        (tmp_path / f"{name}.sql").write_text(MINIMAL + "SELECT 1", encoding="utf-8")
    assert set(read_queries(tmp_path, SOURCES)) == {"pedidos_año", "señores", "заказы"}


@pytest.mark.parametrize("name", ["orders.old", "my orders", "orders-2", "1st", "pedidos_an\u0303o", "from"])
def test_a_query_files_name_is_that_of_a_parameter(tmp_path: Path, name: str) -> None:
    """A person's copy is not a query of its own; an editor's hidden file is not looked at."""
    for file in ("orders", name):
        (tmp_path / f"{file}.sql").write_text(MINIMAL + "SELECT 1", encoding="utf-8")
    (tmp_path / ".#orders.sql").write_text("nothing", encoding="utf-8")
    with pytest.raises(ContractError, match="is not a name for a query") as caught:
        read_queries(tmp_path, SOURCES)
    assert str(tmp_path / f"{name}.sql") in caught.value.message
    assert "another folder" in caught.value.hint
    (tmp_path / f"{name}.sql").rename(tmp_path / "Orders.sql")
    with pytest.raises(ContractError, match="Orders and orders differ in the case"):
        read_queries(tmp_path, SOURCES)


def test_every_line_that_the_guide_lists_is_read(tmp_path: Path) -> None:
    """The list in docs/tables.md has an example of each line; together they are a header."""
    named = MINIMAL.replace("key: id", "key: order_id, line")
    more = "\n".join(
        f"-- {line}" for line in HEADER if line.split(":")[0] not in ("grain", "source", "key", "group by")
    )
    query = read(tmp_path, f"{named}{more}\nSELECT 1")
    assert (query.survivor, query.partition_on, query.row_security) == (("-updated_at",), "order_id", True)
    assert (query.pii, dict(query.types)) == (("name", "email"), {"price": "numeric(12,2)", "at": "time"})
