"""TPC-H's fact by duckdb, in SQL: folder of raw CSVs, of the star's CSVs, CSV or Parquet to write."""

import sys
from pathlib import Path

import duckdb

raw, star, out = sys.argv[1:]
form = "FORMAT parquet, COMPRESSION zstd" if out.endswith(".parquet") else "FORMAT csv, HEADER"
connection = duckdb.connect()
connection.execute("SET preserve_insertion_order = false")
connection.execute(f"SET temp_directory = '{Path(out).parent}/spill'")


def members(name: str) -> str:
    """Write a dimension of the star as a relation, without its unknown member."""
    file = f"{star}/dim_{name}.*csv"
    return f"(SELECT {name}_key, {name}_id FROM read_csv('{file}', header = true) WHERE {name}_key <> 0)"


connection.execute(f"""
COPY (
    SELECT
        l_orderkey AS order_id, l_linenumber AS line_number, coalesce(customer_key, 0) AS customer_key,
        coalesce(supplier_key, 0) AS supplier_key, coalesce(part_key, 0) AS part_key,
        o_orderdate AS ordered_on, l_shipdate AS shipped_on, l_commitdate AS committed_on,
        l_receiptdate AS received_on, l_quantity AS quantity, l_extendedprice AS price,
        (l_extendedprice * (1 - l_discount))::DECIMAL(30, 4) AS revenue,
        (l_extendedprice * (1 - l_discount) * (1 + l_tax))::DECIMAL(36, 6) AS charge,
        l_returnflag AS return_flag, l_linestatus AS line_status, l_shipmode AS ship_mode, l_comment AS comment
    FROM read_csv('{raw}/lines.csv', header = true, auto_detect = false, quote = '"', escape = '"', columns = {{
        l_orderkey: 'BIGINT', l_linenumber: 'INTEGER', o_custkey: 'INTEGER', l_suppkey: 'INTEGER',
        l_partkey: 'INTEGER', o_orderdate: 'DATE', l_shipdate: 'DATE', l_commitdate: 'DATE', l_receiptdate: 'DATE',
        l_quantity: 'DECIMAL(12,2)', l_extendedprice: 'DECIMAL(12,2)', l_discount: 'DECIMAL(4,2)',
        l_tax: 'DECIMAL(4,2)', l_returnflag: 'VARCHAR', l_linestatus: 'VARCHAR', l_shipmode: 'VARCHAR',
        l_comment: 'VARCHAR'}})
    LEFT JOIN {members("customer")} AS c ON c.customer_id = o_custkey
    LEFT JOIN {members("supplier")} AS s ON s.supplier_id = l_suppkey
    LEFT JOIN {members("part")} AS p ON p.part_id = l_partkey
) TO '{out}' ({form})
""")
