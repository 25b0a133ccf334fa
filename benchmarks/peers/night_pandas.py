"""The whole night by pandas, straightforwardly: URL, a folder of queries, folder to write, zone, window's start, today.

read_sql and to_csv for each query; read_csv, merges and to_csv for the twelve tables; to_parquet for the upload. No
check, no receipt, no key that stays, no snapshot, nothing published.
"""

import json
import runpy
import sys
from pathlib import Path

import pandas as pd
import sqlalchemy

HERE = Path(__file__).parent
url, queries, out, zone, start, today = sys.argv[1:]
raw, star, parquet = (Path(out) / name for name in ("1_raw", "2_star", "3_parquet"))
DEPLOYMENT, MEMBER = ["product_id", "edition"], ["team_member_key", "deployment_key"]
OF_TEAM = ["team_member_id", "deployment_key"]
DAY = ["deployment_key", "date"]
DATES: dict[str, list[str]] = {}


def download() -> None:
    """Extract every query."""
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg2:", 1))
    for query in sorted(Path(queries).glob("*.sql")):
        pd.read_sql_query(sqlalchemy.text(query.read_text()), engine).to_csv(raw / f"{query.stem}.csv", index=False)


def read(name: str, dates: list[str] | None = None) -> pd.DataFrame:
    """Read a query's CSV."""
    return pd.read_csv(raw / f"{name}.csv", parse_dates=dates or [], low_memory=False)


def write(name: str, frame: pd.DataFrame, dates: list[str] | None = None) -> None:
    """Write a star table."""
    DATES[name] = dates or []
    frame.to_csv(star / f"{name}.csv", index=False, date_format="%Y-%m-%d")


def write_dimension(name: str, frame: pd.DataFrame, key: list[str], dates: list[str] | None = None) -> pd.DataFrame:
    """Number a dimension's members in the order of their natural key and write it; 0 is the unknown member."""
    number = f"{name.removeprefix('dim_')}_key"
    frame = frame.dropna(subset=key).sort_values(key).reset_index(drop=True)
    frame.insert(0, number, frame.index + 1)
    write(name, pd.concat([pd.DataFrame({number: [0]}), frame]), dates)
    return frame


def clean(texts: pd.Series, case: str = "") -> pd.Series:
    """Trim, and fold white space and letter case."""
    texts = texts.astype("str").str.split().str.join(" ")
    return texts.str.upper() if case == "upper" else texts.str.lower() if case == "lower" else texts


def day(times: pd.Series) -> pd.Series:
    """Return the business date of an instant."""
    instants = pd.to_datetime(times, format="ISO8601", utc=True, errors="coerce")
    return instants.dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()


def people(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Join names and clean addresses."""
    names = frame[["given_name", "paternal_name", "maternal_name"]].fillna("")
    frame[name] = clean(names["given_name"] + " " + names["paternal_name"] + " " + names["maternal_name"])
    frame["email"] = clean(frame["email"], "lower")
    return frame.drop(columns=list(names))


def dimensions() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Build the seven dimensions; returns the deployments and the members, which facts need."""
    channels = read("channels").rename(columns={"name": "channel_name"})
    channels["channel_code"] = clean(channels["channel_code"], "upper")
    write_dimension("dim_channel", channels, ["channel_code"])
    offices = write_dimension("dim_office", read("offices").rename(columns={"name": "office_name"}), ["office_id"])
    products = write_dimension("dim_product", read("products").rename(columns={"name": "product_name"}), ["product_id"])

    deployments = read("deployments", ["opened_on", "closes_on"]).rename(columns={"name": "deployment_name"})
    deployments["is_open"] = ~(deployments["closes_on"] < today)
    deployments = deployments.merge(products[["product_id", "product_key"]], on="product_id", how="left")
    deployments = write_dimension("dim_deployment", deployments, DEPLOYMENT, ["opened_on", "closes_on"])
    first = f"{deployments['opened_on'].min().year}-01-01"
    last = f"{max(deployments['closes_on'].max().year, int(today[:4]) + 1)}-12-31"
    dates = pd.DataFrame({"date": pd.date_range(first, last)})
    moment = dates["date"].dt
    dates = dates.assign(
        year=moment.year, quarter=moment.quarter, month=moment.month, month_name=moment.month_name(),
        year_month=moment.strftime("%Y-%m"), day_of_month=moment.day, iso_week=moment.isocalendar().week,
        weekday=moment.day_of_week + 1, weekday_name=moment.day_name(), is_weekend=moment.day_of_week >= 5,
        one_year_later=dates["date"] + pd.DateOffset(years=1),
    )  # fmt: skip
    write_dimension("dim_date", dates, ["date"], ["date"])

    both = [read(f"{name}_clients").assign(catalogue=name) for name in ("global", "digital")]
    clients = pd.concat([frame.sort_values("registered_at", ascending=False) for frame in both])
    clients = people(clients.drop_duplicates("client_id"), "client_name").drop(columns="is_global")
    clients["country"] = clean(clients["country"], "upper")
    clients["registered_on"] = day(clients.pop("registered_at"))
    write_dimension("dim_client", clients, ["client_id"], ["registered_on"])

    members = people(read("team_members"), "member_name")
    moves = read("office_changes").sort_values(["changed_at", "office_id"])
    moves["valid_from"] = day(moves["changed_at"])
    began = members[["team_member_id", "office_id"]].assign(valid_from=pd.Timestamp("1900-01-01"))
    moves = pd.concat([began, moves[moves["team_member_id"].isin(members["team_member_id"])]])
    moves = moves.drop_duplicates(["team_member_id", "valid_from"], keep="last")
    moves = moves.sort_values(["team_member_id", "valid_from"])
    same = moves["team_member_id"].eq(moves["team_member_id"].shift())
    moves = moves[~(same & moves["office_id"].fillna(-1).eq(moves["office_id"].fillna(-1).shift()))]
    moves["valid_to"] = moves.groupby("team_member_id")["valid_from"].shift(-1)
    moves["version"] = moves.groupby("team_member_id").cumcount() + 1
    members = members.drop(columns="office_id").merge(moves.drop(columns="changed_at"), on="team_member_id")
    members["is_current"] = (members["valid_from"] <= today) & ~(members["valid_to"] <= today)
    members = members.merge(offices[["office_id", "office_key"]], on="office_id", how="left").drop(columns="office_id")
    special = read("special_members").drop_duplicates("team_member_id")
    members = members.merge(special, on="team_member_id", how="left")
    members["role"] = clean(members["role"], "upper").fillna("TEAM_MEMBER")
    days = ["joined_on", "left_on", "valid_from", "valid_to"]
    members = write_dimension("dim_team_member", members, ["team_member_id", "valid_from"], days)
    return deployments, members


def version_on(rows: pd.DataFrame, name: str, members: pd.DataFrame) -> pd.Series:
    """Find the version of each row's member on a day of its; of no day today's."""
    asked = rows[["team_member_id"]].assign(valid_from=rows[name].fillna(pd.Timestamp(today)), row=rows.index)
    asked = asked.dropna().astype({"team_member_id": "float64", "valid_from": "datetime64[us]"})
    known = members[["team_member_id", "valid_from", "team_member_key"]]
    known = known.astype({"team_member_id": "float64", "valid_from": "datetime64[us]"}).sort_values("valid_from")
    found = pd.merge_asof(asked.sort_values("valid_from"), known, on="valid_from", by="team_member_id")
    return found.set_index("row")["team_member_key"].reindex(rows.index)


def movements(deployments: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Build the movements; the row above is the predecessor, where it is of the same group."""
    rows = read("movements")
    group = rows[["usage_id", *DEPLOYMENT]]
    after_return = (group == group.shift()).all(axis=1) & (rows["movement_type"].shift() == 2)
    rows["movement"] = rows["movement_type"].map({1: "ALLOCATION", 2: "RETURN"})
    rows["movement"] = rows["movement"].mask(after_return & (rows["movement"] == "ALLOCATION"), "REALLOCATION")
    rows["movement_date"] = day(rows["moved_at"])
    rows = rows.merge(deployments[["deployment_key", "closes_on", *DEPLOYMENT]], on=DEPLOYMENT, how="left")
    rows["team_member_key"] = version_on(rows, "movement_date", members)
    calendar = pd.read_csv(star / "dim_date.csv", usecols=["date_key", "date"], parse_dates=["date"])
    calendar.columns = ["movement_date_key", "movement_date"]
    rows = rows.merge(calendar, on="movement_date", how="left")
    rows = rows[rows["movement"].notna() & rows["movement_date"].notna() & ~(rows["closes_on"] < start)]
    rows = rows.fillna({"deployment_key": 0, "team_member_key": 0, "movement_date_key": 0})
    columns = ["movement_id", "movement_date_key", *MEMBER, "usage_id", "moved_at", "movement_date", "movement"]
    rows = rows[[*columns, "instances"]].astype(dict.fromkeys(MEMBER, "int64"))
    write("fact_usage_movements", rows, ["moved_at", "movement_date"])
    return rows


def deployment_days(sales: pd.DataFrame, deployments: pd.DataFrame) -> None:
    """Lay sales and web analytics on each deployment's calendar, beside the edition before."""
    sold = sales.assign(contracts=1, date=sales["contract_date"]).groupby(DAY)
    back = sales[sales["is_returned"]].assign(date=sales["return_date"]).groupby(DAY)
    sums = sold[["contracts", "instances", "gross_revenue"]].sum().join(back[["returned_revenue"]].sum(), how="outer")
    sums = sums.fillna(0).reset_index()
    first = sums[sums["contracts"] > 0].groupby("deployment_key")["date"].min().rename("first").reset_index()
    spans = first.merge(deployments, on="deployment_key")
    last = spans["closes_on"].fillna(pd.Timestamp(today)).clip(upper=pd.Timestamp(today))
    spans["date"] = [pd.date_range(one, other) for one, other in zip(spans["first"], last, strict=True)]
    days = spans[[*DAY, "closes_on", *DEPLOYMENT]].explode("date").dropna(subset="date")
    days["date"] = pd.to_datetime(days["date"])
    web = read("web_analytics", ["day"]).sort_values("loaded_at").drop_duplicates([*DEPLOYMENT, "day"], keep="last")
    web = web.rename(columns={"day": "date"}).drop(columns="loaded_at")
    days = days.merge(sums, on=DAY, how="left").merge(web, on=[*DEPLOYMENT, "date"], how="left")
    amounts = ["contracts", "instances", "gross_revenue", "returned_revenue"]
    days[amounts] = days[amounts].fillna(0)
    days["net_revenue"] = days["gross_revenue"] + days["returned_revenue"]
    days["days_before_close"] = (days["closes_on"] - days["date"]).dt.days
    days["is_unfinished"] = days["date"] == today
    for name in ("contracts", "net_revenue"):
        days[f"{name}_to_date"] = days.groupby("deployment_key")[name].cumsum().round(2)
    told = ["contracts_to_date", "net_revenue_to_date", "visits", "orders"]
    before = days[~days["is_unfinished"] & days["days_before_close"].notna()]
    before = (
        before[[*DEPLOYMENT, "days_before_close", *told]]
        .assign(edition=before["edition"] + 1)
        .rename(columns={name: f"previous_{name}" for name in told})
    )
    days = days.merge(before, on=[*DEPLOYMENT, "days_before_close"], how="left")
    write("fact_deployment_day", days.drop(columns=[*DEPLOYMENT, "closes_on"]), ["date"])


def team_deployments(
    sales: pd.DataFrame, moved: pd.DataFrame, deployments: pd.DataFrame, members: pd.DataFrame
) -> None:
    """Add sales, movements and self usage up by member and deployment, and class the members."""
    who = members.set_index("team_member_key")["team_member_id"]
    sales, moved = (rows.assign(team_member_id=rows["team_member_key"].map(who)) for rows in (sales, moved))
    sold = sales.assign(contracts=1, returned_contracts=sales["is_returned"]).groupby(OF_TEAM)
    sold = sold[["contracts", "returned_contracts", "instances", "gross_revenue", "net_revenue"]].sum()
    kinds = pd.get_dummies(moved["movement"]).astype("int64").assign(**{name: moved[name] for name in OF_TEAM})
    kinds = kinds.groupby(OF_TEAM).sum()
    kinds["ALLOCATION"] += kinds["REALLOCATION"]
    kinds = kinds.rename(columns={"ALLOCATION": "allocations", "RETURN": "returns", "REALLOCATION": "reallocations"})
    used = (
        read("self_usage")
        .sort_values("instances")
        .drop_duplicates(["team_member_id", *DEPLOYMENT, "used_on"], keep="last")
    )
    used = used.merge(deployments[["deployment_key", *DEPLOYMENT]], on=DEPLOYMENT)
    used = used[used["team_member_id"].isin(members["team_member_id"])]
    used = used.groupby(OF_TEAM)[["instances"]].sum().rename(columns={"instances": "self_usage_instances"})
    rows = sold.join(kinds, how="outer").join(used, how="outer").fillna(0).reset_index()
    active = (rows["allocations"] > 0) | (rows["contracts"] > 0) | (rows["self_usage_instances"] > 0)
    rows = rows[active & (rows["deployment_key"] != 0)].merge(deployments[["deployment_key", "closes_on"]])
    rows["team_member_key"] = version_on(rows, "closes_on", members)
    net = rows["contracts"] > rows["returned_contracts"]
    rows["has_three_or_more_allocations"] = rows["allocations"] >= 3
    rows["is_reallocated"] = rows["reallocations"] > 0
    rows["returned_everything"] = (rows["allocations"] > 0) & ~net
    rows = classed(rows.drop(columns="closes_on"), deployments, "team_member_id")
    write("fact_team_deployment", rows.drop(columns="team_member_id"))


def client_deployments(sales: pd.DataFrame, deployments: pd.DataFrame) -> None:
    """Add sales up by client and deployment, and class the clients."""
    key = ["client_key", "deployment_key"]
    known = sales[(sales["client_key"] != 0) & (sales["deployment_key"] != 0)]
    sold = known.assign(contracts=1, returned_contracts=known["is_returned"]).groupby(key)
    rows = sold[["contracts", "returned_contracts", "instances", "gross_revenue", "net_revenue"]].sum().reset_index()
    write("fact_client_deployment", classed(rows, deployments, "client_key"))


def classed(rows: pd.DataFrame, deployments: pd.DataFrame, who: str) -> pd.DataFrame:
    """Class each edition with net sales by the one before it of the same product."""
    rows = rows.merge(deployments[["deployment_key", *DEPLOYMENT]], on="deployment_key").sort_values("edition")
    net = rows["contracts"] > rows["returned_contracts"]
    gap = rows[net].groupby([who, "product_id"])["edition"].diff()
    classes = pd.Series("New", index=gap.index).mask(gap <= 10, "Reactivated").mask(gap == 1, "Retained")
    rows["retention"] = classes.reindex(rows.index).fillna("None")
    return rows.drop(columns=DEPLOYMENT)


def main() -> None:
    """Run the three stages."""
    for folder in (raw, star, parquet):
        folder.mkdir(parents=True)
    download()
    deployments, members = dimensions()
    sys.argv[1:] = [str(raw), str(star), str(star / "fact_sales.csv"), zone, start]
    DATES["fact_sales"] = ["contract_date", "return_date"]
    runpy.run_path(str(HERE / "sales_pandas.py"))
    moved = movements(deployments, members)
    sales = pd.read_csv(star / "fact_sales.csv", parse_dates=DATES["fact_sales"])
    deployment_days(sales, deployments)
    team_deployments(sales, moved, deployments, members)
    client_deployments(sales, deployments)
    del sales, moved
    tables = {
        name: {"files": [str(star / f"{name}.csv")], "types": dict.fromkeys(dates, "DATE")}
        for name, dates in DATES.items()
    }
    told = Path(out) / "tables.json"
    told.write_text(json.dumps(tables))
    sys.argv[1:] = [str(told), str(parquet)]
    runpy.run_path(str(HERE / "upload_pandas.py"))


main()
