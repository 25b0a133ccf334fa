"""What follows from the dimensions that a contract refers to is known once its folder has been read."""

from dataclasses import replace
from pathlib import Path

import pytest

from config.paths import ROOT
from etl.company.pages import Page, Visual
from etl.company.report import AS_OF, ONE_NIGHT, read_report
from etl.company.tables import contracts
from etl.contract.table import Contract
from etl.core.errors import ContractError
from etl.load.etl_runs import ETL_RUNS
from powerbi.check import faults_of
from powerbi.project import project_files

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


def test_there_is_one_active_path_between_two_tables(tmp_path: Path) -> None:
    """The shortest: a fact's own airport, and not the airport of its weather; else Power BI refuses the model."""
    tables = {
        "dim_airport": """
class DimAirport(Dimension):
    airport_key: Key = surrogate_key()
    code: Text = natural_key("Its code.")
    region_key: Key = reference("dim_region", "Where it is.", on="region")
""",
        "dim_region": """
class DimRegion(Dimension):
    region_key: Key = surrogate_key()
    region: Text = natural_key("Its name.")
""",
        "dim_weather": """
class DimWeather(Dimension):
    weather_key: Key = surrogate_key()
    hour: Integer = natural_key("The hour.")
    airport_key: Key = reference("dim_airport", "Where it was measured.", on="station")
""",
        "fact_flight": """
class FactFlight(Fact):
    flight: Integer = natural_key("Its number.")
    weather_key: Key = reference("dim_weather", "At departure.", on="hour")
    airport_key: Key = reference("dim_airport", "From where.", on="origin")
""",
        "fact_storm": """
class FactStorm(Fact):
    storm: Integer = natural_key("Its number.")
    weather_key: Key = reference("dim_weather", "In its midst.", on="hour")
""",
    }
    for name, text in tables.items():
        text = text.replace(":\n    ", ':\n    """One row each."""\n\n    ', 1)
        (tmp_path / f"{name}.py").write_text(f"{HEAD}{text}\n\ndef build(xs: pd.DataFrame): return xs\n")
    found = {(t, r.name): r.is_active for t, c in contracts(tmp_path).items() for r in c.references}
    assert [key for key, active in found.items() if not active] == [("dim_weather", "airport_key")]


SHARED = {
    "dim_country": """
class DimCountry(Dimension):
    country_key: Key = surrogate_key()
    country: Text = natural_key("Its code.")
""",
    "dim_client": """
class DimClient(Dimension, hierarchies={"Where": ("dim_country.country", "client")}):
    client_key: Key = surrogate_key()
    client: Integer = natural_key("Its number.")
    country_key: Key = reference("dim_country", "Where it is."{client})
""",
    "dim_office": """
class DimOffice(Dimension):
    office_key: Key = surrogate_key()
    office: Integer = natural_key("Its number.")
    country_key: Key = reference("dim_country", "Where it is."{office})
""",
    "fact_sale": """
class FactSale(Fact):
    sale: Integer = natural_key("Its number.")
    client_key: Key = reference("dim_client", "To whom.")
    office_key: Key = reference("dim_office", "By whom.")
""",
}
"""Two dimensions of a fact share a third."""


def shared(folder: Path, **active: str) -> dict[str, Contract]:
    """Read them, with what the references to the shared one say."""
    for name, text in SHARED.items():
        text = text.replace(":\n    ", ':\n    """One row each."""\n\n    ', 1)
        for owner in ("client", "office"):
            text = text.replace("{" + owner + "}", active.get(owner, ""))
        (folder / f"{name}.py").write_text(f"{HEAD}{text}\n\ndef build(xs: pd.DataFrame): return xs\n")
    return contracts(folder)


@pytest.mark.parametrize(
    ("given", "inactive"),
    [
        ({}, ["dim_office.country_key"]),
        ({"client": ", active=False"}, ["dim_client.country_key"]),
        (
            {"client": ", active=False", "office": ", active=False"},
            ["dim_client.country_key", "dim_office.country_key"],
        ),
    ],
)
def test_of_two_paths_to_a_shared_dimension_the_contract_chooses(
    tmp_path: Path, given: dict[str, str], inactive: list[str]
) -> None:
    """Else the first one stays, and a fact of offices alone could not be asked by country."""
    found = shared(tmp_path, **given)
    assert [f"{t}.{r.name}" for t, c in found.items() for r in c.references if not r.is_active] == inactive


@pytest.mark.parametrize("given", [{}, {"client": ", active=False"}, {"office": ", active=False"}])
def test_a_shared_dimension_makes_a_model_without_fault(tmp_path: Path, given: dict[str, str]) -> None:
    """One active path, and a hierarchy whose upper level is found by either kind of relationship."""
    found = shared(tmp_path, **given) | {ETL_RUNS.name: ETL_RUNS}
    report = read_report(ROOT / "powerbi")
    trust = {n: m.model_copy(update={"dax": "1"}) for n, m in report.measures.items() if n in (AS_OF, ONE_NIGHT)}
    card = Visual(kind="card", title="T", alt="T.", measures=(AS_OF,))
    small = replace(report, measures=trust, pages=(Page(name="P", title="P", visual=(card,)),), views={}, targets={})
    files = project_files(small, found)
    assert faults_of(files) == []
    client = next(text for path, text in files.items() if path.endswith("tables/Client.tmdl"))
    way = "RELATED('Country'[Country])"
    if "client" in given:
        way = "LOOKUPVALUE('Country'[Country], 'Country'[Country Key], 'Client'[Country Key])"
    assert f"column Country = {way}\n" in client


def test_a_reference_is_active_or_is_not(tmp_path: Path) -> None:
    """Anything else is refused with what to write."""
    with pytest.raises(ContractError, match="active='no' is neither True nor False"):
        shared(tmp_path, client=", active='no'")
