-- What was published of the tables that there are.
-- like: etl_runs
SELECT * FROM etl_runs WHERE table_name IN ({tables})
