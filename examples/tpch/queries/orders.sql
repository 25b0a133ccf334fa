-- Orders.
-- grain: one row per order
-- source: tpch
-- key: o_orderkey

SELECT o_orderkey, o_custkey, o_orderdate, o_orderstatus, o_orderpriority, o_totalprice
FROM orders
