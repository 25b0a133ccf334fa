"""Pseudonyms: no value of personal data is in a star, and all that hangs on equal values is as it was with them."""

import re
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from etl.core.errors import ContractError, GuardError, UsageError
from etl.core.pseudonyms import pseudonym, pseudonyms
from tests.transform.house import House, Raw

PERSON = '''
class DimPerson(Dimension, survivor="town"):
    """One row per person."""

    person_key: Key = surrogate_key()
    code: Text = natural_key("The card's number.", pii=HASH)
    email: Text = attribute("The address.", nullable=True, unknown="nobody's", pii=HASH)
    phone: Text = attribute("The telephone.", nullable=True, pii=DROP)
    town: Text = attribute("The town.", nullable=True)
    boss_key: Key = reference("dim_person", "The boss.", on="boss")


def build(people: pd.DataFrame) -> pd.DataFrame:
    reason = ("bad address " + people["email"]).where(people["town"].eq("Nowhere"))
    return people[["code", "email", "phone", "town", "boss"]].assign(**{REJECT: reason})
'''
VISIT = '''
class FactVisit(Fact, stream="visits"):
    """One row per visit."""

    visit_id: Integer = natural_key("Its number.")
    person_key: Key = reference("dim_person", "Who.", on="card")
    price: Money = measure("What was paid.", nullable=True)


def build(visits: pd.DataFrame) -> pd.DataFrame:
    return visits
'''
MAIL = '''
class FactMail(Fact):
    """One row per address."""

    email: Text = natural_key("The address.", pii=HASH)
    code: Text = attribute("The card's number.", pii=HASH)
    visits: Integer = measure("How often there was a visit.")


def partial(fact_visit: pd.DataFrame) -> pd.DataFrame:
    return fact_visit.groupby("card", as_index=False).agg(visits=("visit_id", "count"))


def build(fact_visit: pd.DataFrame, dim_person: pd.DataFrame) -> pd.DataFrame:
    each = fact_visit.groupby("card", as_index=False)["visits"].sum()
    return dim_person.merge(each, left_on="code", right_on="card")[["email", "code", "visits"]]
'''
CORRECTION = """
[[correction]]
query = "people"
where = { code = "CANARY0" }
set = { email = "CANARY@corrected" }
reason = "moved"
until = 2099-01-01
"""
PEOPLE = [
    ("CANARY0", "CANARYold@x", "CANARY555", "Lugo", "1", None),
    ("CANARY1", "CANARYone@x", "CANARY556", "Vigo", "1", "CANARY0"),
    ("CANARY2", None, "CANARY557", None, "1", "CANARY1"),
    ("CANARY3", "CANARYbad@x", "CANARY558", "Nowhere", "1", None),
    ("CANARY4", "CANARY4@x", "CANARY559", "Lugo", "many", None),
    ("CANARY1", "CANARYtwo@x", "CANARY556", "Zamora", "1", "CANARY0"),
]
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Give a house whose people are to be pseudonyms."""
    house = House(tmp_path, dim_person=PERSON, fact_visit=VISIT, fact_mail=MAIL)
    (house.tables_dir / "dim_person.corrections.toml").write_text(CORRECTION)
    house.settings = house.settings.model_copy(update={"pseudonym_key": SecretStr(KEY)})
    raw(house)
    return house


def raw(house: House) -> None:
    """Extract people and visits."""
    columns = "code string, email string, phone string, town string, age int64, boss string"
    visits = [("1", "CANARY0", "1.00"), ("2", "CANARY1", "2.00"), ("3", "CANARY1", "many"), ("4", "CANARY9", "1.00")]
    house.raw(
        people=Raw(columns, PEOPLE, ()),
        visits=Raw("visit_id int64, card string, price decimal128(18, 2)", visits, ("visit_id",)),
    )


def of(text: str) -> str:
    """Give what stands for a text."""
    return pseudonym(text, KEY.encode())


def test_no_value_is_in_a_star_and_references_are_found(house: House) -> None:
    """Tables, Parquet, key maps and rejects; a table made of others has the same pseudonyms as these."""
    house.build()
    folder = house.store.star.path(house.star.run)
    for path in (path for path in folder.rglob("*") if path.is_file()):
        assert b"CANARY" not in path.read_bytes(), path
        assert KEY.encode() not in path.read_bytes()
    people = {row["person_key"]: row for row in house.rows("dim_person")}
    by_code = {row["code"]: row for row in people.values()}
    assert set(by_code) == {None, of("CANARY0"), of("CANARY1"), of("CANARY2")}
    assert by_code[of("CANARY0")]["email"] == of("CANARY@corrected")
    assert by_code[of("CANARY2")]["email"] is None
    assert by_code[of("CANARY2")]["boss_key"] == by_code[of("CANARY1")]["person_key"]
    assert people[0]["email"] == "nobody's"
    assert "phone" not in people[0]
    keys = [by_code[of("CANARY0")]["person_key"], by_code[of("CANARY1")]["person_key"], 0]
    assert [row["person_key"] for row in house.rows("fact_visit")] == keys
    mails = {row["email"]: (row["code"], row["visits"]) for row in house.rows("fact_mail")}
    assert mails == {of("CANARY@corrected"): (of("CANARY0"), 1), of("CANARYone@x"): (of("CANARY1"), 1)}


def test_rejected_rows_tell_the_pseudonym_and_no_reason_tells_a_value(house: House) -> None:
    """Of rows as they were read, of those that build rejected, and of doubled ones."""
    house.build()
    found = dict(house.rejects("dim_person"))
    assert {row["code"] for row in found.values()} == {of("CANARY1"), of("CANARY3"), of("CANARY4")}
    assert found["bad address ***"]["email"] == of("CANARYbad@x")
    assert not re.search("CANARY", str(found))
    [(_, visit)] = house.rejects("fact_visit")
    assert (visit["visit_id"], visit["card"]) == ("3", of("CANARY1"))


def test_members_keep_their_keys_when_their_names_become_pseudonyms(house: House) -> None:
    """The key map, too, loses the names. Back from pseudonyms to names there is no way but other keys."""
    hashed = PERSON
    house.write(dim_person=hashed.replace("pii=HASH", "pii=KEEP"), fact_mail=MAIL.replace("pii=HASH", "pii=KEEP"))
    house.build()
    before = {row["code"]: row["person_key"] for row in house.rows("dim_person")}
    house.write(dim_person=hashed, fact_mail=MAIL)
    house.raw(
        people=Raw("code string, email string, phone string, town string, age int64, boss string", PEOPLE[1::-1], ()),
        visits=Raw("visit_id int64, card string, price decimal128(18, 2)", [("1", "CANARY0", "1.00")], ("visit_id",)),
    )
    house.build()
    after = {row["code"]: row["person_key"] for row in house.rows("dim_person")}
    assert {code: after[code] for code in after if code} == {of(f"CANARY{n}"): before[f"CANARY{n}"] for n in range(2)}
    for path in house.store.star.path(house.star.run).rglob("*.parquet"):
        assert b"CANARY" not in path.read_bytes()
    house.write(dim_person=hashed.replace("pii=HASH", "pii=KEEP"), fact_mail=MAIL.replace("pii=HASH", "pii=KEEP"))
    with pytest.raises(GuardError, match="its natural key was code string as pseudonyms and is code string now"):
        house.build()


def test_another_key_and_none_are_refused(house: House) -> None:
    """Every pseudonym, and all that hangs on one, would be another; what is meant can be accepted."""
    house.build()
    first = house.star
    assert first.pseudonym_key
    assert first.hashed == ("dim_person.code", "dim_person.email", "fact_mail.email", "fact_mail.code")
    house.settings = house.settings.model_copy(update={"pseudonym_key": SecretStr(KEY[::-1])})
    with pytest.raises(GuardError, match="PSEUDONYM_KEY is another one than that of the last star") as refusal:
        house.build()
    accept = re.search(r"night:pseudonyms=\S+", refusal.value.hint)
    assert accept
    house.build(accept=(accept[0],))
    assert house.star.pseudonym_key != first.pseudonym_key
    house.settings = house.settings.model_copy(update={"pseudonym_key": None})
    with pytest.raises(
        UsageError, match="PSEUDONYM_KEY is not set, but personal data is to be hashed or dropped: dim_p"
    ):
        house.build()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("code: Text", "code: Integer", "code is to be hashed, and is no Text"),
        ('number.", pii=HASH)', 'number.", pii=DROP)', "code identifies a row, so that it cannot be dropped"),
        ("pii=DROP", 'pii="mask"', "pii='mask' is none of KEEP, HASH, DROP and True"),
        ('own", pii=HASH', 'own", pii=HASH', ""),
        (
            "nullable=True, unknown",
            'str_contains="@", nullable=True, unknown',
            "the rules of its values cannot be judged",
        ),
    ],
)
def test_what_cannot_be_hashed_or_dropped_is_refused(house: House, old: str, new: str, said: str) -> None:
    """When the contract is read, in a sentence."""
    if not said:
        house.write(fact_visit=VISIT.replace('"Its number.")', '"Its number.")\n    card: Text = attribute("Card.")'))
        said = "card finds dim_person by code, but of code and it only one is hashed"
    else:
        house.write(dim_person=PERSON.replace(old, new, 1))
    with pytest.raises(ContractError, match=re.escape(said)):
        house.build()


@given(st.lists(st.none() | st.text(max_size=5)), st.sampled_from([b"a" * 32, b"b" * 32]))
def test_equal_texts_have_equal_pseudonyms_and_no_others_have(texts: list[str | None], key: bytes) -> None:
    """NULL stays NULL; a pseudonym stays as it is; under another key all are others."""
    made = pseudonyms(pa.array(texts, pa.string()), key).to_pylist()
    assert made == [None if text is None else pseudonym(text, key) for text in texts]
    assert len(set(made)) == len(set(texts))
    assert pseudonyms(pa.array(made, pa.string()), key).to_pylist() == made
    given_ = {each for each in made if each}
    assert not given_ & {pseudonym(text, key[::-1] + b"c") for text in texts if text is not None}
    assert not given_ & set(texts)
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in given_)
