"""Row-level security: roles that report.toml declares, and what they do not change."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.paths import ROOT
from etl.company.entries import entry, toml_of
from etl.company.measure import Measure
from etl.company.report import Report, read_report
from etl.company.roles import Role
from etl.contract.column import Pii
from etl.contract.table import Contract
from etl.core.errors import ContractError
from powerbi.check import faults_of
from powerbi.project import project_files
from powerbi.roles import roles
from powerbi.tmdl import read
from tests.powerbi.modeling import read_tmdl, roundtrip
from tests.powerbi.node import MODELING_NEEDED
from tests.report.small_star import CONTRACTS, DAYS, SHOPS, opened, report_of
from tests.truth.dax import Dax

REPORT = """
title = "Cloud Services"

[[role]]
name = "South"
where = { "dim_office.region" = "South" }

[[role]]
name = "Own sales, of two products"
user = "dim_team_member.email"
where = { "dim_product.product_id" = [1, 2], "dim_date.is_weekend" = false, "dim_client.registered_on" = 2024-02-29 }

[[role]]
name = "The west's (wild)"
where = { "dim_office.region" = "the \\"wild\\" west" }
"""
MODEL = "CloudServices.SemanticModel/definition"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory, report: Report) -> Report:
    """Give the company's report with these roles."""
    path = tmp_path_factory.mktemp("report") / "report.toml"
    path.write_text(REPORT, encoding="utf-8")
    return replace(report, roles=tuple(entry(path, Role, given) for given in toml_of(path)["role"]))


@pytest.fixture(scope="module")
def files(secured: Report, contracts: dict[str, Contract]) -> dict[str, str]:
    """Give the project with them."""
    return project_files(secured, contracts)


def test_a_role_filters_the_tables_that_it_names(files: dict[str, str]) -> None:
    """By values, each of its type, and by who is signed in; all conditions have to hold."""
    found = {
        role.name: {each.name: each.expression for each in role.of("tablePermission")}
        for path in files
        if "/roles/" in path
        for role in read(files[path])
    }
    assert found == {
        "South": {"Office": "'Office'[Region] = \"South\""},
        "Own sales, of two products": {
            "Product": "'Product'[Product ID] IN {1, 2}",
            "Date": "'Date'[Is Weekend] == FALSE()",
            "Client": "'Client'[Registered On] = DATE(2024, 2, 29)",
            "Team Member": "'Team Member'[Email] = USERPRINCIPALNAME()",
        },
        "The west's (wild)": {"Office": '\'Office\'[Region] = "the ""wild"" west"'},
    }


@pytest.mark.parametrize(
    ("where", "shops"),
    [
        ({"dim_shop.is_open": False}, {2}),
        ({"dim_shop.is_open": True}, {1, 3}),
        ({"dim_shop.floors": 0}, {1}),
        ({"dim_shop.floors": (0, 2)}, {1, 2}),
        ({"dim_shop.region": ""}, set()),
        ({"dim_shop.region": " North "}, {1, 2}),
    ],
)
def test_a_role_shows_no_row_without_a_value(where: dict[str, Any], shops: set[int]) -> None:
    """Neither the unknown member's nor a NULL's: to DAX's `=` they would be FALSE, 0 and an empty text."""
    role = Role(name="R", where=where)
    (node,) = roles(replace(report_of([]), roles=(role,)), CONTRACTS)
    (permission,) = node.of("tablePermission")
    dax = {
        f"S{key}": f"COUNTROWS(FILTER('Shop', 'Shop'[Shop Key] = {key} && {permission.expression}))" for key in range(4)
    }
    measures = [Measure(name=name, meaning=".", format="#,0", folder="F", dax=text) for name, text in dax.items()]
    with opened({"dim_day": DAYS, "dim_shop": SHOPS, "fact_sale": []}) as star:
        found = Dax(star, report_of(measures), CONTRACTS).values(dax, {})  # type: ignore[arg-type]
    assert {key for key in range(4) if found[f"S{key}"]} == shops


def test_the_project_with_roles_has_no_fault(files: dict[str, str]) -> None:
    """What they name is in the model: the e-mail address, too, which no page shows, and which stays hidden."""
    assert faults_of(files) == []
    (member,) = read(files[f"{MODEL}/tables/Team Member.tmdl"])
    email = next(column for column in member.of("column") if column.name == "Email")
    assert email.properties["isHidden"] is True
    path = f"{MODEL}/roles/South.tmdl"
    spoiled = files | {path: files[path].replace("[Region]", "[Regio]")}
    assert "role South: there is no column Office[Regio]." in faults_of(spoiled)


@MODELING_NEEDED
def test_microsofts_library_reads_the_roles(tmp_path: Path, files: dict[str, str]) -> None:
    """And would write them just so."""
    for path, text in files.items():
        if path.endswith(".tmdl"):
            target = tmp_path / path.removeprefix(f"{MODEL}/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="")
    assert roundtrip(tmp_path) == read_tmdl(tmp_path)


def test_all_rows_are_counted_whoever_looks(files: dict[str, str], secured: Report) -> None:
    """A role hides rows from measures; the count that says whether all was imported is made at the refresh."""
    (table,) = read(files[f"{MODEL}/tables/Key Measures.tmdl"])
    (partition,) = table.of("partition")
    assert "COUNTROWS('Sales')" in str(partition.properties["source"])
    rows = next(measure for measure in table.of("measure") if measure.name == "Rows Imported")
    assert rows.expression == "MAX('Key Measures'[Value])"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"where": {"dim_office.regio": "South"}}, r"R names dim_office\.regio, which .*\.region"),
        ({"where": {"dim_office.region": 7}}, "to be 7, which it can never be: its type is string"),
        ({"where": {"dim_product.product_id": "7"}}, "to be '7', which it can never be: its type is int"),
        ({"where": {"dim_product.product_id": True}}, "to be True, which it can never be"),
        ({"where": {"fact_sales.net_revenue": 7}}, "which it can never be: its type is"),
        ({"user": "dim_team_member.team_member_id"}, "which a person signs in, and it holds no texts"),
        ({"user": "dim_team_member.mail"}, r"names dim_team_member\.mail, which .*\.email"),
        ({"user": "dim_client.email"}, "and it holds pseudonyms"),
    ],
)  # fmt: skip
def test_a_role_that_can_show_nothing_is_refused(
    report: Report, contracts: dict[str, Contract], given: dict[str, Any], told: str
) -> None:
    """A column that is not there, or that never has the value: in one sentence, with what to write."""
    client = contracts["dim_client"]
    hashed = tuple(replace(c, pii=Pii.HASH) if c.name == "email" else c for c in client.columns)
    changed = contracts | {"dim_client": replace(client, columns=hashed)}
    with pytest.raises(ContractError) as refused:
        project_files(replace(report, roles=(Role(name="R", **given),)), changed)
    assert re.search(told, f"{refused.value} {refused.value.hint}")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('name = "A/B"\nuser = "dim_team_member.email"', "name: String should match"),
        ('name = "R"', "say which rows its members see"),
        ('name = "R"\nwhere = { region = "South" }', "names columns as table.column, and not region"),
        ('name = "R"\nuser = "email"', "user"),
        ('where = { "dim_office.region" = "South" }', "name"),
        ('name = "R"\nusers = "dim_team_member.email"', "users"),
    ],
)
def test_a_role_that_says_too_little_is_refused(tmp_path: Path, lines: str, told: str) -> None:
    """Naming report.toml."""
    for folder in ("measures", "views", "pages"):
        (tmp_path / folder).symlink_to(ROOT / "powerbi" / folder)
    (tmp_path / "report.toml").write_text(f'title = "T"\n[[role]]\n{lines}\n', encoding="utf-8")
    with pytest.raises(ContractError, match=rf"report\.toml.*{told}"):
        read_report(tmp_path)
