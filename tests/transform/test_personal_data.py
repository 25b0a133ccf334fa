"""Personal data in what stage 2 says: errors and reasons tell columns and counts, and of marked columns no value."""

import re
from pathlib import Path

import pytest

from etl.core.errors import ContractError
from tests.transform.house import House, Raw

PERSON = """
class DimPerson(Dimension):
    \"\"\"One row per person.\"\"\"

    person_key: Key = surrogate_key()
    code: Text = natural_key("The card's number.", pii=True)
    email: Text = attribute("The address.", nullable=True, pii=True)
    town: Text = attribute("The town.", nullable=True)


def build(people: pd.DataFrame) -> pd.DataFrame:
    {code}
    return people
"""
VISIT = """
class FactVisit(Fact, stream="visits"):
    \"\"\"One row per visit.\"\"\"

    visit_id: Integer = natural_key("Its number.")
    person_key: Key = reference("dim_person", "Who.", on="card")
    price: Money = measure("What was paid.", nullable=True)


def build(visits: pd.DataFrame) -> pd.DataFrame:
    {code}
    return visits
"""
CANARY = "CANARY"
ADDED = "people = pd.concat([people, people])"


def company(folder: House, *, person: str = "pass", visit: str = "pass", twice: str = "", again: str = "") -> House:
    """Give a house of three people and two visits, with more code in the functions, and doubled raw keys."""
    folder.write(dim_person=PERSON.format(code=person), fact_visit=VISIT.format(code=visit))
    rows = [(f"CANARYid{n}", f"CANARY{n}@x", "Lugo") for n in range(3)]
    visits = [("1", "CANARYid0", "1.00"), ("2", "CANARYid1", "2.00")]
    folder.raw(
        people=Raw("code string, email string, town string", rows + rows[:1] * bool(twice), ("code",)),
        visits=Raw(
            "visit_id int64, card string, price decimal128(18, 2)",
            visits + visits[:1] * bool(again),
            ("visit_id", "card"),
        ),
    )
    return folder


FAULTS = {
    "a doubled key of a query": ({"twice": "yes"}, "people.csv: 1 rows repeat the key of another row (code: personal"),
    "of a streamed one": ({"again": "yes"}, "for example visit_id 1 (card: personal data, not shown)."),
    "a doubled key of a table": ({"person": ADDED}, "dim_person: 3 rows repeat the key of another row (code: personal"),
    "an exception of its own": ({"person": "raise KeyError(people.email[1])"}, "KeyError (its text may hold personal"),
    "a library's": (
        {"person": 'people["email"].astype(float)'},
        "(its text may hold personal data, so it is not shown)",
    ),
    "of a table that refers": ({"visit": "raise ValueError(visits.card.iloc[0])"}, "ValueError (its text may hold"),
    "a typing mistake": ({"person": 'people["emial"]'}, "KeyError: 'emial'"),
    "an unknown name": ({"person": "peple"}, "name 'peple' is not defined"),
}


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Give a house without tables."""
    return House(tmp_path)


@pytest.mark.parametrize("fault", FAULTS)
def test_an_error_tells_no_personal_value(house: House, fault: str) -> None:
    """What is code is told as it is; the rest is kept beside the rejects."""
    options, said = FAULTS[fault]
    with pytest.raises(ContractError) as caught:
        company(house, **options).build()
    assert said in caught.value.message
    assert CANARY not in caught.value.message + caught.value.hint
    kept = list(house.folder.rglob("*.error.txt"))
    assert len(kept) == ("its text" in said)
    assert all(CANARY in path.read_text() or "float" in path.read_text() for path in kept)


def test_a_table_without_marks_tells_what_it_raised(house: House) -> None:
    """A value that nobody marked may be told."""
    company(house)
    house.write(
        dim_person=PERSON.format(code="pass").replace(", pii=True", ""),
        fact_visit=VISIT.format(code="raise ValueError(visits.card.iloc[0])"),
    )
    with pytest.raises(ContractError, match="ValueError: CANARYid0"):
        house.build()


def test_reasons_do_not_repeat_the_rows_own_personal_data(house: House) -> None:
    """They are counted together, told in logs, and kept in manifests; the rejects themselves have the values."""
    code = (
        'people["_reject"] = ("no address: " + people["email"]).where(people["code"] == "CANARYid1")\n'
        '    people["_set_aside"] = (people["code"] + " of " + people["town"]).where(people["code"] == "CANARYid2")'
    )
    star = company(house, person=code).build()
    assert star.tables["dim_person"].rejected == {"no address: ***": 1}
    assert star.tables["dim_person"].set_aside == {"*** of Lugo": 1}
    ((reason, row),) = house.rejects("dim_person")
    assert (reason, row["email"]) == ("no address: ***", "CANARY1@x")
    assert not re.search("CANARY", star.model_dump_json())
