"""Lines of orders."""

import pandas as pd
import pyarrow as pa

from etl.contract import Date, Decimal, Fact, Integer, Key, Money, Text, attribute, measure, natural_key, reference

_SHARE = pd.ArrowDtype(pa.decimal128(4, 2))
_PRICE = pd.ArrowDtype(pa.decimal128(12, 2))


class FactLine(Fact, stream="lines", partition_by="shipped_on", closed_months="shipped_on"):
    """One row per line of an order.

    Revenue is the price less the discount, charge the revenue with the tax: products of two and three decimals, none
    of whose digits is rounded away.
    """

    order_id: Integer = natural_key("The order's number.")
    line_number: Integer = natural_key("The line's number in its order.")
    customer_key: Key = reference("dim_customer", "The customer.")
    supplier_key: Key = reference("dim_supplier", "The supplier.")
    part_key: Key = reference("dim_part", "The part.")
    ordered_on: Date = attribute("Day of the order.")
    shipped_on: Date = attribute("Day of shipping.")
    committed_on: Date = attribute("Day that was promised.")
    received_on: Date = attribute("Day of arrival.")
    quantity: Money = measure("How many of the part.", ge=0)
    price: Money = measure("What they cost without discount and tax.", ge=0)
    revenue: Decimal(30, 4) = measure("Price less discount.", ge=0)  # type: ignore[valid-type]
    charge: Decimal(35, 6) = measure("Revenue with tax.", ge=0)  # type: ignore[valid-type]
    return_flag: Text = attribute("R returned, A accepted, N neither yet.", isin=["R", "A", "N"])
    line_status: Text = attribute("F finished, O open.", isin=["F", "O"])
    ship_mode: Text = attribute("How it was shipped.")
    comment: Text = attribute("What was said of it.")


def build(lines: pd.DataFrame) -> pd.DataFrame:
    """Compute revenue and charge exactly, name the other columns for people."""
    named = lines.rename(
        columns={
            "l_orderkey": "order_id",
            "l_linenumber": "line_number",
            "o_custkey": "customer_id",
            "l_suppkey": "supplier_id",
            "l_partkey": "part_id",
            "o_orderdate": "ordered_on",
            "l_shipdate": "shipped_on",
            "l_commitdate": "committed_on",
            "l_receiptdate": "received_on",
            "l_quantity": "quantity",
            "l_extendedprice": "price",
            "l_returnflag": "return_flag",
            "l_linestatus": "line_status",
            "l_shipmode": "ship_mode",
            "l_comment": "comment",
        }
    )
    revenue = named["price"].astype(_PRICE) * (1 - named["l_discount"]).astype(_SHARE)
    charge = revenue * (1 + named["l_tax"]).astype(_SHARE)
    return named.drop(columns=["l_discount", "l_tax"]).assign(revenue=revenue, charge=charge)
