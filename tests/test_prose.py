"""Human text that the machine has: paragraphs without markup, documents kept whole."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.data.corpora import prose
from outcross.errors import InputError

PAGE = """\
:mod:`heapq` --- Heap queue algorithm
=====================================

.. module:: heapq
   :synopsis: Heap queue algorithm with a synopsis of many words.

.. index::
   pair: some names; in the index

--------------

Heaps are trees for which every parent
has a value of its children's or less.

.. versionchanged:: 3.3
   Strings are now accepted
   by the decoding functions.

See below::

   >>> heap = []
   >>> heappush(heap, 1)

.. function:: heappush(heap, item)

   Push the value *item* onto the *heap*.
"""


@pytest.fixture(scope="module")
def docstrings():
    return prose.docstrings()


@pytest.fixture
def installed():
    try:
        return prose.documentation()
    except InputError:
        pytest.skip("the sources of Python's documentation aren't installed")


def test_paragraphs_are_prose_without_markup():
    assert list(prose.paragraphs(PAGE)) == [
        ":mod:`heapq` --- Heap queue algorithm",
        "Heaps are trees for which every parent has a value of its children's or less.",
        "Strings are now accepted by the decoding functions.",
        ">>> heap = [] >>> heappush(heap, 1)",
        "Push the value *item* onto the *heap*.",
    ]


def test_every_python_has_docstrings_and_topics(docstrings):
    texts = docstrings.texts
    assert texts.schema == prose.TEXTS
    assert texts.height > 12_000
    assert texts["document"].n_unique() > 400
    topic = texts.filter(pl.col("document") == "topics/assert")
    assert topic["stratum"].unique().to_list() == ["topics"]
    assert any("debugging assertions" in text for text in topic["text"])
    assert "Count the number of occurrences" not in topic["text"]
    assert not texts["text"].str.contains("\n").any()


def test_a_document_stands_in_one_stratum(docstrings):
    strata = docstrings.texts.group_by("document").agg(pl.col("stratum").n_unique())
    assert strata["stratum"].max() == 1


def test_the_installed_documentation_has_its_sections(installed):
    texts = installed.texts
    assert texts.height > 40_000
    assert {"library", "tutorial", "whatsnew", "c-api", "reference"} < set(texts["stratum"])
    assert texts.filter(pl.col("text").str.starts_with(".. ")).is_empty()


def test_documentation_can_be_read_from_a_folder(tmp_path):
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "heapq.rst.txt").write_text(PAGE)
    (tmp_path / "about.rst.txt").write_text("Those documents are generated.\n")
    assert prose.documentation(tmp_path).texts.select("document", "stratum").unique().sort("document").rows() == [
        ("about.rst.txt", "front"),
        ("library/heapq.rst.txt", "library"),
    ]


def test_a_folder_without_sources_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no file that ends in \.rst\.txt"):
        prose.documentation(tmp_path)


def test_titles_part_articles_and_headings_are_left_out(tmp_path):
    path = tmp_path / "wiki.txt"
    path.write_text(
        " = Lobster = \n \n It is a <unk> lobster . \n = = Life = = \n It lives in the sea . \n"
        " = Crab = \n A crab again .\n"
    )
    assert prose.file(path).texts.rows() == [
        ("Lobster", "all", "It is a <unk> lobster ."),
        ("Lobster", "all", "It lives in the sea ."),
        ("Crab", "all", "A crab again ."),
    ]


def test_a_plain_text_is_cut_into_documents_of_twenty_paragraphs(tmp_path):
    path = tmp_path / "plain.txt"
    path.write_text("\n\n".join(f"Paragraph {number}\nof a book." for number in range(41)))
    texts = prose.file(path).texts
    assert texts.group_by("document", maintain_order=True).len().rows() == [
        ("plain.txt#1", 20),
        ("plain.txt#2", 20),
        ("plain.txt#3", 1),
    ]
    assert texts["text"][0] == "Paragraph 0 of a book."


@pytest.mark.parametrize(
    ("content", "words"), [(b"one two\n", "no paragraph"), (b"caf\xe9 au lait", "isn't UTF-8 from byte 4")]
)
def test_a_file_that_holds_no_text_is_refused(tmp_path, content, words):
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        prose.file(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="can't be read"):
        prose.file(tmp_path / "none.txt")


@given(st.lists(st.integers(1, 30), min_size=2, max_size=20), st.floats(0.05, 0.9), st.randoms())
def test_documents_are_held_out_whole_and_in_no_order(sizes, share, random):
    rows = [(f"d{number}", "all", "x") for number, size in enumerate(sizes) for _ in range(size)]
    rest, held = prose.held_out(pl.DataFrame(rows, schema=prose.TEXTS, orient="row"), share)
    assert set(rest["document"]).isdisjoint(held["document"])
    assert rest.height + held.height == len(rows)
    assert rest.height
    assert held.height
    assert held.height <= share * len(rows) + max(sizes)
    random.shuffle(rows)
    assert set(prose.held_out(pl.DataFrame(rows, schema=prose.TEXTS, orient="row"), share)[1]["document"]) == set(
        held["document"]
    )


def test_one_document_cannot_be_parted():
    with pytest.raises(InputError, match="one document"):
        prose.held_out(pl.DataFrame([("d", "all", "x")], schema=prose.TEXTS, orient="row"))
