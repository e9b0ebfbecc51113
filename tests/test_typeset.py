"""Texts set for reading: no mark costs a letter, no text becomes markup of its own, no size makes it slow."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selenium.webdriver import Chrome

from outcross.review import formulas, highlight
from outcross.review.marks import MAX_FORMULA
from outcross.review.typeset import MAX_LATEX, MAX_MARKS, MAX_TEXT, typeset
from tests.browser import CHROMIUM, DRIVER, MISSING, chromium
from tests.hostile import seconds

TAGS = {
    *("p", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "hr", "pre", "code", "em", "strong", "s"),
    *("table", "thead", "tbody", "tr", "th", "td", "div", "span"),
}
CLASSES = {"t-plain", "t-fence", "t-formula", "t-wide", "t-mark", "t-language", *highlight.CLASSES}

PAYLOADS = [
    "<script>window.__pwned=1</script>",
    "<img src=x onerror=window.__pwned=1>",
    "<svg onload=window.__pwned=1>",
    "<svg><script>window.__pwned=1</script></svg>",
    "<svg><style><img src=x onerror=window.__pwned=1></style></svg>",
    "<iframe srcdoc='<script>parent.__pwned=1</script>'></iframe>",
    "<a href='javascript:window.__pwned=1'>x</a>",
    "<form action=http://127.0.0.1:9/><button>Approve</button></form>",
    "<input autofocus onfocus=window.__pwned=1>",
    "<details open ontoggle=window.__pwned=1>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math><annotation-xml encoding='text/html'><script>window.__pwned=1</script></annotation-xml></math>",
    "<math><maction actiontype='statusline#http://127.0.0.1:9/' xlink:href='javascript:alert(1)'>x</maction></math>",
    "<noscript><p title='</noscript><img src=x onerror=window.__pwned=1>'>",
    "<template><script>window.__pwned=1</script></template>",
    "<div style='position:fixed;inset:0'>Approved</div>",
    "<style>@import 'http://127.0.0.1:9/';</style><link rel=stylesheet href=http://127.0.0.1:9/>",
    "<base href=http://127.0.0.1:9/><meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    "<a hx-get=/admin hx-trigger=load data-unit=0 id=edit class=judged>x</a>",
    "</code></pre></div></section><script>window.__pwned=1</script>",
    "<!--><img src=x onerror=window.__pwned=1>-->",
    "![leak](http://127.0.0.1:9/leak.png)",
    "[press](javascript:window.__pwned=1) [go](http://127.0.0.1:9/ 'title')",
    "[ref]: http://127.0.0.1:9/leak 'title'\n\n[ref] ![ref] [text][ref]",
    "<http://127.0.0.1:9/> <a@example.org> http://127.0.0.1:9/ www.example.org",
    "```<img src=x onerror=window.__pwned=1>\n</code></pre><script>window.__pwned=1</script>\n```",
    "| <img src=x onerror=window.__pwned=1> |\n|---|\n| </td></table><script>window.__pwned=1</script> |",
    "`</code><script>window.__pwned=1</script>` **<script>window.__pwned=1</script>**",
    r"$\text{</mtext></math><img src=x onerror=window.__pwned=1>}$ \(\href{javascript:window.__pwned=1}{x}\)",
    r"\[ \unicode{x3c}script\unicode{x3e} \style{position:fixed}{x} \class{judged}{y} \]",
]

SCRAPS = [
    *(
        "*",
        "**",
        "_",
        "~~",
        "`",
        "```",
        "```py\n",
        "\n",
        "\n\n",
        "# ",
        "> ",
        "- ",
        "1. ",
        "+ ",
        "    ",
        "| a | b |\n|---|---|\n",
    ),
    *(
        "|",
        "---\n",
        "$",
        "$$",
        r"\(",
        r"\)",
        r"\[",
        r"\]",
        "\\",
        "x^2",
        r"\frac12",
        r"\begin{align}",
        r"\end{align}",
        "&amp;",
    ),
    *(
        "<",
        ">",
        "word ",
        "two words",
        "5",
        "東京",
        "é",
        "\u202e",
        "\t",
        "\r\n",
        "[a](b)",
        "<b>",
        "def f():\n",
        "{",
        "}",
    ),
]
TEXT = st.one_of(
    st.lists(st.sampled_from(SCRAPS), max_size=40).map("".join),
    st.lists(st.sampled_from(PAYLOADS + SCRAPS), max_size=8).map("".join),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
)


class Reader(HTMLParser):
    """Collects what a person reads, with the LaTeX of each formula in its place, and every element and attribute."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str, str | None]] = set()
        self.in_formula = False
        self.feed(str(html))  # a Markup would escape what is added to it
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(tag, name, value) for name, value in attrs}
        if tag == "math":
            self.in_formula = True
            self.text += dict(attrs).get("alttext") or ""

    def handle_endtag(self, tag: str) -> None:
        self.in_formula = self.in_formula and tag != "math"

    def handle_data(self, data: str) -> None:
        self.text += "" if self.in_formula else data


def ink(text: str) -> str:
    """A text without spaces and ASCII punctuation."""
    return re.sub(r"[\s!-/:-@\[-`{-~]", "", text)


def harmless(found: Reader) -> None:
    assert found.tags <= TAGS | set(formulas.ATTRIBUTES)
    for tag, name, value in found.attributes:
        assert name in formulas.ATTRIBUTES.get(tag, ()) or (name == "class" and value in CLASSES)


@given(TEXT)
def test_every_letter_is_read_in_its_place_and_no_text_becomes_markup_of_its_own(text: str) -> None:
    found = Reader(typeset(text))
    assert ink(found.text) == ink(text)
    harmless(found)


@given(TEXT)
def test_code_is_set_to_the_character(text: str) -> None:
    found = Reader(typeset(text, "code"))
    assert found.text == text
    assert found.tags <= {"pre", "code", "span"}
    harmless(found)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_is_read_and_not_run(payload: str) -> None:
    for text in (payload, f"Words first.\n\n{payload}", f"- {payload}", f"> {payload}"):
        found = Reader(typeset(text))
        harmless(found)
        assert ink(found.text) == ink(text)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_second_wall_holds_where_the_first_lets_everything_through(
    monkeypatch: pytest.MonkeyPatch, payload: str
) -> None:
    monkeypatch.setattr("outcross.review.typeset._Setter.blocks", lambda *_: [payload])
    harmless(Reader(typeset("anything")))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <s>c</s> <code>d</code></p>"),
        ("これは**重要**です", "<p>これは<strong>重要</strong>です</p>"),
        ("# A\n\nb", "<h3>A</h3><p>b</p>"),
        ("> a\n> b", "<blockquote><p>a\nb</p></blockquote>"),
        (
            "- a\n- b",
            '<ul><li><span class="t-mark">- </span>a</li><li><span class="t-mark">- </span>b</li></ul>',
        ),
        ("7) a", '<ol><li><span class="t-mark">7) </span>a</li></ol>'),
        (
            "```py\nx = 1\n```",
            (
                '<div class="t-fence"><span class="t-language">py</span>'
                '<pre><code>x = <span class="t-m">1</span></code></pre></div>'
            ),
        ),
        (
            "| a |\n|---|\n| 1 |",
            (
                '<div class="t-wide"><table><thead><tr><th>a</th></tr></thead>'
                "<tbody><tr><td>1</td></tr></tbody></table></div>"
            ),
        ),
        ("a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"),
        (r"\*a\* \$5", "<p>*a* $5</p>"),
    ],
)
def test_markdown_is_set(text: str, html: str) -> None:
    assert typeset(text) == html


@pytest.mark.parametrize(
    "text",
    [
        "a line\n  an indented one\nand    spaces",
        "  begins with spaces",
        "(a+b)*4*3 = 2**3**4 and f(*args, **kwargs) of __init__",
        "snake_case_name and _private and 2 * 3 * 4",
        "**********|*****",
        ">>> print(1)\n1",
        "48\n+ 24",
        "so 42.\n#### 42",
        "C:\\new\\table \\d+ \\\\(x\\\\)",
        "&lt;b&gt; &#x202e; &nbsp;",
        "[text](https://example.org/?q=1 'title') <https://example.org> ![alt](x.png)",
        "[ref]: https://example.org",
        "a\n===\nb",
    ],
)
def test_signs_that_are_no_marks_stay_to_the_character(text: str) -> None:
    assert Reader(typeset(text)).text == text
    assert not Reader(typeset(text)).tags - {"p"}


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $6, or $5-$7.",
        "He pays $5*2=$<<5*2=10>>10 and $<<10+5=15>>15.",
        "I have 5$, you have 6$.",
        "US$20,000 in 2010; AU$30",
        "$HOME/bin:$PATH and \\$x\\$",
        "$ spaced $",
        "$two words$",
        "\\[ number of apples = 3 \\]",
        "$a\nb$",
        "$$",
        "$$$$",
    ],
)
def test_money_and_words_are_no_formulas(text: str) -> None:
    found = Reader(typeset(text))
    assert "math" not in found.tags
    assert found.text == text.replace("\\$", "$")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("so $x^2$ and $n$th, \\(y\\).", ["x^2", "n", "y"]),
        ("$$\nx\n$$", ["\nx\n"]),
        ("a\n\\[ x \\].\nb", [" x "]),
        ("- \\[\n  x\n  \\]\n- b", ["\nx\n"]),
        ("\\begin{align*}\na&=b\n\\end{align*}", ["\\begin{align*}\na&=b\n\\end{align*}"]),
        ("| $a$ |\n|---|\n| \\(b\\) |", ["a", "b"]),
        ("**Answer: $\\boxed{72}$**", ["\\boxed{72}"]),
        ("`$x$` and ```$y$```", []),
    ],
)
def test_formulas_are_found(text: str, shown: list[str]) -> None:
    found = Reader(typeset(text))
    assert sorted(value or "" for tag, name, value in found.attributes if name == "alttext") == sorted(shown)
    assert ink(found.text) == ink(text)


def test_a_formula_that_cannot_be_set_is_shown_as_it_was_written() -> None:
    assert typeset("so $x^2^2$.") == "<p>so <code>$x^2^2$</code>.</p>"
    assert typeset("$$x^2^2$$.") == "<pre><code>$$x^2^2$$.</code></pre>"


def test_only_so_much_latex_is_laid_out() -> None:
    text = "$x + y$ " * MAX_LATEX
    shown = typeset(text[: MAX_TEXT // 2 // 8 * 8])
    assert shown.count("<math") == MAX_LATEX // len("x + y")
    assert "<code>$x + y$</code>" in shown


@pytest.mark.parametrize(
    "text",
    [
        "| a |\n|---|\n| 1 | left out of the table |",
        "> " * 30 + "deep",
        "- " * 30 + "deep",
        "w" * (MAX_TEXT + 1),
        "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 50_000,
        "*a " * (MAX_MARKS + 1),
        "a\n" * (MAX_MARKS + 1),
    ],
    ids=["cells", "quotes", "lists", "long line", "long table", "marks", "lines"],
)
def test_what_would_lose_words_or_take_long_is_set_plainly(text: str) -> None:
    assert typeset(text).startswith('<div class="t-plain">')
    assert Reader(typeset(text)).text == text


@pytest.mark.parametrize(
    "text",
    [
        "$$" + "a" * (MAX_TEXT - 4) + "$$",
        r"\begin{align}" + "a" * (MAX_TEXT - 100) + r"\end{align}",
        "$$" + r"\text{" * 6_000 + "$$",
        r"$\(\text{" * 1_660,
        (r"\(" * 500 + "a" * 900 + r" ab cd\) ") * 7,
        "\\[ so on and on\n" * 2_300,
    ],
    ids=["long word", "environment", "texts", "texts in signs", "signs", "lines"],
)
def test_no_text_makes_looking_for_formulas_slow(text: str) -> None:
    assert len(text) <= MAX_TEXT
    assert seconds(lambda: typeset(text)) < 1


@pytest.mark.parametrize("signs", [("$", "$"), (r"\(", r"\)"), ("$$", "$$")])
def test_what_is_too_long_for_a_formula_is_text(signs: tuple[str, str]) -> None:
    opener, closer = signs
    assert "t-formula" in typeset(f"$${'x' * 9}$$")
    text = f"{opener}{'x' * (MAX_FORMULA + 1)}{closer}"
    assert typeset(text) == f"<p>{text}</p>"


def test_words_are_no_formula_unless_it_says_that_they_are_words() -> None:
    assert "<math" in typeset(r"$a \text{ is at most } b \text{, where {b} is known}$")
    assert "<math" not in typeset(r"\(a is at most b\)")
    assert "<math" not in typeset(r"\(xa is b\)")


def test_code_without_a_fence_is_set_as_code() -> None:
    code = "def __init__(self):\n    # a comment\n    return 2 * 3 * 4"
    assert Reader(typeset(code)).tags == {"pre", "code", "span"}
    assert Reader(typeset(code)).text == code


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.skipif(not (CHROMIUM and DRIVER), reason=MISSING)
def test_a_browser_makes_of_it_what_was_meant_and_asks_for_nothing(driver: Chrome, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        "<!doctype html><meta charset=utf-8>" + "".join(f"<section>{typeset(p)}</section>" for p in PAYLOADS)
    )
    driver.get(page.as_uri())
    assert driver.execute_script("return window.__pwned ?? null") is None
    names = driver.execute_script(
        "return [...new Set([...document.querySelectorAll('section *')].map(e => e.localName))]"
    )
    assert set(names) <= TAGS | set(formulas.ATTRIBUTES)
    assert len(driver.find_elements("css selector", "body > section")) == len(PAYLOADS)
    assert driver.execute_script("return performance.getEntriesByType('resource').length") == 0
    driver.execute_script("document.body.innerHTML = arguments[0]", typeset(r"$\frac{1}{2}$"))
    over, under = driver.find_elements("css selector", "mn")
    assert over.location["y"] + over.size["height"] <= under.location["y"] + 1
