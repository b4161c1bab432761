"""Amounts of money: whole minor units and a currency, never a float."""

import re
from dataclasses import dataclass
from decimal import Decimal

MOST = Decimal(1_000_000_000)  # nobody on a marketplace for freelancers moves more

# How many digits follow the point, where it is not two (ISO 4217).
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_TWO = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD
HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA
MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN
QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP
TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW
"""
EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_NONE.split(), 0),
    **dict.fromkeys(_TWO.split(), 2),
    **dict.fromkeys(_THREE.split(), 3),
}
CURRENCIES = tuple(sorted(EXPONENTS))

_PLAIN = re.compile(r"[0-9]{1,15}(\.[0-9]+)?")
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"[0-9]{1,15},[0-9]{1,2}")
_WITH_CODE = re.compile(r"(?:([A-Za-z]{3})\s*)?([0-9][^A-Za-z]*?)(?:\s*([A-Za-z]{3}))?")


class BadAmount(ValueError):
    """Its words are for the person who typed the amount."""


@dataclass(frozen=True, slots=True)
class Money:
    minor: int
    currency: str

    def __str__(self) -> str:
        digits = EXPONENTS.get(self.currency, 2)
        return f"{self.currency} {Decimal(self.minor).scaleb(-digits):,.{digits}f}"


def read_amount(text: str, currency: str = "") -> Money:
    """`1,250.50` with a currency, or both at once: `USD 1250.50`. More than nothing."""
    found = _WITH_CODE.fullmatch(text.strip())
    if found is None:
        raise BadAmount("Enter the amount in figures, like 1250.50.")
    before, figures, after = found.groups()
    code = _one_currency(currency, before, after)
    amount = _decimal(figures, EXPONENTS[code])
    if not 0 < amount < MOST:
        raise BadAmount(f"Enter an amount above 0 and below {MOST:,}.")
    return Money(int(amount.scaleb(EXPONENTS[code])), code)


def _one_currency(*given: str | None) -> str:
    codes = {code.strip().upper() for code in given if code and code.strip()}
    if not codes:
        raise BadAmount("Choose the currency of the amount.")
    if len(codes) > 1:
        raise BadAmount("The amount names another currency than the one chosen.")
    code = codes.pop()
    if code not in EXPONENTS:
        raise BadAmount("Choose a currency from the list, like USD or EUR.")
    return code


def _decimal(figures: str, digits: int) -> Decimal:
    figures = re.sub(r"[\s'\u2019]", "", figures)
    if _DECIMAL_COMMA.fullmatch(figures) and digits == 2:
        figures = figures.replace(",", ".")
    elif _GROUPED.fullmatch(figures) and (digits < 3 or "." in figures):
        figures = figures.replace(",", "")
    elif not _PLAIN.fullmatch(figures):
        raise BadAmount("Enter the amount in figures with a point, like 1250.50.")
    whole, _, fraction = figures.partition(".")
    if len(fraction.rstrip("0")) > digits:
        allowed = f"at most {digits} digits" if digits else "no digits"
        raise BadAmount(f"This currency has {allowed} after the point.")
    return Decimal(f"{whole}.{fraction or 0}")
