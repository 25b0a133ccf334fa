-- Every deployment.
SELECT product_id, edition, product_id AS id_of_product, coalesce(pg_temp.cleaned(name), 'Edition ' || edition) AS deployment_name,
       unit_price, opened_on, closes_on, opened_on <= business_date AND coalesce(closes_on >= business_date, true) AS is_open,
       CASE WHEN opened_on <= business_date AND closes_on >= business_date
            THEN closes_on - (business_date - 1) END                                    AS days_to_close
FROM catalogue.deployments, night
