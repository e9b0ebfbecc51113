"""Source code: what is code, in which language, and its words marked by class names for the stylesheet.

Pygments knows far more of each language, but of 33 lexers tried, 20 took over a second for 20,000 hostile characters
(a long comment, open quotes, empty lines). The patterns here match something at every sign that they begin with, so
no text makes them look at a character more than a few times.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

MAX_CODE = 20_000
"""Characters that are looked at; longer code is set plainly."""

CLASSES = frozenset({"t-k", "t-s", "t-c", "t-m", "t-n"})
"""Keyword, string, comment, measure (a number), and the name of what is defined."""

TRIPLE = r'[rbfuRBFU]{0,2}(?:"""(?:[^\\]|\\.)*?(?:"""|\Z)|\'\'\'(?:[^\\]|\\.)*?(?:\'\'\'|\Z))'
QUOTED = r'"(?:[^"\\\n]|\\.)*+"?|\'(?:[^\'\\\n]|\\.)*+\'?'
BLOCK = r"/\*.*?(?:\*/|\Z)"


@dataclass(frozen=True)
class Grammar:
    """How a family of languages writes comments and strings, and its words of meaning."""

    comment: str
    string: str
    keywords: frozenset[str]
    folds: bool = False
    """Whether keywords are written in capitals too."""

    @property
    def pattern(self) -> re.Pattern[str]:
        """What to mark, by the names of the stylesheet's classes; re keeps the compiled one."""
        parts = rf"(?P<c>{self.comment})|(?P<s>{self.string})|(?P<m>\b\d[\w.]*)|(?P<w>@?[^\W\d]\w*)"
        return re.compile(parts, re.DOTALL | re.MULTILINE)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PYTHON = Grammar(
    r"#[^\n]*",
    rf"{TRIPLE}|[rbfuRBFU]{{0,2}}(?:{QUOTED})",
    _words(
        "False None True and as assert async await break case class continue def del elif else except finally for from "
        "global if import in is lambda match nonlocal not or pass raise return self try while with yield"
    ),
)
BRACES = Grammar(
    rf"//[^\n]*|{BLOCK}|^[ \t]*+#[a-z]+",
    rf"{QUOTED}|`(?:[^`\\]|\\.)*+`?",
    _words(
        "abstract as async auto await bool boolean break byte case catch chan char class const constexpr continue "
        "crate debugger default defer delete do double elif else enum export extends extern false final finally float "
        "fn for foreach fun func function go goto guard if impl implements import in inline instanceof int interface "
        "internal is let long loop match mod mut namespace new nil null nullptr object of operator override package "
        "private protected protocol pub public range readonly return self short signed sizeof static string struct "
        "super switch template this throw throws trait true try type typedef typename typeof undefined union unsigned "
        "use using val var virtual void volatile when where while with yield"
    ),
)
SHELL = Grammar(
    r"(?<![^\s;])#[^\n]*",
    QUOTED,
    _words("case do done elif else esac exit export fi for function if in local read return select set then while"),
)
RUBY = Grammar(
    r"#[^\n]*",
    QUOTED,
    _words(
        "alias and begin break case class def do else elsif end ensure false for function if in library local module "
        "next nil not or redo repeat require rescue retry return self super then true undef unless until when while "
        "yield FALSE NULL TRUE"
    ),
)
DASHES = Grammar(
    rf"--[^\n]*|{BLOCK}",
    QUOTED,
    _words(
        "add all alter and as asc between by case create cross delete desc distinct drop else end except exists false "
        "foreign from full group having if in index inner insert intersect into is join key left like limit not null "
        "offset on or order outer over partition primary references right select set table then true union unique "
        "update using values view when where with do local function return data deriving instance let module of type"
    ),
    folds=True,
)
VALUES = Grammar(r"#[^\n]*|//[^\n]*", QUOTED, _words("true false null yes no on off"))
MARKUP = Grammar(r"<!--.*?(?:-->|\Z)", QUOTED, frozenset())
CHANGES = Grammar(r"^(?:diff|index|@@|---|\+\+\+)[^\n]*", r"(?!)", frozenset())

LANGUAGES = {
    name: grammar
    for grammar, names in (
        (PYTHON, "python py python3 pycon starlark"),
        (BRACES, "c h cpp c++ cc hpp cs c# csharp css dart go golang java javascript js jsx kotlin kt objective-c"),
        (BRACES, "php rust rs scala scss swift ts tsx typescript zig"),
        (SHELL, "bash sh shell zsh console dockerfile docker makefile make"),
        (RUBY, "ruby rb r julia jl elixir perl"),
        (DASHES, "sql postgresql mysql sqlite haskell hs lua"),
        (VALUES, "json jsonc json5 yaml yml toml ini"),
        (MARKUP, "html xml svg vue"),
        (CHANGES, "diff patch"),
    )
    for name in names.split()
}
"""Grammars by the names that fences give languages; others are set plainly."""

NAMERS = frozenset({"class", "def", "fn", "fun", "func", "function", "interface", "module", "struct", "trait"})
"""Words after which a thing is named."""

PYTHONIC = re.compile(
    r"^(?:[ \t]*+(?:async )?(?:def|class) \w++(?:[^\n]*[:(]|\([^\n]*,)[ \t]*(?:#[^\n]*)?$"
    r"|(?:import \w|from [\w.]+ import )|>>> )",
    re.MULTILINE,
)
FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
SURE = re.compile(
    r"#include\b|#!/|<\?php|package [\w.]+;?$|(?:public|private|protected|static) \w|[{}];?$|.*[=(].*;$|.*\)\s*\{$"
    r"|(?:export |async )*function\b.*[({]|(?:const|let|var) \w+ ?=|(?:pub )?fn \w+.*[({]|func .*\{$"
    r"|(?:async )?(?:def|class) \w+(?:.*[:(]|\(.*,)$|import \w|from [\w.]+ import |>>> "
)
"""Of a line without its indent: that it is code."""

LIKELY = re.compile(
    r"[)\]}]+[;,]*$|(?:return|else|try|pass|break)\b|#|//|/\*|\"\"\"|'{3}|@\w|.*(?:[(\[{]|[\"'\])\d],)$"
    r"|(?:if|for|while|with|elif) .*:|[\w.\[\]]+(?:: ?[\w\[\], ]+)? ?[-+*/]?= ?\S|\w+(?:\.\w+)*\(.*\)$"
    r"|(?:print|assert|raise|yield)\b"
)
"""Of a line without its indent: that it may well be code, if others are."""


def is_code(text: str) -> bool:
    """Whether a text that nobody fenced is source code or JSON as a whole."""
    if guess(text) == "json":
        return True
    if FENCE.search(text):
        return False
    lines = [line for line in text[:MAX_CODE].splitlines() if line.strip()]
    words = [line.strip()[:500] for line in lines]
    sure = [bool(SURE.match(line)) for line in words]
    likely = [found or bool(LIKELY.match(line)) for found, line in zip(sure, words, strict=True)]
    fitting = sum(found or line[0] in " \t" for found, line in zip(likely, lines, strict=True))
    return any(sure) and likely[0] and fitting >= 0.8 * len(lines)


def has_code(text: str) -> bool:
    """Whether a text holds a line of source code, or is JSON."""
    return bool(guess(text)) or any(SURE.match(line.strip()[:500]) for line in text[:MAX_CODE].splitlines())


def guess(text: str) -> str:
    """The language of code that doesn't say it: one of the two that can be told at little cost, or none ("")."""
    if len(text) <= MAX_CODE and text.lstrip()[:1] in {"{", "["}:
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return ""
        return "json"
    return "python" if PYTHONIC.search(text[:MAX_CODE]) else ""


def highlight(code: str, language: str) -> Markup:
    """Mark the words of code, to the character; a language that isn't among `LANGUAGES` leaves it plain."""
    grammar = LANGUAGES.get(language.lower())
    if grammar is None or len(code) > MAX_CODE:
        return escape(code)
    return Markup("").join(_marked(code, grammar))


def _marked(code: str, grammar: Grammar) -> Iterator[Markup]:
    done, before = 0, ""
    for found in grammar.pattern.finditer(code):
        word = found[0]
        name = _class(word, before, grammar) if found.lastgroup == "w" else found.lastgroup
        before = word
        if name:
            yield escape(code[done : found.start()])
            yield Markup(f'<span class="t-{name}">{escape(word)}</span>')  # noqa: S704  # the name is one of ours
            done = found.end()
    yield escape(code[done:])


def _class(word: str, before: str, grammar: Grammar) -> str:
    if (word.lower() if grammar.folds else word) in grammar.keywords:
        return "k"
    return "n" if word.startswith("@") or before in NAMERS else ""
