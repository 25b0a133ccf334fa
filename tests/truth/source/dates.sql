-- Every day of the calendar.
WITH years AS (
    SELECT date_trunc('year', min(opened_on)) AS first_day,
           date_trunc('year', greatest(max(closes_on), max(business_date) + interval '1 year')) AS last_year
    FROM catalogue.deployments, night
)
SELECT day::date AS day, extract(year FROM day) AS year, extract(quarter FROM day) AS quarter,
       extract(month FROM day) AS month, to_char(day, 'FMMonth') AS month_name, to_char(day, 'YYYY-MM') AS year_month,
       extract(day FROM day) AS day_of_month, extract(week FROM day) AS iso_week,
       extract(isodow FROM day) AS weekday, to_char(day, 'FMDay') AS weekday_name,
       extract(isodow FROM day) >= 6 AS is_weekend,
       (day + interval '1 year')::date AS one_year_later
FROM years, generate_series(first_day, last_year + interval '1 year' - interval '1 day', interval '1 day') AS day
