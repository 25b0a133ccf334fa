-- Parts.
-- grain: one row per part
-- source: tpch
-- key: p_partkey

SELECT p_partkey, p_name, p_brand, p_type, p_size, p_retailprice
FROM part
