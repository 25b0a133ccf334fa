-- In which office was each member when, and which version is today's?
SELECT v.team_member_id, v.version, o.office_id, v.valid_from, v.valid_to,
       valid_from <= business_date AND business_date < valid_to AS is_current, m.member_name, m.role
FROM night CROSS JOIN team_member_version AS v JOIN team_member AS m USING (team_member_id)
LEFT JOIN people.offices AS o ON o.office_id = v.office_id
