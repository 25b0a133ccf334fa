-- The night, and how texts and times are read. Parameters: as_of, the instant at which stage 1 read the source, and
-- the business time zone.
--
-- The session's time zone is the business time zone: the ::date of an instant is its business date, and a time
-- without a zone becomes an instant as business time.

SELECT set_config('TimeZone', %(zone)s, false);

CREATE TEMP TABLE night AS
SELECT %(as_of)s::timestamptz                                            AS as_of,
       %(as_of)s::timestamptz::date                                      AS business_date,
       (%(as_of)s::timestamptz::date - interval '3 years')::date         AS window_start;

-- What a CSV and a warehouse can hold: no infinity, nothing beyond the year 9999. A row with another time is not read.
CREATE FUNCTION pg_temp.is_readable(moment timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN moment IS NULL OR isfinite(moment) AND moment < '10000-01-01 00:00+00';

-- A date written dd/mm/yyyy, perhaps with blanks around it; NULL for whatever is no such day.
CREATE FUNCTION pg_temp.written_date(written text) RETURNS date LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    part integer[] := regexp_match(written, '^\s*([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})\s*$');
BEGIN
    RETURN make_date(part[3], part[2], part[1]);
EXCEPTION WHEN datetime_field_overflow THEN
    RETURN NULL;   -- the 31st of February, the month 0
END $$;

-- The name of a country, of its code or its name in any spelling; of no country, that.
CREATE FUNCTION pg_temp.country(written text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE upper(btrim(written))
    WHEN 'ES' THEN 'Spain' WHEN 'SPAIN' THEN 'Spain' WHEN 'PT' THEN 'Portugal' WHEN 'PORTUGAL' THEN 'Portugal'
    WHEN 'FR' THEN 'France' WHEN 'FRANCE' THEN 'France' WHEN 'MX' THEN 'Mexico' WHEN 'MEXICO' THEN 'Mexico'
    ELSE coalesce(nullif(upper(btrim(written)), ''), 'No country') END;

-- The name of a region, whatever its blanks and letter case; of one that is not on the list, in upper case.
CREATE FUNCTION pg_temp.region(written text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE WHEN lower(btrim(written)) IN ('north', 'south', 'centre', 'portugal', 'islands')
            THEN initcap(btrim(written))
            ELSE coalesce(nullif(upper(btrim(written)), ''), 'No region') END;

-- Trimmed, runs of white space folded into one blank; NULL if nothing is left.
CREATE FUNCTION pg_temp.cleaned(written text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN nullif(btrim(regexp_replace(written, '[\s\u00a0]+', ' ', 'g')), '');
