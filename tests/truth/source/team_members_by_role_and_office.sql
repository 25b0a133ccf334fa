-- How many team members has each office in each role?
SELECT role, office_name, count(*) AS team_members FROM team_member GROUP BY role, office_name
