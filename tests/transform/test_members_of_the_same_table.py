"""A dimension that refers to itself, as employees to their manager: keys are known before the references."""

from pathlib import Path

import pytest

from etl.company.tables import contracts, read_tables
from etl.core.counts import Unknown
from etl.core.errors import ContractError
from etl.docs.company import Company
from etl.docs.matrix import bus_matrix
from etl.docs.mermaid import star
from etl.load.shape import references
from powerbi.model import relationships
from tests.transform.house import House, Raw

DIM_PERSON = '''
class DimPerson(Dimension, rejects=1.0, unknown=1.0):
    """One row per person."""

    person_key: Key = surrogate_key()
    country: Text = natural_key("Where the number was given.")
    person_id: Integer = natural_key("Its number there.")
    manager_key: Key = reference("dim_person", "Who leads the person.", on=["country", "manager_id"])
    mentor_key: Key = reference("dim_person", "Who helps the person.", on=["mentor_country", "mentor_id"])
    age: Integer = attribute("Years.", nullable=True, ge=0)


def build(people: pd.DataFrame) -> pd.DataFrame:
    return people.assign(_unpublished=people["person_id"] == 99)
'''
PEOPLE = "country string, person_id int64, manager_id int64, mentor_country string, mentor_id int64, age int64"
ROWS = [
    ("es", "1", None, None, None, "60"),
    ("es", "2", "1", "fr", "1", "50"),  # leads and is led; another country's 1 helps
    ("fr", "1", "1", "es", "2", "40"),  # leads itself
    ("es", "3", "2", "es", "7", "30"),  # nobody has number 7
    ("es", "4", "5", "es", "99", "20"),  # its manager is rejected, its mentor lies before the window
    ("es", "5", "1", None, None, "-1"),
    ("es", "99", "1", None, None, "70"),
]


@pytest.fixture
def people(tmp_path: Path) -> House:
    """People of two countries."""
    house = House(tmp_path, dim_person=DIM_PERSON)
    house.raw(people=Raw(PEOPLE, ROWS, ("country", "person_id")))
    return house


def leaders(house: House) -> dict[tuple[object, object], list[object]]:
    """Give each person's manager and mentor by their own numbers; None where they are unknown."""
    rows = house.rows("dim_person")
    names = {row["person_key"]: (row["country"], row["person_id"]) for row in rows if row["person_key"]} | {0: None}
    return {
        (row["country"], row["person_id"]): [names[row["manager_key"]], names[row["mentor_key"]]]
        for row in rows
        if row["person_key"]
    }


LED = {
    ("es", 1): [None, None],
    ("es", 2): [("es", 1), ("fr", 1)],
    ("fr", 1): [("fr", 1), ("es", 2)],
    ("es", 3): [("es", 2), None],
    ("es", 4): [None, None],
}


def test_members_refer_to_members_that_are_published(people: House) -> None:
    """To themselves, to those further down, to none that is rejected or before the window; the unknown are counted."""
    told = people.build().tables["dim_person"]
    assert leaders(people) == LED
    assert told.unknown == {
        "manager_key": Unknown(null=1, unmatched=1),
        "mentor_key": Unknown(null=1, unmatched=2),
    }
    assert people.rows("dim_person")[0]["manager_key"] == 0


def test_the_keys_stay_and_follow_when_others_come(people: House) -> None:
    """A new manager gets the next key; those that refer to members of last night keep theirs."""
    people.build()
    before = {row["person_id"]: row["person_key"] for row in people.rows("dim_person") if row["country"] == "es"}
    people.raw(people=Raw(PEOPLE, [("es", "0", None, None, None, "9"), *ROWS], ("country", "person_id")))
    people.build()
    assert {**leaders(people)} == LED | {("es", 0): [None, None]}
    after = {row["person_id"]: row["person_key"] for row in people.rows("dim_person") if row["country"] == "es"}
    assert after == before | {0: max(after.values())}


def test_workers_build_it_too(people: House) -> None:
    """As the night does, and it is planned."""
    assert "dim_person" in people.script("--dry-run").stdout
    assert people.script().returncode == 0
    assert leaders(people) == LED


def test_no_table_is_related_to_itself_where_that_is_forbidden(people: House) -> None:
    """BigQuery's foreign keys and Power BI's relationships end in other tables; the documents show the reference."""
    found = contracts(people.tables_dir)
    assert references(found["dim_person"], found.values()) == ()
    assert relationships(found) == []
    company = Company(queries={}, tables=read_tables(people.tables_dir), report=None)
    assert "dim_person }o..|| dim_person" in star(company)
    assert bus_matrix(company).rows == ()


@pytest.mark.parametrize(
    ("change", "told", "cure"),
    [
        (('on=["country", "manager_id"]', 'on=["country", "person_id"]'), "which is each row itself", "manager_id"),
        ((', on=["country", "manager_id"]', ""), "which is each row itself", "manager_id"),
        (('["country", "manager_id"]', '["country", "manager_id"], grain=True'), "cannot identify a row", "grain="),
    ],
)
def test_a_reference_to_each_row_itself_is_a_fault(
    tmp_path: Path, change: tuple[str, str], told: str, cure: str
) -> None:
    """It would say nothing."""
    house = House(tmp_path, dim_person=DIM_PERSON.replace(*change))
    with pytest.raises(ContractError, match=told) as fault:
        contracts(house.tables_dir)
    assert cure in fault.value.hint


def test_a_wrong_type_is_told_as_of_any_reference(people: House) -> None:
    """Text is no number."""
    people.write(
        dim_person=DIM_PERSON.replace(
            "return people.", 'people["manager_id"] = people["mentor_country"]\n    return people.'
        )
    )
    with pytest.raises(ContractError, match="dim_person: manager_id is text"):
        people.build()
