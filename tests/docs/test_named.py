"""What a text of DAX or SQL names."""

import pytest

from etl.docs.named import measures_in_dax, tables_in_dax, tables_in_sql

TABLES = ["dim_date", "fact_sales", "dim_team_member", "dim_office"]
MEASURES = ["Net Revenue", "Last Sale", "Date"]


@pytest.mark.parametrize(
    ("dax", "tables", "measures"),
    [
        ("SUM(Sales[Net Revenue])", ["fact_sales"], []),
        ("[Net Revenue] - [Last Sale]", [], ["Net Revenue", "Last Sale"]),
        ("COUNTROWS('Team Member') + COUNTROWS(Sales)", ["dim_team_member", "fact_sales"], []),
        ("DATE(YEAR([Last Sale]), 1, 1)", [], ["Last Sale"]),
        ("MAX('Date'[Date])", ["dim_date"], []),
        ('"Sales[Net Revenue] says ""[Net Revenue]""" & Office[Region]', ["dim_office"], []),
        ("1 // Sales, [Net Revenue]\n+ 2 -- Office\n/* 'Date'\n[Last Sale] */", [], []),
        ("VAR Sale = SELECTEDVALUE(Officers[Sales]) RETURN Sale", [], []),
        ("Office(Sales)", ["fact_sales"], []),
    ],
)
def test_dax_names_tables_and_measures(dax: str, tables: list[str], measures: list[str]) -> None:
    """A bracket without a table is a measure; texts, comments, functions and other words are nothing."""
    assert tables_in_dax(dax, TABLES) == tables
    assert measures_in_dax(dax, MEASURES) == measures


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT * FROM fact_sales JOIN dim_date USING (date_key)", ["fact_sales", "dim_date"]),
        ("COUNT(DISTINCT {dim_team_member.office_key})", ["dim_team_member"]),
        ("SELECT 'dim_date', 'it''s dim_office' -- fact_sales\n/* dim_team_member */", []),
        ("SELECT fact_sales_old.* FROM old_dim_date", []),
    ],
)
def test_sql_names_tables(sql: str, tables: list[str]) -> None:
    """Whole words outside texts and comments."""
    assert tables_in_sql(sql, TABLES) == tables
