"""Mentions: the parameters and exceptions that a docstring speaks of, in any of the usual styles."""

import builtins
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass

BUILTIN = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException) and not issubclass(value, Warning)
) - {"Exception", "BaseException"}  # a docstring that says Exception means any
"""Exceptions that any call may raise without the function naming them."""

# Every repeat below is bounded or stands on one line: responses are hostile, and these run on all of them.
_PARAMETER_FIELD = re.compile(
    r"^[ \t]*[:@](?:param|parameter|arg|argument|key|keyword|kwarg)[ \t]+([^:\s][^:\n]{0,199}):", re.M
)
_RAISES_FIELD = re.compile(r"^[ \t]*[:@](?:raises?|except|exception)[ \t]+([^:\s][^:\n]{0,199}):", re.M)
_PARAMETERS = r"(?:(?:other|keyword|optional) )?(?:args|arguments|kwargs|parameters|params)"
_OTHERS = (
    "returns?|yields?|examples?|usage|notes?|warnings?|warns|see also|references|attributes|todo|receives|methods|"
    "side effects|complexity"
)
_HEADER = re.compile(
    rf"^[ \t]*(?:#{{1,6}} |\*\*)?(?:(?P<parameters>{_PARAMETERS})|(?P<raises>raises|exceptions|throws)|(?:{_OTHERS}))"
    r"(?P<colon>:?\*{0,2}:?)(?P<rest>.*)$",
    re.I,
)
_RULE = re.compile(r"^[ \t]*[-=~]{3,}[ \t]*$")
_NAME = r"[\\*`'\"]{0,4}[A-Za-z_][\w.]*[*`'\"]{0,4}"
_ENTRY = re.compile(
    rf"^(?:[-*•+][ \t]+)?({_NAME}(?:[ \t]*,[ \t]*{_NAME})*)(?:[ \t]*[(\[][^\n]{{0,200}}?[)\]])?"
    r"[ \t]*(?P<end>:|[ \t]--?[ \t]|[–—]|$)"
)
_QUOTED = r"(?<![\w'`*])[`*'\"‘“]{1,2}([A-Za-z_]\w{0,99})[`*'\"’”]{1,2}(?!\w)"
_KIND = r"(?:parameters?|arguments?|args?|params?)\b"
_BEFORE = re.compile(rf"\b{_KIND}\s{{1,20}}(?:named\s|called\s)?{_QUOTED}", re.I)
_AFTER = re.compile(rf"{_QUOTED}\s{{1,20}}(?:(?:keyword|positional|optional|named)\s){{0,2}}{_KIND}", re.I)
_CLASS_NAME = re.compile(r"\b[A-Z]\w+\b")

_BLANK = r"[\s\x1C-\x1F]"
_OTHER_BUILTIN = "|".join(sorted(name for name in BUILTIN if not name.endswith(("Error", "Exception"))))
# The dots are an "i", of which Python and Polars don't take the same signs for the capital.
MAY_MENTION = (
    r"(?im)^[ \t]*[:@](?:param|arg|key|kwarg|ra.se|except)"
    r"|^[ \t]*(?:#{1,6} |\*\*)?(?:(?:\S+ )?(?:args|arguments|kwargs|parameters|params)|ra.ses|except.ons|throws)"
    rf"|(?:param|parameter|arg|argument)s?{_BLANK}+(?:named{_BLANK}|called{_BLANK})?[`*'\"‘“]"
    rf"|[`*'\"’”]{_BLANK}+(?:\S+{_BLANK}){{0,2}}(?:param|arg)"
    rf"|(?-i:[A-Z]\S*(?:Error|Exception)|{_OTHER_BUILTIN})"
)
"""A pattern for Polars: where a text doesn't hold it, `mentions` finds nothing there."""


@dataclass(frozen=True)
class Mentions:
    """What a docstring speaks of."""

    documented: frozenset[str]
    """Names with an entry of their own in a section or field for parameters."""
    quoted: frozenset[str]
    """Names quoted next to a word such as `parameter` in running prose."""
    exceptions: frozenset[str]


def mentions(docstring: str) -> Mentions:
    """Find what a docstring mentions in Google, NumPy or reST style, or in prose, badly indented or not."""
    documented = {match[1].split()[-1] for match in _PARAMETER_FIELD.finditer(docstring)}
    raised = {name for match in _RAISES_FIELD.finditer(docstring) for name in re.split(r"[,\s]+", match[1])}
    for section, names in _entries(docstring.split("\n")):
        (documented if section == "parameters" else raised).update(names)
    parameters = frozenset(_identifiers(documented))
    quoted = {match[1] for pattern in (_BEFORE, _AFTER) for match in pattern.finditer(docstring)}
    spoken = {name for name in _CLASS_NAME.findall(docstring) if _is_exception(name)}
    classes = {name for name in _identifiers(raised) if name[0].isupper() or _is_exception(name)}
    return Mentions(
        documented=parameters,
        quoted=frozenset(_identifiers(quoted)) - parameters,
        exceptions=frozenset(spoken | classes) - {"Exception", "BaseException"},
    )


def _is_exception(name: str) -> bool:
    return name in BUILTIN or re.fullmatch(r"[A-Z]\w*(?:Error|Exception)", name) is not None


def _identifiers(names: set[str]) -> Iterator[str]:
    """Names as Python has them: stars, quotes and module paths taken off, words that can't be names left out."""
    for name in names:
        last = name.strip("\\*`'\"").rpartition(".")[2]
        if last.isidentifier() and not keyword.iskeyword(last):
            yield last


@dataclass
class _Section:
    """The section that a line stands in."""

    topic: str = ""
    """`parameters`, `raises`, or nothing of interest."""
    ruled: bool = False
    """Underlined, as NumPy's are; an entry there may be a bare name."""
    column: int = 0
    entries_at: int | None = None

    def names(self, line: str) -> list[str]:
        """The names of the entry that this line is, none if it is another entry's text."""
        if self.entries_at is None:
            self.entries_at = _column(line)
        if _column(line) < self.entries_at:
            self.topic = ""
        entry = _ENTRY.match(line.strip()) if self.topic and _column(line) == self.entries_at else None
        return entry[1].split(",") if entry and (entry["end"] or self.ruled) else []

    @property
    def ends_with_a_blank_line(self) -> bool:
        return self.entries_at == self.column and not self.ruled


def _entries(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The topic and names of every entry in the docstring's sections."""
    section = _Section()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if opened := _opened(line, following):
            section = opened
        elif not line.strip():
            section = _Section() if section.ends_with_a_blank_line else section
        elif not _RULE.match(line) and section.topic and (names := section.names(line)):
            yield section.topic, names


def _opened(line: str, following: str) -> _Section | None:
    """The section whose header this line is, if it is one."""
    header = _HEADER.match(line)
    if header is None:
        return None
    topic = "parameters" if header["parameters"] else "raises" if header["raises"] else ""
    alone = not header["rest"].strip()
    ruled = alone and _RULE.match(following) is not None
    # `Returns: the sum` closes what was open; `Raises: ValueError` is prose.
    if ruled or (":" in header["colon"] and (alone or not topic)):
        return _Section(topic=topic, ruled=ruled, column=_column(line))
    return None


def _column(line: str) -> int:
    return len(line) - len(line.lstrip())
