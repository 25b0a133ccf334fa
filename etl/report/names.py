"""The names that analysts see, made from those of the tables and columns."""

_AS_WRITTEN = {"id": "ID", "etl": "ETL", "iso": "ISO", "to": "to", "of": "of"}
_KINDS = ("dim_", "fact_")


def friendly(name: str) -> str:
    """Return the friendly name of a table or column: fact_sales → Sales, net_revenue_to_date → Net Revenue to Date."""
    for kind in _KINDS:
        name = name.removeprefix(kind)
    return " ".join(_AS_WRITTEN.get(word, word.capitalize()) for word in name.split("_"))
