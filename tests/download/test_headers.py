"""What a query's file promises the engine, and what it says when it does not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.core.errors import ContractError
from etl.download.query import Query, read_queries, read_query
from etl.download.sql import binds_of, has_code, one_statement, with_binds
from etl.guards.raw import Tolerance
from tests.drawn import rows_of

MINIMAL = "-- grain: one row per order\n-- source: shop\n-- key: id\n"


def read(folder: Path, text: str) -> Query:
    path = folder / "orders.sql"
    path.write_bytes(text.encode())
    return read_query(path)


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
    assert query.tolerance == Tolerance(may_be_empty=True, shrink=0.025, grow=3.0, newest="at")
    assert query.types == (("id", "bigint"), ("price", "numeric(12, 2)"), ("at", "timestamp with time zone"))


def test_what_the_header_leaves_out_has_a_default(tmp_path: Path) -> None:
    """Grain, source and key are enough."""
    query = read(tmp_path, MINIMAL + "SELECT 1")
    assert (query.survivor, query.group_by, query.types) == ((), (), ())
    assert query.tolerance == Tolerance(may_be_empty=False, shrink=0.1, grow=1.0, newest=None)


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
| -- grain: a/-- source: shop/-- key:/SELECT 1                 | no line `-- key: …`                       |
| -- grain: a/-- source: shop/-- key: ,/SELECT 1               | no line `-- key: …`                       |
| SELECT 1                                                     | no line `-- grain: …`                     |
| -- grain: a/-- sorce: shop/-- key: id/SELECT 1               | orders.sql:2: the header line "sorce"     |
| -- grain: a/-- source: shop/-- key: id/-- key: no/SELECT 1   | orders.sql:4: the header says "key" twice |
| -- grain: a/-- source: shop/-- key: id/-- groupby: id/SELECT | Write "group by"                          |
| -- grain: a/-- source: shop/-- key: id/-- may be empty: 1/X  | is neither yes nor no                     |
| -- grain: a/-- source: shop/-- key: id/-- types: id/SELECT 1 | names no type for id                      |
| -- grain: a/-- source: shop/-- key: id//                     | has a header but no query                 |
| -- grain: a/-- source: shop/-- key: id/ -- SELECT 1/;        | has a header but no query                 |
| -- grain: a/-- source: shop/-- key: id/SELECT 1;/SELECT 2    | orders.sql:4: a second statement follows  |
"""


@pytest.mark.parametrize(("text", "said"), rows_of(FAULTS))
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
        read_queries(tmp_path)
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
        read_query(path)


ENDS = r"""
| written                     | sent                      |
| --------------------------- | ------------------------- |
| SELECT 1;                   | SELECT 1                  |
| SELECT 1 ; -- done          | SELECT 1                  |
| SELECT 1;; /* so; */ ;      | SELECT 1                  |
| SELECT 1 -- not; here       | SELECT 1 -- not; here     |
| SELECT ';--'                | SELECT ';--'              |
| SELECT 'it''s;' ; -- ';'    | SELECT 'it''s;'           |
| SELECT E'\';' ;             | SELECT E'\';'             |
| SELECT ";" FROM a;          | SELECT ";" FROM a         |
| SELECT $$;$$, $x$ $$; $x$ ; | SELECT $$;$$, $x$ $$; $x$ |
| SELECT a/* ; */ + 1;        | SELECT a/* ; */ + 1       |
"""


@pytest.mark.parametrize(("written", "sent"), rows_of(ENDS))
def test_the_closing_semicolon_is_cut_off_and_no_other(written: str, sent: str) -> None:
    """One in a literal or a comment is none."""
    assert one_statement(written).strip() == sent


BINDS = r"""
| SQL                                           | binds        |
| --------------------------------------------- | ------------ |
| WHERE day >= :window_start                    | window_start |
| WHERE day = :a::date AND at < :b              | a b          |
| SELECT x::date, now()::time                   |              |
| SELECT '12:30', 'at :noon', ' :x ''and :y'    |              |
| SELECT ":x" FROM a -- :b                      |              |
| SELECT list[1:2], list[lo:hi] /* :c */        |              |
| SELECT $$ :d $$, $tag$ :e $tag$, E'\' :f'     |              |
| SELECT '{"a":1}'::json, 10 % 3, 'a%b' LIKE :p | p            |
| (:a,:b)                                       | a b          |
"""


@pytest.mark.parametrize(("text", "names"), rows_of(BINDS))
def test_binds_are_the_names_outside_literals_comments_and_casts(text: str, names: str) -> None:
    """Nothing else with a colon is touched."""
    assert binds_of(text) == set(names.split())
    assert with_binds(text, ":{}".format) == text


@given(
    st.lists(
        st.sampled_from(["'", "''", '"', "$$", "$a$", "--", "\n", "/*", "*/", ";", ":x", "::", "E'", "\\", "a", " "])
    )
)
def test_no_text_is_too_strange_to_be_read(parts: list[str]) -> None:
    """Half a literal or a comment without end is PostgreSQL's to refuse: it is handed on as it is."""
    text = "".join(parts)
    assert with_binds(text, ":{}".format) == text
    assert isinstance(has_code(text), bool)
