"""What the pages share: their templates' environment, and how numbers and texts from outside are written."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def number(value: float) -> str:
    """Whole where it is whole, else one decimal; thousands apart."""
    return f"{value:,.0f}" if abs(value - round(value)) < 0.05 else f"{value:,.1f}"


def percent(share: float) -> str:
    """A share with one decimal."""
    return f"{100 * share:.1f} %"


def cut(text: str, length: int = 120) -> str:
    """A text from outside, short enough for a line or two, without characters that would reorder or hide others."""
    text = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return text if len(text) <= length else text[: length - 1] + "…"


ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters |= {"number": number, "percent": percent, "cut": cut}
