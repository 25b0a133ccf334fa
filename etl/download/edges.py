"""Values at the edge, by database: the conditions by which they are found and written otherwise. {0} is the column."""

SANE_DAY = {
    "postgresql": "{0} >= '0001-01-01' AND {0} < '10000-01-01'",
    "duckdb": "{0} >= '0001-01-01' AND {0} < '10000-01-01'",
    "mysql": "YEAR({0}) > 0 AND MONTH({0}) > 0 AND DAY({0}) > 0",
}
"""Of a date or time that others can hold, too: not infinite, of the years 1 to 9999, no zero date."""

FINITE = {
    "postgresql": "{0}::text NOT IN ('NaN', 'Infinity', '-Infinity')",  # not every version's numeric knows infinity
    "duckdb": "isfinite({0})",
}
"""Of a number that is one."""

MARK = {
    "postgresql": "strpos({0}, chr(65279)) > 0",
    "duckdb": "contains({0}, chr(65279))",
    "mysql": "LOCATE(CONVERT(0xEFBBBF USING utf8mb4), {0}) > 0",
    "sqlite": "instr({0}, char(65279)) > 0",
}
"""Of a text with U+FEFF in it, a byte order mark."""

NUL = {"mysql": "LOCATE(CHAR(0 USING utf8mb4), {0}) > 0", "sqlite": "instr({0}, char(0)) > 0"}
"""Of a text with a NUL character in it."""


def where(condition: str) -> str:
    """Write a column where a condition holds, and NULL elsewhere."""
    return f"CASE WHEN {condition} THEN {{0}} END"
