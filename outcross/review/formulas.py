"""Formulas: LaTeX to MathML, which a browser lays out by itself, or nothing where that would lose or hide something."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape

MAX_LATEX = 1_500
"""Characters of one formula; a longer one is shown as it is written."""

MAX_DEPTH = 40
"""Elements inside each other, where one with a script counts for `SCRIPT`: scripts of scripts shrink to nothing."""

SCRIPT = 6

ATTRIBUTES: dict[str, frozenset[str]] = {
    "math": frozenset({"display", "alttext"}),
    "mi": frozenset({"mathvariant"}),
    "mn": frozenset({"mathvariant"}),
    "mo": frozenset(
        {"stretchy", "fence", "form", "separator", "accent", "movablelimits", "minsize", "maxsize", "lspace", "rspace"}
    ),
    "mtext": frozenset({"mathvariant"}),
    "mspace": frozenset({"width"}),
    "mstyle": frozenset({"displaystyle", "scriptlevel"}),
    "mfrac": frozenset({"linethickness"}),
    "mover": frozenset({"accent"}),
    "munder": frozenset({"accentunder"}),
    "munderover": frozenset(),
    "menclose": frozenset({"notation"}),
    "mtable": frozenset({"displaystyle"}),
    "mtr": frozenset(),
    "mtd": frozenset({"columnalign"}),
    "mpadded": frozenset(),
} | dict.fromkeys(("mrow", "msup", "msub", "msubsup", "msqrt", "mroot"), frozenset())
"""The elements that may be shown, and what each may say of itself.

Not among them: phantoms, which hide what they hold; colours and sizes, which can do the same; links, actions, styles,
classes and annotations; and whatever moves a part of a formula over another.
"""

PARTS = {"mfrac": 2, "mroot": 2, "msup": 2, "msub": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
"""How many children an element must have to mean something; other elements take any number."""

SCRIPTED = frozenset({"msup", "msub", "msubsup", "munder", "mover", "munderover"})

VALUE = re.compile(
    r"true|false|block|inline|prefix|infix|postfix|left|center|right|normal|bold|italic|bold-italic|double-struck"
    r"|script|fraktur|sans-serif|monospace|box|(?:(?:up|down)diagonal|horizontal)strike"
    r"|(?:up|down)diagonalstrike (?:up|down)diagonalstrike|\+?[0-2]"
    r"|-?0?\.\d{1,4}(?:em|ex)|0?\.\d{1,4}(?:cm|in)|\d(?:\.\d{1,4})?(?:em|ex|cm|in)|\d{1,2}(?:\.\d{1,4})?(?:pt|px|mm)"
)

UNSAFE = re.compile(
    r"\\(?:(?:re)?newcommand|newenvironment|def|gdef|let|DeclareMathOperator|mathchoice|hphantom|vphantom|phantom"
    r"|rule|llap|rlap|clap|smash|raise|lower|moveleft|moveright|tiny|Tiny)(?![A-Za-z])|&\#|(?<!\\)(?:\\\\)+[{}]"
)
"""Definitions, which can grow without end; what hides, moves or shrinks; character references, which aren't LaTeX; and
braces after a new line, which mostly are ones escaped twice: as LaTeX they would vanish."""

UNSPOKEN = re.compile(
    r"\\(?:begin|end)\s*\{[A-Za-z]+\*?\}(?:\s*(?:\[[tbc]\]|\{[lcr|@\s]*\}))?"
    r"|\\(?:hspace\*?|hskip|kern|mkern|mskip|mspace)\s*\{?\s*-?[\d.]+\s*[a-z]{2}\s*\}?"
    r"|\\[A-Za-z]+"
)
"""What LaTeX says that isn't itself shown."""

LINES = re.compile(r"[\n\r\t]")
WORD = re.compile(r"\\(?:[A-Za-z]+|.)", re.DOTALL)
RESPELT = {r"\mod": r"\bmod ", "\\\n": "\\ ", "\\\t": "\\ ", "\\\r": "\\ "}
"""What the converter takes wrongly: a power after a modulus, and a space that is a line end."""
REFERENCE = re.compile(r"&#x([0-9A-F]{1,6});")
INVISIBLE = dict.fromkeys(range(0x2061, 0x2065))


class _Refused(Exception):
    """The formula holds what isn't shown as one."""


def formula(latex: str, *, display: bool) -> Markup | None:
    """Set a formula, without the signs around it.

    Returns:
        A `math` element of `ATTRIBUTES` alone, whose `alttext` is the LaTeX; None where the formula is too long or too
        deep, doesn't convert, or wouldn't show each of its letters and digits.
    """
    if len(latex) > MAX_LATEX or not latex.strip() or UNSAFE.search(latex) or not _is_visible(LINES.sub(" ", latex)):
        return None
    try:
        respelt = WORD.sub(lambda found: RESPELT.get(found[0], found[0]), latex)
        tree = convert_to_element(respelt, display="block" if display else "inline")
        tree.set("alttext", latex)
        parts = list(_parts(tree, MAX_DEPTH))
        shown = "".join(_text(element) for element in tree.iter())
    except Exception:  # noqa: BLE001  # hostile LaTeX can break the converter in any way, RecursionError included
        return None
    return Markup("").join(parts) if _ink(UNSPOKEN.sub("", latex)) <= _ink(shown) else None


def _ink(text: str) -> Counter[str]:
    """How often each letter and digit stands in a text, whatever its style (a blackboard N is an N)."""
    return Counter(filter(str.isalnum, unicodedata.normalize("NFKC", text)))


def _parts(element: Element, depth: int) -> Iterator[Markup]:
    if depth <= 0 or element.tag not in ATTRIBUTES or len(element) != PARTS.get(element.tag, len(element)):
        raise _Refused(element.tag)
    attributes = "".join(
        f' {name}="{escape(value)}"'
        for name, value in (element.attrib | _spaced(element)).items()
        if name in ATTRIBUTES[element.tag] and (name == "alttext" or VALUE.fullmatch(value))
    )
    yield Markup(f"<{element.tag}{attributes}>")  # noqa: S704  # names from our own list, values escaped
    yield escape(_text(element))
    for child in element:
        yield from _parts(child, depth - (SCRIPT if element.tag in SCRIPTED else 1))
    yield Markup(f"</{element.tag}>")  # noqa: S704  # a name from our own list


def _spaced(element: Element) -> dict[str, str]:
    """A bar as TeX sets it, close to both sides: browsers take it for a relation, so that |a| = |b| falls apart."""
    is_bar = element.tag == "mo" and _text(element) in {"|", "‖"}
    return {"lspace": "0em", "rspace": "0em"} if is_bar else {}


def _text(element: Element) -> str:
    """An element's own text; the converter leaves character references in it."""
    if {"solid", "dashed"} & set(f"{element.get('columnlines')} {element.get('rowlines')}".split()):
        raise _Refused("lines in a table, which browsers don't draw")
    text = REFERENCE.sub(lambda found: chr(int(found[1], 16)), element.text or "").translate(INVISIBLE)
    if not _is_visible(text):
        raise _Refused("hidden characters")
    return text


def _is_visible(text: str) -> bool:
    return all(char.isprintable() or unicodedata.category(char) == "Zs" for char in text)
