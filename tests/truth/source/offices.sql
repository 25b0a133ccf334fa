-- Every office, and the region that it belongs to.
SELECT office_id, coalesce(pg_temp.cleaned(name), 'Office ' || office_id)                          AS office_name,
       pg_temp.region(region)                                                                      AS region,
       opened_on
FROM people.offices
