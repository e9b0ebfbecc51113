"""Hostile text as safe HTML: Markdown, formulas and code set so that no letter is lost, or else as it was written."""

import re
from collections.abc import Iterator
from typing import Literal

import nh3
from markdown_it.token import Token
from markupsafe import Markup, escape

from outcross.review import formulas, highlight, marks

Look = Literal["prose", "code"]

MAX_TEXT = 40_000
"""Characters that are looked through for marks; a longer text is set plainly."""

MAX_MARKS = 5_000
"""Signs of Markdown and line ends in it; a text with more isn't prose, and would take long."""

MAX_LATEX = 10_000
"""Characters of LaTeX in one text that are laid out; the formulas after them are shown as they are written."""

SIGNS = re.compile(r"[*_`~|>#$\\\n]|^[ \t]*(?:-|\d+[.)])[ \t]", re.MULTILINE)
MARKDOWN = marks.parser()

BARE = (
    *("p", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "hr", "pre", "code", "em", "strong", "s"),
    *("table", "thead", "tbody", "tr", "th", "td"),
)
CLASSES = {
    "div": {"t-plain", "t-fence", "t-formula", "t-wide"},
    "span": {"t-mark", "t-language", *highlight.CLASSES},
}
WALL = nh3.Cleaner(
    tags={*BARE, *CLASSES, *formulas.ATTRIBUTES},
    clean_content_tags=set(),
    attributes={tag: set(names) for tag, names in formulas.ATTRIBUTES.items()},
    allowed_classes=CLASSES,
    url_schemes=set(),
    link_rel=None,
)
"""The second wall: whatever came through the first, only these elements and attributes reach a browser."""

UNINKED = re.compile(r"[\s!-/:-@\[-`{-~]+")
"""What setting a text may drop or add: spaces, and the signs that marks are made of."""


def typeset(text: str, look: Look = "prose", plainly: bool = False) -> Markup:
    """Set a text for reading; `exact` in `pages` gives it to the character.

    Args:
        look: "code" where the text's field holds code or data; prose may still turn out to be code as a whole.
        plainly: whether to look for nothing in it, at no cost.

    Returns:
        Elements and attributes of `WALL` alone: no link, image, form or style, and no address that a browser would ask.
        Every character but spaces and ASCII punctuation is there, in the order of the text.
    """
    if look == "code":
        return _code(text, "" if plainly else highlight.guess(text))
    if plainly or len(text) > MAX_TEXT:
        return _plain(text)
    if highlight.is_code(text):
        return _code(text, highlight.guess(text))
    if len(SIGNS.findall(text)) > MAX_MARKS:
        return _plain(text)
    tokens = MARKDOWN.parse(text)
    if UNINKED.sub("", "".join(_said(tokens))) != UNINKED.sub("", text):
        return _plain(text)
    return Markup(WALL.clean("".join(_Setter().blocks(tokens))))  # noqa: S704  # both walls are behind it


def _plain(text: str) -> Markup:
    return Markup('<div class="t-plain">{}</div>').format(text)


def _code(code: str, language: str) -> Markup:
    return Markup("<pre><code>{}</code></pre>").format(highlight.highlight(code, language))


def _said(tokens: list[Token]) -> Iterator[str]:
    """All that the tokens would show, in order."""
    for token in tokens:
        if token.type == "list_item_open":
            yield token.info
        elif token.type == "fence":
            yield token.info + token.content
        elif token.type == "inline":
            yield from _said(token.children or [])
        else:
            yield token.content


class _Setter:
    """Turns one text's tokens into HTML, counting the LaTeX that it lays out."""

    def __init__(self) -> None:
        self.latex_left = MAX_LATEX

    def blocks(self, tokens: list[Token]) -> Iterator[str]:
        for token in tokens:
            match token.type:
                case "inline":
                    yield from self.blocks(token.children or [])
                case "text" | "code_inline":
                    yield f"<code>{escape(token.content)}</code>" if token.tag else escape(token.content)
                case "formula":
                    yield self.formula(token)
                case "fence" | "code_block":
                    yield _fence(token)
                case "list_item_open":
                    yield f'<li><span class="t-mark">{escape(token.info + token.markup)} </span>'
                case "table_open" | "table_close":
                    yield '<div class="t-wide"><table>' if token.nesting > 0 else "</table></div>"
                case _ if not token.hidden:
                    yield f"<{'/' if token.nesting < 0 else ''}{_tag(token)}>"

    def formula(self, token: Token) -> str:
        """A formula as such or, where that can't be, as it was written."""
        self.latex_left -= len(token.content)
        displayed = token.markup in {"$$", "\\[", ""}
        shown = formulas.formula(token.content, display=displayed) if self.latex_left >= 0 else None
        source = token.markup + token.content + marks.CLOSERS.get(token.markup, "")
        if token.tag != "div":
            return shown or Markup("<code>{}</code>").format(source)
        return f'<div class="t-formula">{shown}{escape(token.info)}</div>' if shown else _code(source + token.info, "")


def _fence(token: Token) -> str:
    name = token.info.strip()
    label = Markup('<span class="t-language">{}</span>').format(name) if name else ""
    code = _code(token.content.removesuffix("\n"), name.partition(" ")[0] or highlight.guess(token.content))
    return f'<div class="t-fence">{label}{code}</div>'


def _tag(token: Token) -> str:
    """A heading's level is below those of the page's own."""
    return f"h{min(6, int(token.tag[1]) + 2)}" if token.type.startswith("heading") else token.tag
