-- Sales of the twelve months that end with the last sale.
-- like: fact_sales
SELECT fact_sales.*
FROM fact_sales
JOIN dim_date AS sold ON sold.date_key = fact_sales.contract_date_key
WHERE sold.one_year_later > (SELECT MAX(contract_date) FROM fact_sales)
    AND sold.date <= (SELECT MAX(contract_date) FROM fact_sales)
