-- Finished days of the deployments that are still sold.
-- like: fact_deployment_day
SELECT fact_deployment_day.*
FROM fact_deployment_day
JOIN dim_deployment ON dim_deployment.deployment_key = fact_deployment_day.deployment_key
WHERE dim_deployment.is_open AND NOT is_unfinished
