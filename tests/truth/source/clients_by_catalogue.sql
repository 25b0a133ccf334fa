-- How many clients are taken from each catalogue?
SELECT catalogue, count(*) AS clients FROM client GROUP BY catalogue
