"""BigQuery as the warehouse: what it is asked, what it refuses, and how a night is published there."""
