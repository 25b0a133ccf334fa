-- Customers with their nation and region.
-- grain: one row per customer
-- source: tpch
-- key: c_custkey

SELECT c_custkey, c_name, n_name, r_name, c_mktsegment, c_acctbal
FROM customer
JOIN nation ON n_nationkey = c_nationkey
JOIN region ON r_regionkey = n_regionkey
