"""The tool `convert`: an amount in another unit, exactly.

The factors are those that define the units (NIST Special Publication 811, 2008, appendix B); gallons, quarts, pints,
cups and fluid ounces are those of the United States. A library knows thousands of units more, but a schema can name
these, so that a model writes no unit that there isn't.
"""

from fractions import Fraction
from typing import Literal, NamedTuple, get_args

from pydantic import Field

from outcross.data.samples import Record
from outcross.tasks.drafting.tools.amounts import written
from outcross.tasks.drafting.tools.tool import Tool

Unit = Literal[
    "mm", "cm", "m", "km", "in", "ft", "yd", "mi",
    "mg", "g", "kg", "t", "oz", "lb",
    "s", "min", "h", "d", "week",
    "cm2", "m2", "ha", "km2", "ft2", "acre", "mi2",
    "mL", "L", "m3", "fl_oz", "cup", "pt", "qt", "gal",
    "m/s", "km/h", "mph", "knot",
    "J", "kJ", "cal", "kcal", "Wh", "kWh",
    "Pa", "kPa", "bar", "atm", "psi",
    "B", "kB", "MB", "GB", "KiB", "MiB", "GiB",
    "C", "F", "K",
]  # fmt: skip
UNITS: tuple[str, ...] = get_args(Unit)


class Scale(NamedTuple):
    """What a unit measures, and how: so many of the base unit, counted from where its zero lies."""

    measures: str
    size: Fraction
    zero: Fraction = Fraction(0)


def _scales(measures: str, **sizes: str) -> dict[str, Scale]:
    return {name: Scale(measures, Fraction(size)) for name, size in sizes.items()}


_GALLON = Fraction("0.003785411784")
_SCALES: dict[str, Scale] = {
    **_scales(
        "a length",
        mm="0.001", cm="0.01", m="1", km="1000", ft="0.3048", yd="0.9144", mi="1609.344", **{"in": "0.0254"},
    ),
    **_scales("a mass", mg="1e-6", g="0.001", kg="1", t="1000", oz="0.028349523125", lb="0.45359237"),
    **_scales("a time", s="1", min="60", h="3600", d="86400", week="604800"),
    **_scales(
        "an area",
        cm2="0.0001", m2="1", ha="10000", km2="1e6", ft2="0.09290304", acre="4046.8564224", mi2="2589988.110336",
    ),
    **_scales("a volume", mL="1e-6", L="0.001", m3="1"),
    **{
        name: Scale("a volume", _GALLON / parts)
        for name, parts in {"gal": 1, "qt": 4, "pt": 8, "cup": 16, "fl_oz": 128}.items()
    },
    **_scales("a speed", **{"m/s": "1", "km/h": "5/18", "mph": "0.44704", "knot": "463/900"}),
    **_scales("an energy", J="1", kJ="1000", cal="4.184", kcal="4184", Wh="3600", kWh="3600000"),
    **_scales("a pressure", Pa="1", kPa="1000", bar="100000", atm="101325"),
    "psi": Scale("a pressure", Fraction("4.4482216152605") / Fraction("0.0254") ** 2),
    **_scales("an amount of data", B="1", kB="1000", MB="1e6", GB="1e9", KiB="1024", MiB="1048576", GiB="1073741824"),
    "K": Scale("a temperature", Fraction(1)),
    "C": Scale("a temperature", Fraction(1), Fraction("273.15")),
    "F": Scale("a temperature", Fraction(5, 9), Fraction("459.67") * Fraction(5, 9)),
}  # fmt: skip


class Amount(Record):
    """What is to be told in another unit."""

    value: float = Field(allow_inf_nan=False, description="how many")
    unit: Unit = Field(description=f"the unit it is in, one of {', '.join(UNITS)}")
    to: Unit = Field(description="the unit that is wanted, another of these")


def _converted(asked: Amount) -> str:
    given, wanted = _SCALES[asked.unit], _SCALES[asked.to]
    if given.measures != wanted.measures:
        raise ValueError(f"{asked.unit} is {given.measures}, and {asked.to} {wanted.measures}")
    base = Fraction(repr(asked.value)) * given.size + given.zero
    return f"{written((base - wanted.zero) / wanted.size)} {asked.to}"


CONVERT = Tool(name="convert", about="Tells an amount in another unit.", takes=Amount, run=_converted)
