"""Currencies by their codes of ISO 4217, and how an amount is written in one: €1,234.00 · CHF 1,234.00 · −€5.00.

An amount is written by a number format with the currency in it, as spreadsheets have it; so whoever writes a number by
its format (the dashboard, Power BI, a look at one measure) writes the same text.
"""

import re
from difflib import get_close_matches

from etl.core.errors import ContractError

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
_COMMON = "EUR USD GBP JPY CHF CNY CAD AUD SEK NOK DKK PLN CZK HUF INR BRL MXN ZAR TRY SGD HKD KRW NZD ILS"
"""Those that most companies count in: of several codes that resemble what was written, one of these was meant."""
_AMOUNT = re.compile(r"(\+?)((?:#,0|#,##0|0)(?:\.0+)?)(?:;-\2)?")


def check_currency(code: str, where: object) -> None:
    """Refuse what is no currency. Raises ContractError; where: the file that names it."""
    if code not in CODES:
        raise ContractError(
            f"{where}: {code!r} is not a currency code of ISO 4217.",
            f"Did you mean {meant}?" if (meant := _meant(code)) else "Write three capital letters, such as EUR or USD.",
        )


def _meant(written: str) -> str:
    """Return the code that was probably meant: that of a sign, one of the same letters, a common one, any that is near.

    Of three letters two are alike in every tenth code, so likeness alone finds one of a country far away.
    """
    by_sign = {sign: code for code, sign in _SIGNS.items()}
    code = written.strip().upper()
    near = [by_sign[code]] if code in by_sign else get_close_matches(code, sorted(CODES), len(CODES))

    def unlikelihood(each: str) -> tuple[bool, bool, int]:
        return sorted(each) != sorted(code), each not in _COMMON, _COMMON.find(each)

    return min(near, key=unlikelihood, default="")


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
