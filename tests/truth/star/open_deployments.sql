SELECT COUNT(*) AS deployments FROM dim_deployment WHERE is_open
