-- How many contracts name no known client, deployment, channel, team member, day of return?
SELECT count(*) FILTER (WHERE client_id IS NULL)       AS unknown_client,
       count(*) FILTER (WHERE NOT has_deployment)      AS unknown_deployment,
       count(*) FILTER (WHERE channel_code IS NULL)    AS unknown_channel,
       count(*) FILTER (WHERE team_member_id IS NULL)  AS unknown_team_member,
       count(*) FILTER (WHERE return_date IS NULL)     AS unknown_return_date,
       0                                               AS unknown_contract_date
FROM published_contract
