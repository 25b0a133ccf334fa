"""A small company whose nights are compared: its source in PostgreSQL, its queries, and table files of every kind.

| query | read by its changes | table files |
|---|---|---|
| regions | no: all rows each night | dim_region, a plain dimension, which guards refuse when regions are gone |
| products | swept nightly | dim_product, a plain dimension, whose price and end facts look up |
| clients | marked as deleted; several rows a key | dim_client, a streamed dimension |
| sales | swept nightly | fact_sale, streamed; fact_client_month, in portions; fact_product, a summary |
| movements | in whole groups, several rows a key | fact_movement, a stream whose rows belong together |
| moves | no: all rows each night | dim_seller, a dimension with history, to which facts refer as of their days |
"""

from pathlib import Path

SCHEMA = """
DROP SCHEMA IF EXISTS shop CASCADE;
CREATE SCHEMA shop;
CREATE TABLE shop.region (region_id int PRIMARY KEY, name text);
CREATE TABLE shop.product (
    product_id int PRIMARY KEY, name text, price numeric(12,2), closes_on date, updated_at timestamptz
);
CREATE TABLE shop.client (
    catalogue int, client_id int, name text, region_id int, updated_at timestamptz, deleted_at timestamptz,
    PRIMARY KEY (catalogue, client_id)
);
CREATE TABLE shop.sale (
    sale_id int PRIMARY KEY, client_id int, product_id int, sold_on date, units int, price numeric(12,2),
    status text, updated_at timestamptz
);
CREATE TABLE shop.movement (
    movement_id int, version int, stock_id int, moved_on date, units int, updated_at timestamptz,
    PRIMARY KEY (movement_id, version)
);
CREATE TABLE shop.move (move_id int PRIMARY KEY, seller_id int, place int, moved_at timestamptz);
"""

CLOCK = """
CREATE SCHEMA clock;
CREATE FUNCTION clock.now() RETURNS timestamptz STABLE LANGUAGE sql
    AS $$SELECT current_setting('clock.now')::timestamptz$$;
CREATE VIEW clock.pg_stat_activity AS
    SELECT datid, datname, pid, usename, application_name, state, query, backend_type,
        CASE WHEN xact_start IS NULL THEN NULL
             WHEN application_name = 'late' THEN current_setting('clock.late')::timestamptz
             ELSE clock.now() END AS xact_start
    FROM pg_catalog.pg_stat_activity;
"""
"""Another clock than the server's: it stands still but for `set_clock`, so that a night is of the day that a test says
and two nights can be of one instant. In the search path it comes before the server's own names."""

_TOLERANT = "-- may shrink: 100 %\n-- may grow: 1000 %\n-- may be empty: yes\n"

QUERIES = {
    "regions": """-- Regions.
-- grain: one row per region
-- source: shop
-- key: region_id
-- may shrink: 100 %
-- may grow: 1000 %
SELECT region_id, name FROM shop.region
""",
    "products": f"""-- Products.
-- grain: one row per product
-- source: shop
-- key: product_id
-- watermark: updated_at
-- sweep: nightly
{_TOLERANT}SELECT product_id, name, price, closes_on, updated_at FROM shop.product
""",
    "clients": f"""-- Clients of both catalogues.
-- grain: one row per client and catalogue
-- source: shop
-- key: client_id
-- survivor: -catalogue
-- watermark: updated_at
-- deleted: deleted_at
{_TOLERANT}SELECT client_id, catalogue, name, region_id, updated_at, deleted_at FROM shop.client
""",
    "sales": f"""-- Sales.
-- grain: one row per sale
-- source: shop
-- key: sale_id
-- watermark: updated_at
-- sweep: nightly
{_TOLERANT}SELECT sale_id, client_id, product_id, client_id % 5 AS seller_id, sold_on, units, price, status, updated_at
FROM shop.sale
""",
    "movements": f"""-- Movements of stocks, in their order.
-- grain: one row per movement and version
-- source: shop
-- key: movement_id
-- survivor: -version
-- group by: stock_id
-- watermark: updated_at
-- sweep: nightly
{_TOLERANT}SELECT movement_id, version, stock_id, stock_id % 5 AS seller_id, moved_on, units, updated_at
FROM shop.movement
WHERE stock_id IN (SELECT stock_id FROM shop.movement WHERE updated_at >= :since OR updated_at IS NULL)
ORDER BY stock_id, moved_on, movement_id, version
""",
    "moves": f"""-- Where sellers went.
-- grain: one row per move
-- source: shop
-- key: move_id
{_TOLERANT}SELECT move_id, seller_id, place, moved_at FROM shop.move
""",
}

WATCHED = ("products", "clients", "sales", "movements")
"""The queries that are read by their changes."""

_HEAD = '"""A table."""\n\nimport pandas as pd\n\nfrom etl.contract import *\n\nRULE = {rule}\n\n\n'

TABLES = {
    "dim_region": '''class DimRegion(Dimension):
    """One row per region."""

    region_key: Key = surrogate_key()
    region_id: Integer = natural_key("Its number.")
    name: Text = attribute("Its name.", nullable=True, unknown="Unknown", folded=True)


def build(regions: pd.DataFrame) -> pd.DataFrame:
    return regions.assign(name=regions["name"] + "!" * RULE)
''',
    "dim_product": '''class DimProduct(Dimension, rows_of=("products",), lost=1, rejects=1):
    """One row per product."""

    product_key: Key = surrogate_key()
    product_id: Integer = natural_key("Its number.")
    name: Text = attribute("Its name.", nullable=True)
    price: Money = attribute("What it costs.", ge=0, nullable=True)
    closes_on: Date = attribute("Its last day.", nullable=True)


def build(products: pd.DataFrame) -> pd.DataFrame:
    return products[["product_id", "name", "price", "closes_on"]].assign(price=products["price"] + RULE)
''',
    "dim_client": '''class DimClient(Dimension, stream="clients", lost=1, rejects=1, unknown=1):
    """One row per client."""

    client_key: Key = surrogate_key()
    client_id: Integer = natural_key("Its number.")
    name: Text = attribute("Its name.", nullable=True)
    region_key: Key = reference("dim_region", "Where it is.")


def build(clients: pd.DataFrame) -> pd.DataFrame:
    name = clean_text(clients["name"], case="upper" if RULE % 2 else "lower")
    aside = pd.Series(pd.NA, index=clients.index, dtype="string[pyarrow]").mask(name.str.lower() == "test", "a test")
    return clients[["client_id", "region_id"]].assign(name=name, _set_aside=aside)
''',
    "dim_seller": '''class DimSeller(Dimension, rows_of=("moves",), lost=1):
    """One row per seller and place, in the order of time."""

    seller_key: Key = surrogate_key()
    seller_id: Integer = natural_key("Its number.")
    move_id: Integer = change_key("The move.")
    place: Integer = attribute("Where it is.", nullable=True, history=True)
    last_move: Integer = attribute("The newest move, planned ones included.")


def build(moves: pd.DataFrame) -> pd.DataFrame:
    return moves.assign(place=moves["place"] + RULE, valid_from=moves["moved_at"], last_move=moves["move_id"]).drop(
        columns="moved_at"
    )
''',
    "fact_sale": '''class FactSale(
    Fact, stream="sales", window="counts_until", partition_by="sold_on", cluster_by=("product_key",),
    closed_months="sold_on", lost=1, rejects=1, unknown=1, tolerance=1,
):
    """One row per sale that counts."""

    sale_id: Integer = natural_key("Its number.")
    client_key: Key = reference("dim_client", "Who bought.")
    product_key: Key = reference("dim_product", "What was sold.")
    seller_key: Key = reference("dim_seller", "Who sold, where he was on that day.", as_of="sold_on")
    present_seller_key: Key = reference("dim_seller", "Who sold, where he is.", active=False)
    sold_on: Date = attribute("The day.")
    status: Text = attribute("How it stands.", nullable=True)
    units: Integer = measure("How many.", ge=1)
    revenue: Money = measure("Units times price.", ge=0)
    days_to_close: Integer = measure("To the product's last day.", nullable=True)


def build(sales: pd.DataFrame, dim_product: pd.DataFrame) -> pd.DataFrame:
    product = sales[["product_id"]]
    price = sales["price"].fillna(lookup(product, dim_product, "price"))
    closes_on = lookup(product, dim_product, "closes_on")
    counts_until = sales["sold_on"].mask((closes_on < sales["sold_on"]).fillna(False), closes_on)
    none = pd.Series(pd.NA, index=sales.index, dtype="string[pyarrow]")
    return pd.DataFrame(
        {
            "sale_id": sales["sale_id"],
            "client_id": sales["client_id"],
            "product_id": sales["product_id"],
            "seller_id": sales["seller_id"],
            "sold_on": sales["sold_on"],
            "status": sales["status"],
            "units": sales["units"] + RULE,
            "revenue": (sales["units"] + RULE) * price,
            "days_to_close": days_between(sales["sold_on"], closes_on),
            SET_ASIDE: none.mask((sales["status"] == "test").fillna(False), "a test"),
            REJECT: none.mask((sales["units"] > 90).fillna(False), "too many units"),
            "counts_until": counts_until,
        }
    )
''',
    "fact_movement": '''class FactMovement(
    Fact, stream="movements", partition_by="moved_on", lost=1, rejects=1, unknown=1
):
    """One row per movement, with what its stock had then."""

    movement_id: Integer = natural_key("Its number.")
    seller_key: Key = reference("dim_seller", "Who moved it.", as_of="moved_on")
    place: Integer = attribute("Where that was.", nullable=True)
    stock_id: Integer = attribute("The stock.", ge=0)
    moved_on: Date = attribute("The day.")
    units: Integer = measure("How many.")
    balance: Integer = measure("What the stock has then.", ge=-50)


def build(movements: pd.DataFrame, dim_seller: pd.DataFrame) -> pd.DataFrame:
    place = lookup(movements[["seller_id"]], dim_seller, "place", as_of=movements["moved_on"])
    rows = movements.assign(units=movements["units"] + RULE, place=place)
    rows["balance"] = running_total(rows, ["stock_id"], "units")
    return rows[["movement_id", "seller_id", "place", "stock_id", "moved_on", "units", "balance"]]
''',
    "fact_client_month": '''ROW = ["client_id", "month"]


class FactClientMonth(
    Fact, group_by="client_id", summed_by=("client_id", BLOCK), recompute_by="client_id", window="month",
    partition_by="month", reads={"dim_client": ("client_id",)}, lost=1, rejects=1, unknown=1,
):
    """One row per client and month."""

    client_key: Key = reference("dim_client", "The client.", grain=True)
    month: Date = natural_key("The month, by its first day.")
    sales: Integer = measure("How many sales.")
    revenue: Money = measure("Their revenue.")


def partial(fact_sale: pd.DataFrame) -> pd.DataFrame:
    day = fact_sale["sold_on"]
    first = pd.to_datetime(pd.DataFrame({"year": day.dt.year, "month": day.dt.month, "day": 1}).astype("int64"))
    month = first.dt.date.astype(day.dtype)
    return totals(fact_sale.assign(sales=1, month=month), [*ROW, BLOCK], sales="sales", revenue="revenue")


def build(fact_sale: pd.DataFrame, dim_client: pd.DataFrame) -> pd.DataFrame:
    rows = totals(fact_sale, ROW, sales="sales", revenue="revenue")
    known = lookup(rows[["client_id"]], dim_client, "client_id").notna()
    none = pd.Series(pd.NA, index=rows.index, dtype="string[pyarrow]")
    return rows.assign(
        sales=rows["sales"] + RULE,
        **{SET_ASIDE: none.mask(~known, "nobody's")},
    )
''',
    "fact_product": '''class FactProduct(Fact, summed_by=("product_id", BLOCK, BUCKET), lost=1, rejects=1, unknown=1):
    """One row per product that was sold."""

    product_key: Key = reference("dim_product", "The product.", grain=True)
    units: Integer = measure("How many were sold.", ge=1)
    revenue: Money = measure("The revenue of all.")
    is_over: Flag = attribute("Whether its last day is over.", nullable=True)


def partial(fact_sale: pd.DataFrame) -> pd.DataFrame:
    return totals(fact_sale, ["product_id", BLOCK, BUCKET], units="units", revenue="revenue")


def build(fact_sale: pd.DataFrame, dim_product: pd.DataFrame, night: Night) -> pd.DataFrame:
    rows = totals(fact_sale, ["product_id"], units="units", revenue="revenue")
    is_over = lookup(rows[["product_id"]], dim_product, "closes_on") < night.business_date
    return rows.assign(units=rows["units"] + RULE, is_over=is_over)
''',
}


def write_queries(folder: Path) -> None:
    """Write the queries."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in QUERIES.items():
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")


def write_table(folder: Path, name: str, rule: int) -> None:
    """Write a table file; another rule gives rows other values."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(_HEAD.format(rule=rule) + TABLES[name], encoding="utf-8")
