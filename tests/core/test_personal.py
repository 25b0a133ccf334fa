"""Personal data: what follows from the marks of table files, and what is left of a text that quotes values."""

from pathlib import Path

import pytest

from etl.core.personal import Marks, without_values
from tests.drawn import rows_of

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
    "broken": "def build(:",
}
QUERIES = """
| query    | columns                             | personal         |
| -------- | ----------------------------------- | ---------------- |
| people   | person_id, given, name, email, town | given,name,email |
| calls    | person_id, number, at               | number,at        |
| products | product_id, name, email             | email            |
| others   | id, name, given                     | name             |
"""


@pytest.mark.parametrize(("query", "columns", "personal"), rows_of(QUERIES))
def test_what_is_personal_in_a_query_follows_from_the_tables(
    tmp_path: Path, query: str, columns: str, personal: str
) -> None:
    """By name, and of what a marked column may be made of; a file that cannot be read is left to stage 2."""
    for name, text in TABLES.items():
        (tmp_path / f"{name}.py").write_text(text)
    marks = Marks.of(tmp_path)
    assert marks.in_query(query, columns.split(", ")) == set(personal.split(","))
    assert marks.in_query("unread", ["id", "nick", "secret"], ["secret"]) == {"secret"}
    assert marks.concern(query, f"SELECT {columns} FROM somewhere")
    assert not marks.concern("others", "SELECT id, town FROM somewhere")
    assert Marks.of(tmp_path / "none").in_query(query, columns.split(", ")) == frozenset()


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
