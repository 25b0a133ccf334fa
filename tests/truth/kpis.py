"""What each figure on the cards of the dashboard is, asked of the published tables in plain SQL.

It shares nothing with the report's own SQL.
"""

_NET = "CASE WHEN is_returned THEN 0 ELSE gross_revenue END"
_OPEN = """
WITH last AS (
    SELECT deployment_key, MAX(date) AS date FROM fact_deployment_day
    JOIN dim_deployment USING (deployment_key) WHERE is_open AND NOT is_unfinished GROUP BY 1
), balance AS (SELECT fact_deployment_day.* FROM fact_deployment_day JOIN last USING (deployment_key, date))
"""
_AGAIN = """
WITH bought AS (
    SELECT client_key, product_id, edition, deployment_key FROM fact_sales JOIN dim_deployment USING (deployment_key)
    WHERE client_key <> 0 AND deployment_key <> 0 AND NOT is_returned GROUP BY ALL
), pairs AS (
    SELECT before.client_key, bought.client_key IS NOT NULL AS again
    FROM bought AS before
    JOIN dim_deployment AS next ON next.product_id = before.product_id AND next.edition = before.edition + 1
    LEFT JOIN bought ON bought.client_key = before.client_key AND bought.deployment_key = next.deployment_key
    WHERE NOT next.is_open AND next.opened_on <= (SELECT MAX(contract_date) FROM fact_sales)
)
"""
_SO_FAR = """
WITH bought AS (
    SELECT client_key, product_id, edition, MAX(days_before_close) AS first_at
    FROM fact_sales JOIN dim_deployment USING (deployment_key)
    WHERE client_key <> 0 AND deployment_key <> 0 AND NOT is_returned GROUP BY ALL
), so_far AS (
    SELECT COALESCE(came.first_at >= DATE_DIFF('day', (SELECT MAX(date) FROM fact_deployment_day
        WHERE NOT is_unfinished), now.closes_on), FALSE) AS is_back
    FROM dim_deployment AS now
    JOIN bought AS before ON before.product_id = now.product_id AND before.edition = now.edition - 1 - {0}
    LEFT JOIN bought AS came ON came.client_key = before.client_key AND came.product_id = now.product_id
        AND came.edition = now.edition - {0}
    WHERE now.is_open AND now.closes_on IS NOT NULL
)
"""
_LARGEST = """MAX(fact_sales.net_revenue) FROM fact_sales JOIN balance AS b USING (deployment_key)
    WHERE b.previous_net_revenue_to_date IS NOT NULL AND contract_date <= b.date"""
_QUARTER = "(SELECT DATE_TRUNC('quarter', MAX(contract_date) + 1) AS quarter_after FROM fact_sales)"
_CLASS = "SELECT COUNT(*) FROM fact_client_deployment WHERE retention = '{}'"
_OF_MEMBERS = "FROM fact_sales WHERE team_member_key <> 0"
_SELLERS = "FROM fact_sales JOIN dim_team_member USING (team_member_key) WHERE team_member_key <> 0"
_MOVED = "SELECT COUNT(*) FROM fact_usage_movements WHERE movement IN ({})"
_NEWEST = "FROM etl_runs WHERE run_id = (SELECT MAX(run_id) FROM etl_runs)"

KPIS = {
    "Open Pace": f"""{_OPEN} SELECT SUM(net_revenue_to_date) / SUM(previous_net_revenue_to_date) FROM balance
        WHERE previous_net_revenue_to_date IS NOT NULL""",
    "Open Pace without the Largest Contract": f"""{_OPEN}
        SELECT (SUM(net_revenue_to_date) - (SELECT {_LARGEST})) / SUM(previous_net_revenue_to_date) FROM balance
        WHERE previous_net_revenue_to_date IS NOT NULL""",
    "Largest Comparable Open Contract": f"{_OPEN} SELECT {_LARGEST}",
    "Open Revenue to Date": f"{_OPEN} SELECT SUM(net_revenue_to_date) FROM balance",
    "Open Revenue without a Pace": f"""{_OPEN} SELECT SUM(net_revenue_to_date) FROM balance
        WHERE previous_net_revenue_to_date IS NULL""",
    "Net Revenue": f"SELECT SUM({_NET}) FROM fact_sales",
    "Net Revenue YTD": f"""SELECT SUM({_NET}) FROM fact_sales WHERE EXTRACT(YEAR FROM contract_date) = (
        SELECT EXTRACT(YEAR FROM MAX(contract_date)) FROM fact_sales)""",
    "Net Revenue Last Quarter": f"""SELECT SUM({_NET}) FROM fact_sales, {_QUARTER}
        WHERE contract_date < quarter_after AND contract_date >= quarter_after - INTERVAL 3 MONTH""",
    "Net Revenue Rolling 12 Months": f"""SELECT SUM({_NET}) FROM fact_sales
        WHERE contract_date + INTERVAL 1 YEAR > (SELECT MAX(contract_date) FROM fact_sales)""",
    "Active Clients": "SELECT COUNT(DISTINCT client_key) FROM fact_sales WHERE NOT is_returned AND client_key > 0",
    "Revenue per Client": f"""SELECT SUM({_NET}) / COUNT(DISTINCT CASE WHEN NOT is_returned THEN client_key END)
        FROM fact_sales WHERE client_key > 0""",
    "Retention Rate": f"{_AGAIN} SELECT AVG(CASE WHEN again THEN 1.0 ELSE 0.0 END) FROM pairs",
    "Returning Clients": f"{_AGAIN} SELECT COUNT(*) FROM pairs WHERE again",
    "Client Revenue": f"SELECT SUM({_NET}) FROM fact_sales WHERE client_key > 0",
    "Open Retention to Date": f"{_SO_FAR.format(0)} SELECT AVG(is_back::INTEGER) FROM so_far",
    "Previous Retention to Date": f"{_SO_FAR.format(1)} SELECT AVG(is_back::INTEGER) FROM so_far",
    "Lost Clients": f"{_AGAIN} SELECT COUNT(*) FROM pairs WHERE NOT again",
    "Previous Edition Clients": f"{_AGAIN} SELECT COUNT(*) FROM pairs",
    "New Clients": _CLASS.format("New"),
    "Retained Clients": _CLASS.format("Retained"),
    "Reactivated Clients": _CLASS.format("Reactivated"),
    "Selling Offices": f"""SELECT COUNT(DISTINCT office_key) FROM dim_team_member
        WHERE office_key <> 0 AND team_member_key IN (SELECT team_member_key {_OF_MEMBERS})""",
    "Selling Members": f"SELECT COUNT(DISTINCT team_member_durable_key) {_SELLERS}",
    "Member Contracts": f"SELECT COUNT(*) {_OF_MEMBERS}",
    "Member Revenue": f"SELECT SUM({_NET}) {_OF_MEMBERS}",
    "Revenue per Member": f"SELECT SUM({_NET}) / COUNT(DISTINCT team_member_durable_key) {_SELLERS}",
    "Allocations": _MOVED.format("'ALLOCATION', 'REALLOCATION'"),
    "Returns": _MOVED.format("'RETURN'"),
    "Returns Rate": """SELECT COUNT(*) FILTER (movement = 'RETURN') / COUNT(*) FILTER (movement <> 'RETURN')
        FROM fact_usage_movements""",
    "Reallocations": _MOVED.format("'REALLOCATION'"),
    "Data as of": f"SELECT MIN(as_of) {_NEWEST}",
    "All Tables of One Night": f"SELECT COUNT(DISTINCT as_of) = 1 {_NEWEST}",
    "Last Published": f"SELECT MAX(published_at) {_NEWEST}",
    "Last Sale": "SELECT MAX(contract_date) FROM fact_sales",
    "Rows Published": f"SELECT SUM(row_count) {_NEWEST}",
    "Rows Rejected": f"SELECT SUM(rejected) {_NEWEST}",
    "Reject Rate": f"SELECT SUM(rejected) / SUM(row_count + rejected) {_NEWEST}",
}
