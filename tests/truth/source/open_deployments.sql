-- How many deployments are open?
SELECT count(*) AS deployments FROM catalogue.deployments, night
WHERE opened_on <= business_date AND (closes_on IS NULL OR closes_on >= business_date)
