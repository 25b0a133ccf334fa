-- Every client.
SELECT client_id, catalogue,
       nullif(concat_ws(' ', pg_temp.cleaned(given_name), pg_temp.cleaned(paternal_name),
                        pg_temp.cleaned(maternal_name)), '')  AS client_name,
       lower(pg_temp.cleaned(email))                          AS email,
       pg_temp.country(country)                               AS country,
       registered_at::date                                    AS registered_on
FROM client
