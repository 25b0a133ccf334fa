"""The data dictionary, written from the contracts, headers of queries and the report; a stale one fails the checks."""
