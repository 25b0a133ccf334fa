"""A star table, or a query, on a slice: the loop in which it is written. Nothing is committed."""
