"""Markdown as a reviewer needs it: only marks that cost no letter of the text, and formulas; no link, image or HTML.

Not taken for marks are signs that prose and code hold for their own sake: the stars of (a+b)*4*3 and **kwargs, the
bars of __init__, the > of >>>, a + at the start of a line, the #### that ends a paragraph, character references, and
most backslashes. Line ends and spaces stay. Links stay as they are written, address and all.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, heading, list_block, paragraph
from markdown_it.rules_inline import StateInline, emphasis

RULES = (
    *("table", "code", "fence", "blockquote", "hr", "list", "heading"),
    *("escape", "backticks", "emphasis", "strikethrough", "balance_pairs", "fragments_join"),
)
ESCAPED = frozenset("*_`~#$")
"""Signs that a backslash keeps from being a mark, and then isn't shown itself."""

STARS = re.compile(r"(?<=[A-Za-z0-9)\]])\*+(?=[A-Za-z0-9(\[$])|\*{4,}|_{4,}")
DUNDER = re.compile(r"(?<!\w)__[a-z][a-z0-9_]*__(?!\w)")

CLOSERS = {"$$": "$$", "\\[": "\\]", "\\(": "\\)", "$": "$"}
MAX_FORMULA = 2_000
"""Characters between a formula's signs; more are no formula."""
MAX_LINES = 100
"""Lines in which the closing sign of one in lines of its own is looked for."""

DISPLAYED = re.compile(
    r"[ \t]*(?:(?P<open>\$\$|\\\[)(?P<body>(?:(?!\$\$|\\\]).)+)(?P<close>\$\$|\\\])"
    r"|(?P<environment>\\begin\{(?P<name>(?:align|equation|gather|multline|alignat)\*?)\}.*?\\end\{(?P=name)\}))"
    r"(?P<after>[.,;:]?)[ \t]*(?=\n|$)",
    re.DOTALL,
)
COMMAND = re.compile(r"\\(?:text|mbox|mathrm|operatorname)[a-z]*\s*\{[^{}]*+(?:\{[^{}]*+\}[^{}]*+)*+\}|\\[A-Za-z]+")
PROSE = re.compile(r"(?<![^\W\d_])[^\W\d_]{2,}+[,;:]?\s++[^\W\d_]{2}")
"""Of what stands between a formula's signs: that it is words."""
MONEY = re.compile(r"\s|\d[\d.,]*\s+[^\W\d_]{2,}|[,;:.]|<<|.*(?:\s|.[-=+*/<(–—,])$")
"""Of what stands between two dollars: that they are sums of money, or that a sum goes on."""


def parser() -> MarkdownIt:
    """Make a parser; its tokens are for `typeset` to show, not for its own renderer."""
    markdown = MarkdownIt("zero", {"maxNesting": 20})
    markdown.enable(RULES)
    rules = markdown.block.ruler
    rules.at("heading", heading, {"alt": ["blockquote"]})
    rules.at("list", _list, {"alt": ["paragraph", "blockquote"]})
    rules.at("blockquote", _blockquote, {"alt": ["paragraph", "blockquote", "list"]})
    rules.before("table", "formula", _displayed, {"alt": ["paragraph", "blockquote", "list"]})
    rules.at("paragraph", _paragraph)
    markdown.inline.ruler.before("escape", "formula", _formula)
    markdown.inline.ruler.at("escape", _escape)
    markdown.inline.ruler.at("emphasis", _emphasis)
    return markdown


def _paragraph(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A paragraph that keeps the spaces which it begins with."""
    paragraph(state, start, end, silent)
    state.tokens[-2].content = state.getLines(start, state.line, state.blkIndent, keepLastLF=False).rstrip(" \t\n")
    return True


def _list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A list, but none of pluses."""
    return not _starts(state, start, "+") and list_block(state, start, end, silent)


def _blockquote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A quotation, but no Python prompt."""
    return not _starts(state, start, ">>>") and blockquote(state, start, end, silent)


def _starts(state: StateBlock, line: int, *signs: str) -> bool:
    return state.src.startswith(signs, state.bMarks[line] + state.tShift[line])


def _displayed(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A formula in lines of its own."""
    if state.is_code_block(start) or not _starts(state, start, "$$", "\\[", "\\begin{"):
        return False
    last = start + 1
    while last < min(end, start + MAX_LINES) and not state.isEmpty(last) and state.sCount[last] >= state.blkIndent:
        last += 1
    found = DISPLAYED.match(state.getLines(start, last, state.blkIndent, keepLastLF=False))
    if found is None or (found["open"] and CLOSERS[found["open"]] != found["close"]):
        return False
    latex = found["body"] or found["environment"]
    if not _is_formula(latex):
        return False
    if not silent:
        state.line = start + found[0].count("\n") + 1
        token = state.push("formula", "div", 0)
        token.content, token.markup, token.info = latex, found["open"] or "", found["after"]
    return True


def _formula(state: StateInline, silent: bool) -> bool:
    """A formula in a line of text."""
    opener = next((sign for sign in CLOSERS if state.src.startswith(sign, state.pos)), None)
    if opener is None or (state.pos and state.src[state.pos - 1] == "\\"):
        return False
    start = state.pos + len(opener)
    end = state.src.find(CLOSERS[opener], start, state.posMax)
    while opener == "$" and end > 0 and state.src[end - 1] == "\\":
        end = state.src.find("$", end + 1, state.posMax)
    latex = state.src[start:end] if end > 0 else ""
    if not _is_formula(latex) or (opener == "$" and not _is_no_money(latex, state.src[end + 1 : end + 2])):
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.content, token.markup = latex, opener
    state.pos = end + len(opener)
    return True


def _is_formula(latex: str) -> bool:
    return len(latex) <= MAX_FORMULA and bool(latex.strip()) and not PROSE.search(COMMAND.sub(r"\\", latex))


def _is_no_money(latex: str, after: str) -> bool:
    return "\n" not in latex and not MONEY.match(latex) and not (after.isdigit() or after.isupper())


def _escape(state: StateInline, silent: bool) -> bool:
    """A backslash before a sign that could be a mark."""
    sign = state.src[state.pos + 1 : state.pos + 2]
    return state.src[state.pos] == "\\" and sign in ESCAPED and _literal(state, silent, sign, 2)


def _emphasis(state: StateInline, silent: bool) -> bool:
    """Emphasis, but none by stars that multiply or stand in a row, nor around a name such as __init__."""
    found = STARS.match(state.src, state.pos) or DUNDER.match(state.src, state.pos)
    if found:
        return _literal(state, silent, found[0], len(found[0]))
    return emphasis.tokenize(state, silent)


def _literal(state: StateInline, silent: bool, text: str, length: int) -> bool:
    if not silent:
        state.pending += text
    state.pos += length
    return True
