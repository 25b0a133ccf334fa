-- How many clients were new, retained, reactivated, or returned everything, in each deployment, and what did they bring?
SELECT product_id, edition, retention, count(*) AS clients, sum(contracts) AS contracts, sum(net_revenue) AS net_revenue
FROM published_client_deployment GROUP BY product_id, edition, retention
