"""What follows from the dimensions that a contract refers to is known once its folder has been read."""

from pathlib import Path

from etl.company.tables import contracts

HEAD = "import pandas as pd\nfrom etl.contract import *\n"
TABLES = {
    "dim_day": '''
class DimDay(Dimension):
    """One row per day."""

    day_key: Key = surrogate_key()
    day: Date = natural_key("The day.")
''',
    "dim_person": '''
class DimPerson(Dimension):
    """One row per person."""

    person_key: Key = surrogate_key()
    country: Text = natural_key("Where the number was given.")
    number: Text = natural_key("The number.", pii=True)
    manager_key: Key = reference("dim_person", "Who leads.", on=["manager_country", "manager_number"])
''',
    "fact_letter": '''
class FactLetter(Fact):
    """One row per letter."""

    sender_key: Key = reference("dim_person", "From whom.", on=["sender_country", "sender_number"], grain=True)
    reader_key: Key = reference("dim_person", "To whom.")
    sent_key: Key = reference("dim_day", "Sent.", on="sent", grain=True)
    place: Text = natural_key("Where.")
''',
}


def test_a_reference_says_by_what_it_is_found_and_whether_it_is_the_active_one(tmp_path: Path) -> None:
    """Of two to the same dimension the first is active; what finds a marked key is personal, whatever its name."""
    for name, text in TABLES.items():
        (tmp_path / f"{name}.py").write_text(f"{HEAD}{text}\n\ndef build(xs: pd.DataFrame): return xs\n")
    found = contracts(tmp_path)
    letter, person = found["fact_letter"], found["dim_person"]
    assert [(c.name, c.on, c.key, c.is_active, c.personal) for c in (*letter.references, *person.references)] == [
        ("sender_key", ("sender_country", "sender_number"), ("country", "number"), True, ("sender_number",)),
        ("reader_key", ("country", "number"), ("country", "number"), False, ("number",)),
        ("sent_key", ("sent",), ("day",), True, ()),
        ("manager_key", ("manager_country", "manager_number"), ("country", "number"), False, ("manager_number",)),
    ]
    assert [c.name for c in letter.active_references] == ["sender_key", "sent_key"]
    assert letter.built_key == ("sender_country", "sender_number", "sent", "place")
    assert letter.found_by == ("sender_country", "sender_number", "country", "number", "sent")
    assert letter.personal == {"sender_number", "number"}
    assert person.personal == {"number", "manager_number"}
