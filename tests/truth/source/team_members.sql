-- Every team member.
SELECT team_member_id, member_name, email, role, office_id, office_name, joined_on, left_on
FROM team_member
