"""A company's own tests: drawn tables in, what is published out; what is wrong in its files fails."""

import re
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import config
from config.paths import ROOT
from etl.commands import main
from etl.core.errors import ContractError, EtlError, UsageError
from etl.testing import Company
from etl.testing.drawing import drawn, frame_of
from tests.called import called
from tests.drawn import cells_of
from tests.reporting import write_report

DIM_COUNTRY = '''"""Countries."""

import pandas as pd

from etl.contract import (
    SET_ASIDE, Dimension, Integer, Key, Money, Text, attribute, clean_text, natural_key, surrogate_key
)


class DimCountry(Dimension):
    """One row per country."""

    country_key: Key = surrogate_key()
    country_code: Text = natural_key("Its code.")
    clients: Integer = attribute("Clients from there.", ge=1)
    paid: Money = attribute("What they paid.", nullable=True)


def build(countries: pd.DataFrame) -> pd.DataFrame:
    """Codes are in upper case."""
    code = clean_text(countries["country"], case="upper")
    left_out = code.isna().map({True: "no code"})
    return countries.assign(country_code=code, **{SET_ASIDE: left_out}).drop(columns="country")
'''
TEST = """from etl.testing import Company


def test_codes_are_in_upper_case(company: Company) -> None:
    company.build("dim_country", countries="| country | clients | paid |\\n|-|-|-|\\n| es | 1 | 2.50 |").must_be(
        "| country_code | clients |\\n|-|-|\\n| ES | 1 |"
    )
"""
QUERY = "-- Countries.\n-- grain: one\n-- source: s\n-- key: country\n-- types: clients numeric(12,2)\n\nSELECT 1\n"
SETTINGS = "WAREHOUSE=duckdb\nBUSINESS_TIME_ZONE=UTC\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a company's folder with one table and its test."""
    files = {"tables/dim_country.py": DIM_COUNTRY, "tests/test_dim_country.py": TEST, "prod.env": SETTINGS}
    files["queries/countries.sql"] = QUERY
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def company(folder: Path) -> Company:
    """Give the company of that folder."""
    return Company(folder / "tables", folder / "queries")


COUNTRIES = """
    | country | clients | paid numeric(12,2) |
    | ------- | ------- | ------------------ |
    | ·es     | 3       | 10.50              |
    | FR      | 0       | ∅                  |
    | ∅       | 1       | ∅                  |
"""


def test_what_is_published_rejected_and_set_aside_is_told(company: Company) -> None:
    """As the engine does it: rules of the contract, and reasons of build."""
    built = company.build("dim_country", countries=COUNTRIES)
    built.must_be(
        """
        | country_code | paid  | clients |
        | ------------ | ----- | ------- |
        | ES           | 10.50 | 3       |
        """
    )
    built.must_have("| country_code |\n|-|\n| ES |")
    assert built.rows == [
        {"clients": Decimal("3.00"), "paid": Decimal("10.50"), "country_code": "ES", "_set_aside": None}
    ]
    assert built.set_aside == {"no code": 1}
    (reason,) = built.rejects
    assert "clients" in reason


def test_another_table_than_the_drawn_one_fails_and_is_drawn(company: Company) -> None:
    """Both of them, so that a reader sees the difference."""
    built = company.build("dim_country", countries=COUNTRIES)
    with pytest.raises(AssertionError) as failed:
        built.must_be("| country_code | clients |\n|-|-|\n| ES | 4 |")
    assert "| ES           | 3.00    |" in str(failed.value)
    assert "and not\n\n| country_code | clients |\n| ------------ | ------- |\n| ES           | 4.00    |" in str(
        failed.value
    )
    with pytest.raises(AssertionError, match="dim_country has no such rows"):
        built.must_have("| country_code |\n|-|\n| FR |")


WRONG = """
| table       | given     | drawn         | what is said                                                    |
| ----------- | --------- | ------------- | --------------------------------------------------------------- |
| dim_contry  | countries | country       | There is no table dim_contry                                    |
| dim_country | contries  | country       | dim_country is built of countries, which the test does not give |
| dim_country | countries | country money | The head of column country names no type: money                 |
| dim_country | countries | country int   | 'x' is drawn in a column of type int64                          |
"""


@pytest.mark.parametrize(("table", "given", "head", "said"), cells_of(WRONG))
def test_a_wrong_test_is_told_what_is_wrong(company: Company, table: str, given: str, head: str, said: str) -> None:
    """With a hint."""
    with pytest.raises(EtlError) as caught:
        company.build(table, **{given: f"| {head} |\n|-|\n| x |"})
    assert said in caught.value.message
    assert caught.value.hint


def test_a_column_that_build_does_not_return_is_named(company: Company) -> None:
    """With what was most likely meant."""
    with pytest.raises(UsageError, match="dim_country has no column country_cod"):
        company.build("dim_country", countries=COUNTRIES).must_be("| country_cod |\n|-|\n| ES |")


def test_a_row_with_another_number_of_cells_is_refused() -> None:
    """Before it is read into the wrong columns."""
    with pytest.raises(ContractError, match="another number of cells"):
        frame_of("| a | b |\n|-|-|\n| 1 |", {})


LOOKS = """
| cells                              | type                    |
| ---------------------------------- | ----------------------- |
| 1, -20, ∅                          | int64                   |
| 007, 1                             | string                  |
| 1.5, 20.25, 3                      | decimal128(38, 2)       |
| 2030-01-31, ∅                      | date32[day]             |
| 2030-01-31 10:00                   | timestamp[us, tz=UTC]   |
| yes, no                            | bool                    |
| yes, 1                             | string                  |
| ∅                                  | string                  |
| a·                                 | string                  |
"""


@pytest.mark.parametrize(("cells", "kind"), cells_of(LOOKS))
def test_a_column_is_of_the_type_that_its_values_look_like(cells: str, kind: str) -> None:
    """And is drawn again as it was."""
    table = "| x |\n| - |\n" + "\n".join(f"| {cell} |" for cell in cells.split(", "))
    frame = frame_of(table, {})
    assert str(frame["x"].dtype.pyarrow_dtype) == kind  # type: ignore[union-attr]
    again = drawn(pa.Table.from_pandas(frame, preserve_index=False).to_pylist(), ["x"])
    assert frame_of(again, {}).equals(frame)


def test_a_query_says_the_types_that_its_header_names(company: Company) -> None:
    """Unless the drawing says another."""
    frame = company._frame("countries", {}, "| clients | paid text |\n|-|-|\n| 1 | 1 |")
    assert isinstance(frame, pd.DataFrame)
    assert [str(kind) for kind in frame.dtypes] == ["decimal128(12, 2)[pyarrow]", "string[pyarrow]"]


def test_what_a_query_has_besides_is_null_and_why_rows_are_missing_is_told(company: Company, folder: Path) -> None:
    """As far as its text names its columns; the rule that a row breaks is told where a row is missing."""
    select = "SELECT lower(c.name) AS country, c.clients, c.paid FROM countries AS c WHERE changed_at < :as_of"
    (folder / "queries/countries.sql").write_text(QUERY.replace("SELECT 1", select))
    company.build("dim_country", countries="| country | clients |\n|-|-|\n| fr | 1 |").must_be(
        "| country_code | paid |\n|-|-|\n| FR | ∅ |"
    )
    with pytest.raises(AssertionError, match="1 rejected: clients"):
        company.build("dim_country", countries="| country |\n|-|\n| fr |").must_have("| country_code |\n|-|\n| FR |")


def test_columns_of_a_query_are_read_in_its_source_s_own_sql(folder: Path) -> None:
    """Such as names in MySQL's quotes, and its comments."""
    (folder / "prod.env").write_text(SETTINGS + "SOURCE_S_URL=mysql+pymysql://u@h/shop\n")
    select = "SELECT `c`.`country`, `clients`, # how many\n paid FROM `countries` AS c"
    (folder / "queries/countries.sql").write_text(QUERY.replace("SELECT 1", select))
    built = Company.of(config.load(folder / "prod.env")).build("dim_country", countries="| country |\n|-|\n| fr |")
    assert list(built.rejects.values()) == [1]  # for it has no clients


def test_the_company_is_tested_and_not_the_sample(folder: Path) -> None:
    """./test.sh --env runs its tests, with pytest's arguments; a table file that is broken fails, tested or not.

    A file of the company's that is called as a module of the engine's is not taken for that.
    """
    (folder / "tables/dim_country.py").write_text(DIM_COUNTRY.replace('case="upper"', 'case="lower"'))
    (folder / "config.py").write_text("raise SystemExit(9)\n")
    (folder / "tests/test_engine.py").write_text("def test_x() -> None:\n    import config.paths\n")
    command = [ROOT / "test.sh", "--env", "prod.env", "-q", "-p", "no:cacheprovider", "-k", "upper or x"]
    failed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (failed.returncode, "1 failed, 1 passed" in failed.stdout) == (1, True), failed.stdout + failed.stderr
    assert failed.stdout.startswith(f"{folder}: the files fit together (1 table, 1 query).\n")
    assert "dim_country is" in failed.stdout
    (folder / "tables/dim_other.py").write_text("this is no Python\n")
    broken = called(main, ["etl", "test", "--env", str(folder / "prod.env")])
    assert (broken.returncode, broken.stdout) == (1, "")
    assert broken.stderr.startswith(f"Error: {folder}/tables/dim_other.py:1 cannot be read")


def test_a_company_without_tests_is_told_so(folder: Path) -> None:
    """Nothing that was tested is not taken for a success."""
    (folder / "tests/test_dim_country.py").unlink()
    done = called(main, ["etl", "test", "--env", str(folder / "prod.env")])
    assert done.returncode == 2
    assert f"Error: There is no test in {folder}/tests." in done.stderr


def test_the_settings_file_is_not_passed_on_to_pytest(folder: Path) -> None:
    """Behind pytest's arguments it would be: then another company's tests might run."""
    done = called(main, ["etl", "test", "x", "--env", str(folder / "prod.env")], ETL_ENV=str(folder / "prod.env"))
    assert done.returncode == 2
    assert "--env stands before" in done.stderr


def test_the_test_of_the_guide_passes_for_the_table_of_the_guide(tmp_path: Path) -> None:
    """docs/your-company.md tests what docs/tables.md shows."""
    table = re.search(
        r"`tables/dim_country.py`:\n\n```python\n(.*?)```", (ROOT / "docs/tables.md").read_text(), re.DOTALL
    )
    test = re.search(r"```python\n(.*?)```", (ROOT / "docs/your-company.md").read_text(), re.DOTALL)
    assert table
    assert test
    (tmp_path / "dim_country.py").write_text(table[1])
    names: dict[str, Any] = {}
    exec(test[1], names)  # noqa: S102 -- our own
    (check,) = (value for name, value in names.items() if name.startswith("test_"))
    check(Company(tmp_path, tmp_path))


@pytest.mark.parametrize(
    ("source", "of", "dax", "said"),
    [
        ("s", "dim_contry", "COUNTROWS(Country)", "is of dim_contry, which is no table or view"),
        ("s", "dim_country", "COUNTROWS(Contry)", "Contry"),
        ("hotel", "dim_country", "COUNTROWS(Country)", "SOURCE_HOTEL_URL is not set.\nTry: Did you mean hotels?"),
    ],
)
def test_what_a_night_or_power_bi_would_refuse_fails_before_the_tests(
    folder: Path, capfd: pytest.CaptureFixture[str], source: str, of: str, dax: str, said: str
) -> None:
    """A measure of a table that is not there, DAX that names what the model has not, a source that nobody set."""
    (folder / "prod.env").write_text(f"{SETTINGS}SOURCE_S_URL=sqlite:///s.db\nSOURCE_HOTELS_URL=sqlite:///h.db\n")
    (folder / "queries/countries.sql").write_text(QUERY.replace("source: s", f"source: {source}"))
    write_report(folder / "powerbi", of, "COUNT(*)", dax)
    done = called(main, ["etl", "test", "--env", str(folder / "prod.env")])
    err = done.stderr + capfd.readouterr().err
    assert (done.returncode in (1, 2), said in err) == (True, True), done.stdout + err
    assert "python -m sample" not in done.stderr
