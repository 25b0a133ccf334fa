"""Personal data: what follows from the marks of table files, and what is left of a text that quotes values."""

from pathlib import Path

import pytest

from etl.contract.column import Role
from etl.core.personal import _WORDS, Marks, without_values
from tests.drawn import cells_of

TABLES = {
    "_common": "EMAIL = attribute('Address.', pii=True)\nTOWN = attribute('Town.')\n",
    "dim_person": """
class DimPerson(Dimension):
    person_key: Key = surrogate_key()
    person_id: Integer = natural_key("Number.")
    name: Text = attribute(
        "The whole name.",
        pii=True,
    )
    email: Text = EMAIL
    town: Text = _common.TOWN
    nick: Text = attribute("Nick.", pii=False)
def build(people, towns): ...
def partial_calls(calls, night): ...
""",
    "dim_product": "class P(Dimension):\n    name: Text = attribute('Its name.')\ndef build(products): ...\n",
}
QUERIES = """
| query    | columns                             | personal         |
| -------- | ----------------------------------- | ---------------- |
| people   | person_id, given, name, email, town | given,name,email |
| calls    | person_id, number, at               | number,at        |
| products | product_id, name, email             | email            |
| others   | id, name, given                     | name             |
"""


@pytest.mark.parametrize(("query", "columns", "personal"), cells_of(QUERIES))
def test_what_is_personal_in_a_query_follows_from_the_tables(
    tmp_path: Path, query: str, columns: str, personal: str
) -> None:
    """By name, and of what a marked column may be made of."""
    for name, text in TABLES.items():
        (tmp_path / f"{name}.py").write_text(text)
    marks = Marks.of(tmp_path)
    assert marks.in_query(query, columns.split(", ")) == set(personal.split(","))
    assert marks.in_query("unread", ["id", "nick", "secret"], ["secret"]) == {"secret"}
    assert marks.concern(query, f"SELECT {columns} FROM somewhere")
    assert not marks.concern("others", "SELECT id, town FROM somewhere")
    assert Marks.of(tmp_path / "none").in_query(query, columns.split(", ")) == frozenset()


@pytest.mark.parametrize(
    ("before", "declared", "personal"),
    [
        ("", "attribute('X.')", False),
        ("", "contract.attribute('X.', pii=False)", False),
        ("", "attribute('X.', pii=1)", True),
        ("", "attribute('X.', **options)", True),
        ("PERSONAL = {'pii': True}", "attribute('X.', **PERSONAL)", True),
        ("def personal(m): return attribute(m, pii=True)", "personal('X.')", True),
        ("def of(m): return attribute(m, pii=True)\ndef personal(m): return of(m)", "personal('X.')", True),
        ("personal = functools.partial(attribute, pii=True)", "personal('X.')", True),
        ("def text(m): return attribute(m)", "text('X.')", False),
        ("def text(m, **more): return attribute(m, **more)", "text('X.')", True),
        ("from ._common import MARKED as other", "other", True),
        ("TOWN = attribute('X.')", "TOWN", False),
        ("", "somebody.elses('X.')", True),
        ("", "attribute('X.') if LONG else attribute('Y.')", True),
    ],
)
def test_what_is_not_plainly_unmarked_is_personal(tmp_path: Path, before: str, declared: str, personal: bool) -> None:
    """Stage 1 reads the text of table files alone: what it cannot follow it takes for marked."""
    (tmp_path / "_common.py").write_text("MARKED = attribute('Address.', pii=True)\n")
    file = f"{before}\nclass D(Dimension):\n    x: Text = {declared}\ndef build(people): ...\n"
    (tmp_path / "dim_person.py").write_text(file)
    assert Marks.of(tmp_path).in_query("people", ["x"]) == ({"x"} if personal else set())


@pytest.mark.parametrize("content", [b"def build(:", b"\xff", None])
def test_while_a_table_file_cannot_be_read_every_column_is_personal(tmp_path: Path, content: bytes | None) -> None:
    """What it marks is not known; stage 2 says what is wrong with it."""
    (tmp_path / "dim_product.py").write_text(TABLES["dim_product"])
    if content is None:
        (tmp_path / "dim_person.py").symlink_to("nowhere")
    else:
        (tmp_path / "dim_person.py").write_bytes(content)
    assert Marks.of(tmp_path).in_query("products", ["name", "price"]) == {"name", "price"}


SAID = [
    ('invalid input syntax for type integer: "Ana"', "invalid input syntax for type integer: ***"),
    ('invalid input syntax for type integer: "An"a" b"', "invalid input syntax for type integer: ***"),
    ('value "99" is out of range for type smallint', "value *** is out of range for type smallint"),
    ('column "nmae" does not exist', 'column "nmae" does not exist'),
    ('relation "a"."b" is gone: "Ana"', 'relation "a".***'),
    ('syntax error at or near "form"', 'syntax error at or near "form"'),
    ("Unknown column 'nmae' in 'field list'", "Unknown column 'nmae' in ***"),
    ("(1366, \"Incorrect value: 'Ana' for column 'age'\")", "Incorrect value: *** for column 'age' (1366)"),
    ("Conversion failed for the varchar value 'Ana' to int.", "Conversion failed for the varchar value *** to int."),
    ("it doesn't exist, isn't it", "it doesn't exist, isn't it"),
]


@pytest.mark.parametrize(("said", "left"), SAID)
def test_a_text_is_left_without_the_values_that_it_quotes(said: str, left: str) -> None:
    """Names of columns and the like stay, so that a person knows where to look."""
    assert without_values(said) == left


def test_the_words_that_declare_a_column_are_those_of_the_contracts() -> None:
    """They are listed where table files are read without being imported; each role has its word.

    A folded text has none: it comes with the attribute that is folded; nor have the columns of a history.
    """
    engines = (Role.FOLDED, Role.FIRST_SEEN, Role.HISTORY, Role.DURABLE_KEY)
    words = {role.value.replace(" ", "_") for role in Role if role not in engines}
    assert words == set(_WORDS)
