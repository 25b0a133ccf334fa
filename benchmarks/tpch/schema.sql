-- TPC-H's tables, of the columns' order in which its generator writes them.
CREATE TABLE region (r_regionkey int PRIMARY KEY, r_name text NOT NULL, r_comment text);
CREATE TABLE nation (n_nationkey int PRIMARY KEY, n_name text NOT NULL, n_regionkey int NOT NULL, n_comment text);
CREATE TABLE part (
    p_partkey int PRIMARY KEY, p_name text, p_mfgr text, p_brand text, p_type text, p_size int, p_container text,
    p_retailprice numeric(15,2), p_comment text);
CREATE TABLE supplier (
    s_suppkey int PRIMARY KEY, s_name text, s_address text, s_nationkey int, s_phone text, s_acctbal numeric(15,2),
    s_comment text);
CREATE TABLE customer (
    c_custkey int PRIMARY KEY, c_name text, c_address text, c_nationkey int, c_phone text, c_acctbal numeric(15,2),
    c_mktsegment text, c_comment text);
CREATE TABLE orders (
    o_orderkey bigint PRIMARY KEY, o_custkey int, o_orderstatus text, o_totalprice numeric(15,2), o_orderdate date,
    o_orderpriority text, o_clerk text, o_shippriority int, o_comment text);
CREATE TABLE lineitem (
    l_orderkey bigint, l_partkey int, l_suppkey int, l_linenumber int, l_quantity numeric(15,2),
    l_extendedprice numeric(15,2), l_discount numeric(15,2), l_tax numeric(15,2), l_returnflag text, l_linestatus text,
    l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct text, l_shipmode text, l_comment text,
    PRIMARY KEY (l_orderkey, l_linenumber));
