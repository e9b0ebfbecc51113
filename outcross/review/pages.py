"""The HTML of the review page: templates in which every value is escaped and no character is lost."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from outcross.review.passwords import LONGEST, SHORTEST
from outcross.review.typeset import typeset

HERE = Path(__file__).parent


def exact(text: str) -> Markup:
    """Escape text so that a browser gives it back to the character: HTML alone would drop carriage returns."""
    return escape(text).replace("\r", Markup("&#13;"))


TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals |= {"shortest": SHORTEST, "longest": LONGEST}
TEMPLATES.filters["exact"] = exact
TEMPLATES.filters["typeset"] = typeset


def render(name: str, /, **values: object) -> str:
    """Fill in a template; a value that it needs and doesn't get is an error."""
    return TEMPLATES.get_template(name).render(values)
