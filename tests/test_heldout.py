"""The index of held-out texts: made once, it gives what making it anew for every batch gives; idioms of code."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from outcross.data.recipe import load
from outcross.data.stores import vault
from outcross.errors import RecipeError
from outcross.tasks.ingest import ingest
from outcross.tasks.screening.leaks import leaking
from outcross.validators.references import References
from outcross.validators.repeats.heldout import HeldOut
from outcross.validators.repeats.heldout_overlap import HeldoutOverlap
from outcross.validators.signals import run
from tests.validating import frame

WORDS = st.sampled_from(["a", "of", "the", "area", "width", "height", "don't", "中文", "_x", "x1", "é"])
TEXTS = st.lists(WORDS, max_size=40).map(" ".join)
CODE = (
    "def span(points):\n    low, high = min(points), max(points)\n    return abs(high - low) or None\n\n# " + "n " * 8
)


def documents(*texts: str) -> pl.DataFrame:
    names = [f"{number}.txt" for number in range(len(texts))]
    schema = {"sample_id": pl.String, "source": pl.String, "text": pl.String}
    return pl.DataFrame({"sample_id": names, "source": names, "text": list(texts)}, schema=schema)


@given(st.lists(st.fixed_dictionaries({"prompt": TEXTS, "context": TEXTS, "response": TEXTS}), min_size=1), st.data())
def test_an_index_made_once_gives_what_one_for_each_batch_gives(rows, data):
    heldout = documents(*data.draw(st.lists(TEXTS, max_size=5)))
    usual = pl.concat([heldout, documents(*data.draw(st.lists(TEXTS, max_size=5)))])
    each = References(heldout=heldout, usual=usual)
    once = References(heldout=heldout, usual=usual, index=HeldOut.of(heldout, usual))
    samples = frame(*rows)
    validator = HeldoutOverlap(short=8, shortest=3, common=2, idiom=1)
    apart = pl.concat(run(validator, batch, once) for batch in samples.iter_slices(2))
    assert_frame_equal(apart, run(validator, samples, each), check_exact=True)


def test_the_documents_of_a_run_are_counted_once_each_however_often_it_stands_in_one():
    heldout = documents(CODE)
    twice = pl.DataFrame({"sample_id": "s", "source": ["one.py"] * 5, "text": [CODE] * 5})
    assert HeldOut.of(heldout, twice).runs.documents.max() == 1
    assert HeldOut.of(heldout, pl.concat([twice, heldout])).runs.documents.max() == 2


@pytest.mark.parametrize(("copies", "score"), [(3, 0.0), (4, 1.0)])
def test_code_that_stands_in_many_documents_is_idiom(copies, score):
    code = " ".join(
        f"self.{name} = {name};" for name in ["host", "port", "keyfile", "certfile", "context", "timeout"] * 2
    )
    rest = " ".join(f"only_here_{n}(x{n})" for n in range(9))
    texts = [f"{code} and_{number}()" for number in range(copies)]
    references = References(heldout=documents(texts[0]), usual=documents(*texts))
    (said,) = run(HeldoutOverlap(), frame({"context": f"{code} {rest}"}), references)["score"]
    assert said == score


def test_an_idiom_cannot_be_more_common_than_what_is_common():
    with pytest.raises(RecipeError, match="1 <= idiom <= common"):
        HeldoutOverlap(idiom=8)


def test_the_constructors_that_network_modules_share_are_no_leak(home):
    recipe = load(home, "docstrings")
    ingest(home, recipe)
    rows = vault.samples(home, recipe.name, "target")
    network = [one for one in rows if one.provenance.source == "Lib/imaplib.py"]
    assert network
    assert leaking(home, recipe, network) == {}
