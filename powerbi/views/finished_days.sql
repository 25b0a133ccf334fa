-- Days that were over when the data were read.
-- like: fact_deployment_day
SELECT * FROM fact_deployment_day WHERE NOT is_unfinished
