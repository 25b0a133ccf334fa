"""A query as a derived table of SQL Server's, which takes no WITH, and ORDER BY only after TOP or with OFFSET."""

from typing import Any

from sqlglot.dialects.dialect import Dialect


def derived(sql: str) -> tuple[str, str]:
    r"""Return what stands before the statement that selects from a query, and the query in parentheses.

    >>> derived("WITH a AS (SELECT 1 AS n) SELECT n FROM a ORDER BY n")
    ('WITH a AS (SELECT 1 AS n) ', '(SELECT n FROM a \n)')
    """
    outer = _outer(sql)
    texts = [token.text.upper() for token in outer]
    begin = outer[texts.index("SELECT")].start if texts[:1] == ["WITH"] and "SELECT" in texts else 0
    end = len(sql)
    if "ORDER BY" in texts and not {"TOP", "OFFSET", "FETCH"} & set(texts) and not {"XML", "JSON"} & set(texts):
        end = outer[len(texts) - 1 - texts[::-1].index("ORDER BY")].start
    return sql[:begin], f"({sql[begin:end]}\n)"  # a comment may be the last of it


def _outer(sql: str) -> list[Any]:
    """Return the tokens that are in no parentheses."""
    found, depth = [], 0
    for token in Dialect.get_or_raise("tsql").tokenize(sql):
        depth -= token.text == ")" and sql[token.start] == ")"
        if not depth:
            found.append(token)
        depth += token.text == "(" and sql[token.start] == "("
    return found
