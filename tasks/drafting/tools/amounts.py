"""Amounts: exact numbers as a person writes them."""

from fractions import Fraction

_PLACES = 12
"""Decimals that are written out where the number ends by then."""
_SIMPLE = 1_000
"""Fractions with a smaller denominator than this are written as such."""


def written(value: Fraction) -> str:
    """A number: exact where its decimals end soon, else with its first ten digits.

    Raises:
        ValueError, OverflowError: it has thousands of digits.
    """
    for places in range(_PLACES + 1):
        scaled = value * 10**places
        if scaled.denominator == 1:
            digits = str(abs(scaled.numerator)).zfill(places + 1)
            whole, decimals = (digits[:-places], f".{digits[-places:]}") if places else (digits, "")
            return f"{'-' if value < 0 else ''}{whole}{decimals}"
    about = f"about {float(value):.10g}"
    return f"{value}, {about}" if value.denominator < _SIMPLE else about
