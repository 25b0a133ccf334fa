"""The vocabulary of table contracts: what a file in `tables/` imports besides pandas, and nothing else.

A contract is a class with one annotated line per column; its docstring's first line is the grain::

    class DimOffice(Dimension):
        \"\"\"One row per office.\"\"\"

        office_key: Key = surrogate_key()
        office_id: Integer = natural_key("The office's number in the source.")
        name: Text = attribute("The office's name.", unknown="Unknown")

What is said here once is what every stage goes by: how CSV is read, what is checked, the warehouse's schema with its
descriptions and constraints, and the list in docs/tables.md.
"""

from etl.contract.cleaning import (
    business_date,
    clean_text,
    days_between,
    join_text,
    parse_date,
    running_total,
    summarized,
    totals,
)
from etl.contract.columns import (
    DROP,
    HASH,
    KEEP,
    Date,
    Decimal,
    Flag,
    Integer,
    Key,
    Money,
    Number,
    Text,
    Time,
    Timestamp,
    attribute,
    change_key,
    measure,
    natural_key,
    reference,
    surrogate_key,
)
from etl.contract.lookup import lookup
from etl.contract.night import Night
from etl.contract.reserved import BLOCK, BUCKET, MERGED, REJECT, SET_ASIDE, UNPUBLISHED
from etl.contract.table import Dimension, Fact

__all__ = [
    "BLOCK",
    "BUCKET",
    "DROP",
    "HASH",
    "KEEP",
    "MERGED",
    "REJECT",
    "SET_ASIDE",
    "UNPUBLISHED",
    "Date",
    "Decimal",
    "Dimension",
    "Fact",
    "Flag",
    "Integer",
    "Key",
    "Money",
    "Night",
    "Number",
    "Text",
    "Time",
    "Timestamp",
    "attribute",
    "business_date",
    "change_key",
    "clean_text",
    "days_between",
    "join_text",
    "lookup",
    "measure",
    "natural_key",
    "parse_date",
    "reference",
    "running_total",
    "summarized",
    "surrogate_key",
    "totals",
]
