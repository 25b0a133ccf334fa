SELECT d.date AS day, d.year, d.quarter, d.month, d.month_name, d.year_month,
       d.day_of_month, d.iso_week, d.weekday, d.weekday_name, d.is_weekend, d.one_year_later
FROM dim_date AS d WHERE d.date_key <> 0
