-- Team members with the role and the office of the night's instant. office_id is NULL where it names no known office.

CREATE TEMP TABLE team_member AS
WITH last_move AS (
    SELECT DISTINCT ON (team_member_id) team_member_id, office_id
    FROM people.office_changes, night
    WHERE pg_temp.is_readable(changed_at) AND changed_at <= as_of
    ORDER BY team_member_id, changed_at DESC, office_id DESC
),
special AS (
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
FROM people.team_members AS m
LEFT JOIN special AS s USING (team_member_id)
LEFT JOIN last_move AS l USING (team_member_id)
LEFT JOIN people.offices AS o ON o.office_id = CASE WHEN l.team_member_id IS NULL THEN m.office_id ELSE l.office_id END;
