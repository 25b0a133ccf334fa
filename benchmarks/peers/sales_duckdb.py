"""The sales fact by duckdb, in SQL.

Folder of raw CSVs, of the star's CSVs, CSV or Parquet to write, zone, the window's start.
"""

import sys
from pathlib import Path

import duckdb

raw, star, out, zone, start = sys.argv[1:]
form = "FORMAT parquet, COMPRESSION zstd" if out.endswith(".parquet") else "FORMAT csv, HEADER"
connection = duckdb.connect()
connection.execute(f"SET TimeZone = '{zone}'; SET preserve_insertion_order = false")
connection.execute(f"SET temp_directory = '{Path(out).parent}/spill'")


def members(table: str, key: str, columns: str) -> str:
    """Write a dimension of the star as a relation, without its unknown member."""
    return f"(SELECT {columns} FROM read_csv('{star}/{table}.*csv', header = true, quote = '\"') WHERE {key} <> 0)"


TYPES = {
    "origin": "VARCHAR", "contract_id": "BIGINT", "client_id": "BIGINT", "product_id": "INTEGER", "edition": "INTEGER",
    "team_member_id": "INTEGER", "channel_code": "VARCHAR", "instances": "INTEGER", "unit_price": "DECIMAL(12,2)",
    "status": "SMALLINT", "order_kind": "SMALLINT", "contracted_at": "TIMESTAMPTZ", "returned_at": "TIMESTAMPTZ",
    "contract_date_text": "VARCHAR", "return_date_text": "VARCHAR", "updated_at": "TIMESTAMPTZ",
}  # fmt: skip
with Path(raw, "contracts.csv").open(encoding="utf-8") as file:
    columns = {name: TYPES.get(name, "VARCHAR") for name in file.readline().strip().split(",")}  # it may have more

connection.execute(f"""
CREATE VIEW contracts AS
SELECT {", ".join(TYPES)} FROM read_csv('{raw}/contracts.csv', header = true, auto_detect = false, quote = '"',
  escape = '"', columns = {columns})
-- what no date of the star can hold
WHERE coalesce(greatest(contracted_at, returned_at, updated_at) < '10000-01-01', true);

-- the rows of doubled keys alone are sorted, not all
CREATE TEMP TABLE doubled AS
SELECT origin, contract_id FROM contracts WHERE contract_id IS NOT NULL GROUP BY ALL HAVING count(*) > 1;

CREATE VIEW survivors AS
SELECT * FROM contracts ANTI JOIN doubled USING (origin, contract_id)
UNION ALL BY NAME
(SELECT * FROM contracts SEMI JOIN doubled USING (origin, contract_id)
 QUALIFY row_number() OVER (PARTITION BY origin, contract_id ORDER BY updated_at DESC NULLS LAST, status NULLS LAST,
    client_id NULLS LAST, product_id NULLS LAST, edition NULLS LAST, team_member_id NULLS LAST,
    channel_code NULLS LAST, instances NULLS LAST, unit_price NULLS LAST, order_kind NULLS LAST,
    contracted_at NULLS LAST, returned_at NULLS LAST, contract_date_text NULLS LAST, return_date_text NULLS LAST) = 1);
""")
deployments = members(
    "dim_deployment",
    "deployment_key",
    "deployment_key, product_id, edition, closes_on, unit_price::DECIMAL(12,2) AS unit_price",
)
connection.execute(f"""
COPY (
    WITH sales AS (
        SELECT
            origin, contract_id, client_id, team_member_id, deployment_key, closes_on,
            upper(trim(regexp_replace(channel_code, '\\s+', ' ', 'g'))) AS channel_code,
            coalesce(contracted_at::DATE, try_strptime(trim(contract_date_text), '%d/%m/%Y')::DATE) AS contract_date,
            status = 9 AS is_returned,
            CASE WHEN status = 9
                THEN coalesce(returned_at::DATE, try_strptime(trim(return_date_text), '%d/%m/%Y')::DATE)
            END AS return_date,
            instances,
            coalesce(c.unit_price, d.unit_price)::DECIMAL(18,2) AS unit_price,
            (instances * coalesce(c.unit_price, d.unit_price))::DECIMAL(18,2) AS gross_revenue
        FROM survivors AS c
        LEFT JOIN {deployments} AS d USING (product_id, edition)
        WHERE status IN (2, 6, 9) AND order_kind IS DISTINCT FROM 34
          AND contract_id IS NOT NULL AND coalesce(closes_on >= '{start}', true)
    )
    SELECT
        origin, contract_id,
        coalesce(contracted.date_key, 0) AS contract_date_key, coalesce(given_back.date_key, 0) AS return_date_key,
        coalesce(client_key, 0) AS client_key, coalesce(deployment_key, 0) AS deployment_key,
        coalesce(channel_key, 0) AS channel_key, coalesce(team_member_key, 0) AS team_member_key,
        contract_date, return_date, is_returned, closes_on - contract_date AS days_before_close,
        instances, unit_price, gross_revenue,
        CASE WHEN is_returned THEN -gross_revenue ELSE 0 END AS returned_revenue,
        CASE WHEN is_returned THEN 0 ELSE gross_revenue END AS net_revenue
    FROM sales
    LEFT JOIN {members("dim_date", "date_key", "date_key, date")} AS contracted ON contracted.date = contract_date
    LEFT JOIN {members("dim_date", "date_key", "date_key, date")} AS given_back ON given_back.date = return_date
    LEFT JOIN {members("dim_client", "client_key", "client_key, client_id")} USING (client_id)
    LEFT JOIN {members("dim_channel", "channel_key", "channel_key, channel_code")} USING (channel_code)
    ASOF LEFT JOIN {members("dim_team_member", "team_member_key", "team_member_key, team_member_id, valid_from")} AS m
        ON m.team_member_id = sales.team_member_id AND sales.contract_date >= m.valid_from
    WHERE instances >= 1 AND unit_price >= 0 AND contract_date IS NOT NULL
) TO '{out}' ({form})
""")
