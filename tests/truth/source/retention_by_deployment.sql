-- How many team members were new, retained, reactivated, or without a sale, in each deployment?
SELECT product_id, edition, retention, count(*) AS team_members
FROM published_team_deployment GROUP BY product_id, edition, retention
