"""Source code: what is taken for code, and that marking its words changes none."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.review.highlight import CLASSES, LANGUAGES, MAX_CODE, guess, has_code, highlight, is_code
from tests.hostile import seconds

SCRAPS = st.sampled_from(
    [
        '"',
        "'",
        '"""',
        "'''",
        "`",
        "\\",
        "\n",
        "#",
        "//",
        "/*",
        "*/",
        "--",
        "<!--",
        "-->",
        "def ",
        "class ",
        "x",
        "1.5",
        "<",
    ]
)
CODE = st.lists(SCRAPS, max_size=30).map("".join) | st.text()


def marked(code: str, language: str) -> list[tuple[str, str]]:
    found = re.findall('<span class="t-(.)">(.*?)</span>', highlight(code, language), re.DOTALL)
    return [(name, html.unescape(text)) for name, text in found]


@given(CODE, st.sampled_from([*sorted(LANGUAGES), "", "brainfuck"]))
def test_marking_keeps_code_to_the_character_and_adds_only_spans(code: str, language: str) -> None:
    shown = highlight(code, language)
    bare = re.sub(rf'<span class="(?:{"|".join(CLASSES)})">|</span>', "", shown)
    assert "<" not in bare
    assert html.unescape(bare) == code


@pytest.mark.parametrize(
    ("language", "code", "words"),
    [
        ("python", "def f(x):  # why", [("k", "def"), ("n", "f"), ("c", "# why")]),
        ("PY", 'return """a\n"b" """ + 1', [("k", "return"), ("s", '"""a\n"b" """'), ("m", "1")]),
        ("js", "// if\nconst a = `b\n${c}`;", [("c", "// if"), ("k", "const"), ("s", "`b\n${c}`")]),
        ("sql", "SELECT 'it' -- all", [("k", "SELECT"), ("s", "'it'"), ("c", "-- all")]),
        ("bash", "a#b # c", [("c", "# c")]),
        ("json", '{"a": true}', [("s", '"a"'), ("k", "true")]),
        ("c", "int x = 'y", [("k", "int"), ("s", "'y")]),
        ("c", "/* open", [("c", "/* open")]),
        ("brainfuck", "def f", []),
        ("python", "def " * MAX_CODE, []),
    ],
)
def test_words_of_meaning_are_marked(language: str, code: str, words: list[tuple[str, str]]) -> None:
    assert marked(code, language) == words


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("def f(x):\n    return x * 2", "python"),
        ("import os\n\nprint(os.getcwd())\n", "python"),
        ('@cache\nasync def f(\n    x: int,\n) -> int:\n    """Why."""\n    return x\n', "python"),
        ("def f(x, key=None,\n      reverse=False):\n    return sorted(x, key=key)[0]", "python"),
        ('{"a": [1, 2]}', "json"),
        ("[1, 2]", "json"),
        ("int main() {\n  return 0;\n}", ""),
        ("const a = 1;\nconsole.log(a);", ""),
    ],
)
def test_bare_code_is_known(text: str, language: str) -> None:
    assert is_code(text)
    assert has_code(text)
    assert guess(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 5",
        "Apples;\npears;\nplums;",
        "He said (twice):\nno;\nnever.",
        "We import (and sell) it.",
        "class struggle,\nand what came of it,\nand why.",
        "The graph:\n\n[asy]\ndraw((0,0)--(1,0));\ndraw((0,1)--(1,1));\n[/asy]",
        "Use this:\n\n```python\ndef f():\n    return 1\n```",
        "[not json",
        "{" * 100_000,
    ],
)
def test_prose_is_no_code(text: str) -> None:
    assert not is_code(text)


def test_a_line_of_code_is_found_in_prose() -> None:
    assert has_code("The function:\n\n    def f(x):\n        return x")
    assert not has_code("Dear Sir,\n   I remain yours.")


@pytest.mark.parametrize(
    "text", ["def " + "a" * MAX_CODE, "class " + "1" * MAX_CODE, "def f" + "(   " * MAX_CODE], ids=["a", "1", "("]
)
def test_telling_what_is_code_takes_no_longer_for_a_long_word(text: str) -> None:
    assert seconds(lambda: is_code(text[:MAX_CODE])) < 0.5
