-- Every contract, with whatever it refers to.
SELECT origin, contract_id, contract_date, contract_date AS contract_calendar_date,
       return_date, return_date AS return_calendar_date, is_returned,
       client_id, product_id, edition, channel_code, team_member_id,
       days_before_close, instances, unit_price, gross_revenue, returned_revenue, net_revenue
FROM published_contract
