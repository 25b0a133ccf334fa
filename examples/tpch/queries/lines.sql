-- Lines of orders, with the order's customer and day.
-- grain: one row per line of an order
-- source: tpch
-- key: l_orderkey, l_linenumber

SELECT
    l_orderkey, l_linenumber, o_custkey, l_suppkey, l_partkey,
    o_orderdate, l_shipdate, l_commitdate, l_receiptdate,
    l_quantity, l_extendedprice, l_discount, l_tax,
    l_returnflag, l_linestatus, l_shipmode, l_comment
FROM lineitem
JOIN orders ON o_orderkey = l_orderkey
