"""Currencies by their codes of ISO 4217, and how an amount is written in one: €1,234.00 · CHF 1,234.00 · −€5.00.

An amount is written by a number format with the currency in it, as spreadsheets have it; so whoever writes a number by
its format (the dashboard, Power BI, a look at one measure) writes the same text.
"""

import re

from etl.core.errors import ContractError
from etl.core.names import guess

_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF CLP CNY COP
CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD
IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR
MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP
SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF
XPF YER ZAR ZMW ZWG
"""
CODES = frozenset(_CODES.split())
_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "ILS": "₪", "VND": "₫", "UAH": "₴"}
"""Signs that one currency has for itself, or that English readers take for that one. All others are named by code."""
_AMOUNT = re.compile(r"(\+?)((?:#,0|#,##0|0)(?:\.0+)?)(?:;-\2)?")


def check_currency(code: str, where: object) -> None:
    """Refuse what is no currency. Raises ContractError; where: the file that names it."""
    if code not in CODES:
        raise ContractError(
            f"{where}: {code!r} is not a currency code of ISO 4217.",
            guess(code.upper(), sorted(CODES), "Write the three capital letters, for example EUR or USD."),
        )


def money_format(number_format: str, code: str | None, where: object) -> str:
    """Return a format with the currency in it. Raises ContractError where it is no format of an amount."""
    parts = _AMOUNT.fullmatch(number_format)
    if parts is None:
        raise ContractError(
            f"{where}: `money` is for an amount, and the format {number_format!r} is not one of an amount.",
            "Write #,0.00 or #,0, with the sign in front +#,0.00;-#,0.00, or leave `money` out.",
        )
    if code is None:
        return number_format
    sign = _SIGNS.get(code, f"{code}\N{NO-BREAK SPACE}")
    amount = f'"{sign}"{parts[2]}'
    return f"+{amount};-{amount}" if parts[1] else amount
