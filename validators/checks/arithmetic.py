"""Arithmetic: the exact value of a sum as people write it, and how far rounded numbers leave it open."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

_NUMBER = re.compile(r"(?P<whole>[0-9][0-9,]*)?(?:\.(?P<decimals>[0-9]+))?(?P<percent>%)?")
_LONGEST, _DIGITS, _POWER, _BITS = 60, 60, 12, 4_096


@dataclass(frozen=True)
class Value:
    """What a sum comes to if its numbers are exact, and the least and most if those with two decimals are rounded."""

    exact: Fraction
    low: Fraction
    high: Fraction

    @classmethod
    def of(cls, exact: Fraction) -> Self:
        return cls(exact, exact, exact)

    @property
    def is_exact(self) -> bool:
        """Whether none of its numbers may be rounded, which is most often so, and spares two thirds of the sums."""
        return self.low is self.high


def number(text: str) -> Value:
    """The value of `1,200`, `0.33` or `15%`; the one with two decimals or more may be off by half of its last digit."""
    match = _NUMBER.fullmatch(text)
    if match is None or not (match["whole"] or match["decimals"]) or len(text) > _DIGITS:
        raise ValueError(f"{text[:_DIGITS]} is no number")
    decimals = match["decimals"] or ""
    scale: int = 10 ** len(decimals) * (100 if match["percent"] else 1)
    exact = Fraction(int((match["whole"] or "0").replace(",", "") + decimals), scale)
    slack = Fraction(1, 2 * scale)
    return Value(exact, exact - slack, exact + slack) if len(decimals) > 1 else Value.of(exact)


def evaluate(tokens: Sequence[str]) -> Value:
    """The value of a sum.

    Args:
        tokens: numbers, `+`, `-`, `*`, `/`, `^`, `(` and `)`; a parenthesis after a number or another multiplies.

    Raises:
        ValueError: the tokens are no sum, or one that is too long or too large to be meant.
        ZeroDivisionError: something is divided by zero, or by a number that is rounded to zero.
    """
    if len(tokens) > _LONGEST:
        raise ValueError(f"{len(tokens)} tokens")
    reader = _Reader([*tokens, ""])
    value = reader.sum()
    if reader.tokens[reader.place]:
        raise ValueError(reader.tokens[reader.place])
    return value


class _Reader:
    """Reads tokens from left to right, by the usual precedence."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.place = 0

    def take(self, *wanted: str) -> str:
        token = self.tokens[self.place]
        if not token or token not in wanted:
            return ""
        self.place += 1
        return token

    def sum(self) -> Value:
        value = self.product()
        while operator := self.take("+", "-"):
            other = self.product()
            value = _add(value, _negative(other) if operator == "-" else other)
        return value

    def product(self) -> Value:
        value = self.signed()
        while True:
            if operator := self.take("*", "/"):
                other = self.signed()
                value = _times(value, _inverse(other) if operator == "/" else other)
            elif self.tokens[self.place] == "(":
                value = _times(value, self.power())
            else:
                return value

    def signed(self) -> Value:
        return _negative(self.signed()) if self.take("-") else self.power()

    def power(self) -> Value:
        base = self.atom()
        if not self.take("^"):
            return base
        exponent = self.signed().exact
        size = max(base.high.numerator.bit_length(), base.high.denominator.bit_length())
        if exponent.denominator != 1 or not 0 <= exponent <= _POWER or size * exponent > _BITS:
            raise ValueError(f"power {exponent}")
        if base.is_exact:
            return Value.of(base.exact**exponent.numerator)
        raised = [edge**exponent.numerator for edge in (base.exact, base.low, base.high)]
        return Value(raised[0], min(raised), max(raised))

    def atom(self) -> Value:
        if self.take("("):
            value = self.sum()
            if not self.take(")"):
                raise ValueError("an open parenthesis")
            return value
        self.place += 1
        return number(self.tokens[self.place - 1])


def _add(one: Value, other: Value) -> Value:
    if one.is_exact and other.is_exact:
        return Value.of(one.exact + other.exact)
    return Value(one.exact + other.exact, one.low + other.low, one.high + other.high)


def _negative(value: Value) -> Value:
    return Value.of(-value.exact) if value.is_exact else Value(-value.exact, -value.high, -value.low)


def _times(one: Value, other: Value) -> Value:
    if one.is_exact and other.is_exact:
        return Value.of(one.exact * other.exact)
    edges = [a * b for a in (one.low, one.high) for b in (other.low, other.high)]
    return Value(one.exact * other.exact, min(edges), max(edges))


def _inverse(value: Value) -> Value:
    if value.low <= 0 <= value.high:
        raise ZeroDivisionError
    return Value.of(1 / value.exact) if value.is_exact else Value(1 / value.exact, 1 / value.high, 1 / value.low)
