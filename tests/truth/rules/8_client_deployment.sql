-- Known clients and known deployments in which they have a contract; all history.

CREATE TEMP TABLE client_deployment AS
WITH bought AS (
    SELECT client_id, product_id, edition, count(*) AS contracts,
           count(*) FILTER (WHERE is_returned)                                          AS returned_contracts,
           sum(instances) AS instances, sum(gross_revenue) AS gross_revenue, sum(net_revenue) AS net_revenue,
           coalesce(min(contract_date) FILTER (WHERE NOT is_returned), min(contract_date)) AS first_contract_date,
           max(days_before_close) FILTER (WHERE NOT is_returned)                        AS first_days_before_close,
           bool_or(NOT is_returned)                                                     AS has_net_sale
    FROM contract WHERE client_id IS NOT NULL AND has_deployment
    GROUP BY 1, 2, 3
),
last_sale AS (   -- the newest earlier edition of the same product in which the client had a net sale
    SELECT *, max(edition) FILTER (WHERE has_net_sale)
              OVER (PARTITION BY client_id, product_id ORDER BY edition
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS last_edition
    FROM bought
)
SELECT l.*, d.is_published,
       CASE WHEN NOT has_net_sale THEN 'None'
            WHEN edition - last_edition = 1 THEN 'Retained'
            WHEN edition - last_edition <= 10 THEN 'Reactivated'
            ELSE 'New' END                                                              AS retention
FROM last_sale AS l JOIN deployment AS d USING (product_id, edition);

CREATE TEMP VIEW published_client_deployment AS SELECT * FROM client_deployment WHERE is_published;
