"""Formulas: what is laid out is whole and harmless, and all else is left as it was written."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.review.formulas import ATTRIBUTES, MAX_DEPTH, MAX_LATEX, VALUE, formula

SCRAPS = st.sampled_from(
    [
        *(
            r"\frac",
            r"\sqrt",
            r"\left(",
            r"\right)",
            r"\begin{matrix}",
            r"\end{matrix}",
            r"\text{a<b}",
            r"\over",
            "^",
            "_",
        ),
        *(
            r"\href{javascript:alert(1)}",
            r"\style{color:red}",
            r"\class{judged}",
            r"\color{white}",
            r"\phantom",
            r"\not",
        ),
        *(
            "{",
            "}",
            "[",
            "]",
            "&",
            r"\\",
            "x",
            "12",
            "'",
            "%",
            "<b>",
            '"',
            "東",
            "\u202e",
            r"\hspace{99em}",
            r"\unicode{3c}",
        ),
    ]
)
LATEX = st.lists(SCRAPS, max_size=25).map(" ".join) | st.text(max_size=60)


def texts(latex: str, *, display: bool = False) -> list[str]:
    tree = ET.fromstring(formula(latex, display=display) or "<none/>")
    return [element.text for element in tree.iter() if element.text]


@given(LATEX, st.booleans())
def test_a_formula_has_only_elements_and_attributes_that_are_harmless(latex: str, display: bool) -> None:
    shown = formula(latex, display=display)
    for element in ET.fromstring(shown).iter() if shown else ():
        assert set(element.attrib) <= ATTRIBUTES[element.tag]
        assert all(name == "alttext" or VALUE.fullmatch(value) for name, value in element.attrib.items())
        assert (element.text or "").replace("\u2009", " ").replace("\xa0", " ").isprintable()


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (r"\frac{1}{2}", ["1", "2"]),
        (r"x_{n+1} \le \sqrt[3]{y}", ["x", "n", "+", "1", "≤", "y", "3"]),
        (r"\mathbb{R} \cdot \boxed{72}", ["ℝ", "·", "72"]),
        (r"\text{if } x < 0", ["if\xa0", "x", "<", "0"]),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", ["(", "1", "2", "3", "4", ")"]),
        ("\\begin{matrix} a \\\\\\\n b \\end{matrix}", ["a", "\xa0", "b"]),
        (r"5\%", ["5", "%"]),
        (r"a \mod d^2", ["a", "mod", "d", "2"]),
        (r"\text{<script>alert(1)</script>}", ["<script>alert(1)</script>"]),
    ],
)
def test_latex_is_laid_out(latex: str, shown: list[str]) -> None:
    assert texts(latex) == shown


def test_the_latex_itself_stays_with_the_formula() -> None:
    assert ET.fromstring(formula("a<\"b'", display=True) or "").get("alttext") == "a<\"b'"
    assert 'display="block"' in (formula("x", display=True) or "")
    assert 'display="inline"' in (formula("x", display=False) or "")


@pytest.mark.parametrize(
    "latex",
    [
        "",
        " ",
        "x^2^2",
        r"\frac{1}",
        r"\left(",
        "seen % unseen",
        r"\color{white}{unseen}",
        r"\phantom{unseen}",
        r"\href{https://example.org/?leak}{press}",
        r"\class{judged}{x}",
        r"\style{position:fixed}{x}",
        r"\llap{over}",
        r"\raise 9em {up}",
        r"\tiny small",
        r"\def\a{\b\b}\def\b{\c\c}\a",
        r"\newcommand{\x}{unseen}",
        r"\begin{array}{c|c} a & b \end{array}",
        "\u202ex",
        "x\b",
        "&#x202e;",
        r"\unicode{202E}",
        r"\unicode{D800}",
        r"\unicode{110000}",
        "{" * MAX_LATEX,
        "x^{" * 8 + "unseen" + "}" * 8,
        "{" * MAX_DEPTH + "x" + "}" * MAX_DEPTH,
        "x" * (MAX_LATEX + 1),
    ],
)
def test_what_would_fail_hide_or_grow_is_no_formula(latex: str) -> None:
    assert formula(latex, display=True) is None


@pytest.mark.parametrize("width", ["99em", "-5em", "-0.9in", "-.9cm", "999999px", "calc(1em)", "1e9em"])
def test_spaces_keep_within_reason(width: str) -> None:
    shown = formula(rf"a\hspace{{{width}}}b", display=False)
    assert shown is None or not re.search(r"mspace \w+=", shown)


@pytest.mark.parametrize("latex", [r"\\{1, \ldots, n\\}", r"S = \\\\{1\\\\}"])
def test_braces_that_were_escaped_twice_do_not_vanish(latex: str) -> None:
    assert formula(latex, display=False) is None
    assert texts(r"\{1\}") == ["{", "1", "}"]


def test_bars_stand_close_to_what_they_enclose() -> None:
    bars = formula("|a| = |b|", display=False) or ""
    assert bars.count('<mo stretchy="false" lspace="0em" rspace="0em">|</mo>') == 4
    assert "lspace" not in (formula(r"a \mid b", display=False) or "")
