-- Suppliers with their nation and region.
-- grain: one row per supplier
-- source: tpch
-- key: s_suppkey

SELECT s_suppkey, s_name, n_name, r_name, s_acctbal
FROM supplier
JOIN nation ON n_nationkey = s_nationkey
JOIN region ON r_regionkey = n_regionkey
