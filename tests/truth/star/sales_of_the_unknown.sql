SELECT SUM(CASE WHEN client_key = 0 THEN 1 ELSE 0 END)         AS unknown_client,
       SUM(CASE WHEN deployment_key = 0 THEN 1 ELSE 0 END)     AS unknown_deployment,
       SUM(CASE WHEN channel_key = 0 THEN 1 ELSE 0 END)        AS unknown_channel,
       SUM(CASE WHEN team_member_key = 0 THEN 1 ELSE 0 END)    AS unknown_team_member,
       SUM(CASE WHEN return_date_key = 0 THEN 1 ELSE 0 END)    AS unknown_return_date,
       SUM(CASE WHEN contract_date_key = 0 THEN 1 ELSE 0 END)  AS unknown_contract_date
FROM fact_sales
