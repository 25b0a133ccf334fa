"""Row-level security: roles that report.toml declares, and what they do not change."""

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.paths import ROOT
from etl.company.entries import entry, toml_of
from etl.company.measure import Measure
from etl.company.report import Report, read_report
from etl.company.roles import Role
from etl.contract.column import Pii
from etl.contract.table import Contract
from etl.core.errors import ContractError
from etl.report.dax_values import literal
from etl.report.filters import among, compared
from etl.report.filters import literal as in_sql
from powerbi.check import faults_of
from powerbi.project import project_files
from powerbi.roles import roles
from powerbi.tmdl import read
from tests.powerbi.modeling import read_tmdl, roundtrip
from tests.powerbi.node import MODELING_NEEDED
from tests.report.small_star import CONTRACTS, DAYS, Rows, Star, opened, report_of
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
            "Team Member": "'Team Member'[Email] == USERPRINCIPALNAME()",
        },
        "The west's (wild)": {"Office": '\'Office\'[Region] = "the ""wild"" west"'},
    }


AMOUNT = Measure(name="Amount", meaning=".", format="#,0.00", folder="F", of="fact_sale", sum="amount")
REGIONS = [None, "", "  ", "North", "NORTH ", " north", "South", 'the "wild" west', "O'Neill", "ÉTÉ", "été"]
VALUES: dict[str, list[Any]] = {
    "dim_shop.region": [region for region in REGIONS if region is not None],
    "dim_shop.floors": [0, 1, 2],
    "dim_shop.is_open": [True, False],
    "dim_day.month": [1, 2, 7],
    "dim_day.day": [dt.date(2026, 1, 1), dt.date(2026, 7, 1)],
    "fact_sale.kind": ["", "a", "B "],
}


def sold(number: int, key: int, day_key: int = 1, kind: str | None = None) -> dict[str, Any]:
    """Give a sale of a shop: for two to the power of its number, so that a sum says which ones are in it."""
    of_day = {"day_key": day_key, "day": DAYS[day_key]["day"]}
    return {"sale_id": number, "shop_key": key, "till": 1, "amount": Decimal(2**number), "kind": kind} | of_day


def shop(key: int, region: str | None, floors: int | None = None, is_open: bool | None = None) -> dict[str, Any]:
    """Give a shop."""
    return {"shop_key": key, "shop_id": key or None, "region": region, "floors": floors, "is_open": is_open}


class Seen:
    """What the members of a role see of a star: shops by their keys, and the amount of the sales."""

    def __init__(self, star: Star, role: Role, user: str = "") -> None:
        report = replace(report_of([AMOUNT]), roles=(role,))
        (node,) = roles(report, CONTRACTS)
        filters = {
            each.name: str(each.expression).replace("USERPRINCIPALNAME()", literal(user))
            for each in node.of("tablePermission")
        }
        chosen = filters.get("Shop", "TRUE()")
        dax = {
            f"S{row['shop_key']}": f"COUNTROWS(FILTER('Shop', 'Shop'[Shop Key] = {row['shop_key']} && {chosen}))"
            for row in star.rows["dim_shop"]
        }
        tables = [f"FILTER('{name}', {each})" for name, each in filters.items()]
        dax["Sold"] = f"CALCULATE({', '.join(['[Amount]', *tables])})"
        asked = [Measure(name=name, meaning=".", format="#,0", folder="F", dax=text) for name, text in dax.items()]
        engine = Dax(star, replace(report, measures=report_of([AMOUNT, *asked]).measures), CONTRACTS)  # type: ignore[arg-type]
        found = engine.values(dax, {})
        self.shops = {row["shop_key"] for row in star.rows["dim_shop"] if found[f"S{row['shop_key']}"]}
        self.sold = found["Sold"]


class Meant:
    """The same as SQL says it, of members chosen by hand: texts are one but for letter case and outer blanks."""

    def __init__(self, star: Star, role: Role, user: str = "") -> None:
        wanted = {name: each if isinstance(each, tuple) else (each,) for name, each in role.where.items()}
        sql = [
            among(name, compared(CONTRACTS[name.split(".")[0]], name.split(".")[1]), v) for name, v in wanted.items()
        ]
        if role.user:
            sql.append(f"UPPER(TRIM({role.user})) = UPPER(TRIM({in_sql(user)}))")
        joined = "fact_sale JOIN dim_shop USING (shop_key) JOIN dim_day USING (day_key)"
        (self.sold,) = star.connection.execute(f"SELECT SUM(amount) FROM {joined} WHERE {' AND '.join(sql)}").fetchone()
        own = [each for each in sql if "dim_shop." in each] or ["TRUE"]
        rows = star.connection.execute(f"SELECT shop_key FROM dim_shop WHERE {' AND '.join(own)}").fetchall()
        self.shops = {key for (key,) in rows}


@pytest.mark.parametrize(
    ("where", "shops"),
    [
        ({"dim_shop.region": "North"}, {1, 2}),  # in any spelling
        ({"dim_shop.region": " nOrTh "}, {1, 2}),
        ({"dim_shop.region": ("South", "north")}, {1, 2, 3}),
        ({"dim_shop.region": ("north", "South"), "dim_shop.is_open": True}, {1, 3}),  # all conditions hold
        ({"dim_shop.region": ""}, {5}),  # an empty text is a value, and NULL is none
        ({"dim_shop.region": ("", "South")}, {3, 5}),
        ({"dim_shop.region": "Nort"}, set()),  # no beginning of one
        ({"dim_shop.region": "N%"}, set()),  # and no pattern
        ({"dim_shop.is_open": False}, {2}),
        ({"dim_shop.is_open": True}, {1, 3}),
        ({"dim_shop.is_open": (True, False)}, {1, 2, 3}),
        ({"dim_shop.floors": 0}, {1}),
        ({"dim_shop.floors": (0, 2)}, {1, 2}),
    ],
)
def test_a_role_shows_the_rows_that_have_the_value(where: dict[str, Any], shops: set[int]) -> None:
    """And the facts that belong to them; none without a value: to DAX's `=` they would be FALSE, 0 or an empty text."""
    rows = [shop(0, None), shop(1, "North", 0, True), shop(2, "NORTH ", 2, False), shop(3, "South", 1, True)]
    rows += [shop(4, None), shop(5, "")]
    with opened({"dim_day": DAYS, "dim_shop": rows, "fact_sale": [sold(n, n) for n in range(len(rows))]}) as star:
        role = Role(name="R", where=where)
        seen, meant = Seen(star, role), Meant(star, role)
    assert seen.shops == meant.shops == shops
    assert seen.sold == meant.sold == (sum(2**key for key in shops) or None)


@pytest.mark.parametrize(
    ("user", "shops"),
    [
        ("ann@example.com", {1, 2}),
        ("Ann@Example.COM", {1, 2}),
        ("bob@example.com", {3}),
        ("an@example.com", set()),
        ("@example.com", set()),
        ("", {5}),  # who signs in by no name sees nobody's rows, but those of an empty one
    ],
)
def test_each_sees_what_belongs_to_the_address_they_sign_in_with(user: str, shops: set[int]) -> None:
    """In any letter case, and never what belongs to nobody."""
    rows = [shop(0, None), shop(1, "ann@example.com"), shop(2, "ANN@example.com "), shop(3, "bob@example.com")]
    rows += [shop(4, None), shop(5, "")]
    with opened({"dim_day": DAYS, "dim_shop": rows, "fact_sale": [sold(n, n) for n in range(len(rows))]}) as star:
        role = Role(name="R", user="dim_shop.region")
        seen, meant = Seen(star, role, user), Meant(star, role, user)
    assert seen.shops == meant.shops == shops
    assert seen.sold == meant.sold


@st.composite
def stars(draw: st.DrawFn) -> dict[str, Rows]:
    """Draw shops and sales, with NULLs, empty texts, blanks and letter cases."""
    rows = [shop(0, None)]
    for key in range(1, draw(st.integers(2, 6))):
        floors, is_open = draw(st.sampled_from([None, 0, 1, 2])), draw(st.sampled_from([None, True, False]))
        rows.append(shop(key, draw(st.sampled_from(REGIONS)), floors, is_open))
    keys, kinds = st.integers(0, len(rows) - 1), st.sampled_from([None, "", "a", "A ", "b"])
    facts = [sold(n, draw(keys), draw(st.integers(0, 3)), draw(kinds)) for n in range(draw(st.integers(0, 8)))]
    return {"dim_day": DAYS, "dim_shop": rows, "fact_sale": facts}


@st.composite
def declared(draw: st.DrawFn) -> Role:
    """Draw a role: values of some columns, one or a list, or the name by which a person signs in, or both."""
    names = draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=3, unique=True))
    where = {
        name: draw(st.one_of(st.sampled_from(VALUES[name]), st.lists(st.sampled_from(VALUES[name]), min_size=1)))
        for name in names
    }
    user = draw(st.sampled_from([None, "dim_shop.region"])) if names else "dim_shop.region"
    return Role.model_validate({"name": "R", "where": where, "user": user})


@given(rows=stars(), role=declared(), user=st.sampled_from([(region or "").strip() for region in REGIONS]))
@settings(max_examples=80, deadline=None)
def test_whatever_a_role_declares_power_bi_shows_the_rows_that_sql_means(
    rows: dict[str, Rows], role: Role, user: str
) -> None:
    """Of the dimensions, and of the facts that refer to them."""
    with opened(rows) as star:
        seen, meant = Seen(star, role, user), Meant(star, role, user)
    assert (seen.shops, seen.sold) == (meant.shops, meant.sold)


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
        ({"where": {"etl_runs.as_of": dt.date(2026, 1, 1)}}, "which it can never be: its type is timestamp"),
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
        ('name = "A/B"\nuser = "dim_team_member.email"', "role “A/B”: `name`: .A/B. cannot be the name of a file"),
        ('name = "R"', "say which rows its members see"),
        ('name = "R"\nwhere = { region = "South" }', "`where` of region: .region. does not say of which table"),
        ('name = "R"\nwhere = { "dim_office.region" = [] }', "names no value of dim_office.region: nobody would see"),
        ('name = "R"\nuser = "email"', "`user`: .email. does not say of which table it is"),
        ('where = { "dim_office.region" = "South" }', "role 1 has no `name`"),
        ('name = "R"\nusers = "dim_team_member.email"', "role “R” has `users`, which is not known"),
    ],
)
def test_a_role_that_says_too_little_is_refused(tmp_path: Path, lines: str, told: str) -> None:
    """Naming report.toml."""
    for folder in ("measures", "views", "pages"):
        (tmp_path / folder).symlink_to(ROOT / "powerbi" / folder)
    (tmp_path / "report.toml").write_text(f'title = "T"\n[[role]]\n{lines}\n', encoding="utf-8")
    with pytest.raises(ContractError, match=rf"report\.toml.*{told}"):
        read_report(tmp_path)
