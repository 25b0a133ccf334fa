-- Team members, their moves, and the versions that these make. office_id is NULL where it names no known office.

CREATE TEMP TABLE move AS
SELECT team_member_id, office_id, changed_at, changed_at::date AS moved_on
FROM people.office_changes WHERE pg_temp.is_readable(changed_at);
CREATE INDEX ON move (team_member_id);

-- The office in which a member was on a day: that of the last move up to the day's end, else the one on joining.
CREATE FUNCTION pg_temp.office_on(member integer, day date) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN l.team_member_id IS NULL THEN m.office_id ELSE l.office_id END
    FROM people.team_members AS m
    LEFT JOIN LATERAL (
        SELECT team_member_id, office_id FROM move
        WHERE team_member_id = member AND moved_on <= day
        ORDER BY changed_at DESC, office_id DESC LIMIT 1
    ) AS l ON true
    WHERE m.team_member_id = member
$$;

CREATE TEMP TABLE team_member AS
WITH special AS (
    SELECT team_member_id, upper(pg_temp.cleaned(min(role COLLATE "C"))) AS role
    FROM people.special_members GROUP BY team_member_id
)
SELECT m.team_member_id,
       nullif(concat_ws(' ', pg_temp.cleaned(m.given_name), pg_temp.cleaned(m.paternal_name),
                        pg_temp.cleaned(m.maternal_name)), '')                          AS member_name,
       lower(pg_temp.cleaned(m.email))                                                  AS email,
       coalesce(s.role, 'TEAM_MEMBER')                                                  AS role,
       o.office_id,
       CASE WHEN o.office_id IS NULL THEN 'Unknown' ELSE coalesce(pg_temp.cleaned(o.name), 'Office ' || o.office_id) END    AS office_name,
       m.joined_on, m.left_on
FROM night CROSS JOIN people.team_members AS m
LEFT JOIN special AS s USING (team_member_id)
LEFT JOIN people.offices AS o ON o.office_id = pg_temp.office_on(m.team_member_id, business_date);

-- One row per member and days without a change of the office, wherever the moves led in between.
CREATE TEMP TABLE team_member_version AS
WITH days AS (
    SELECT team_member_id, DATE '1900-01-01' AS day FROM people.team_members
    UNION
    SELECT team_member_id, greatest(moved_on, DATE '1900-01-01') FROM move JOIN people.team_members USING (team_member_id)
),
offices AS (
    SELECT team_member_id, day, pg_temp.office_on(team_member_id, day) AS office_id FROM days
),
changes AS (
    SELECT *, lag(team_member_id) OVER w IS NULL OR lag(office_id) OVER w IS DISTINCT FROM office_id AS is_change
    FROM offices WINDOW w AS (PARTITION BY team_member_id ORDER BY day)
)
SELECT team_member_id, office_id, day AS valid_from,
       lead(day, 1, DATE '9999-12-31') OVER (PARTITION BY team_member_id ORDER BY day)  AS valid_to,
       row_number() OVER (PARTITION BY team_member_id ORDER BY day)                     AS version
FROM changes WHERE is_change;
