"""The guard around validators, the registry that makes them, and the promises that all of them keep."""

import itertools
from dataclasses import dataclass
from typing import ClassVar

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from outcross.errors import RecipeError
from outcross.validators.checks.language import Language
from outcross.validators.checks.length import Length
from outcross.validators.checks.quality import Quality
from outcross.validators.references import References
from outcross.validators.registry import VALIDATORS, build
from outcross.validators.rules import from_settings
from outcross.validators.signals import SIGNALS, Validator, params_digest, run
from tests.validating import frame

ALL = build({name: {} for name in VALIDATORS})
CONTEXTS = [
    "def area(width, height):\n    return width * height\n",
    "    async def f(self, *a, **k): ...",
    "not (python",
]


def samples(*rows: dict[str, str]) -> pl.DataFrame:
    return frame(*({"prompt": "Write the docstring.", **row} for row in rows))


def as_drafts(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select("sample_id", "rank", "prompt", "response")


def as_documents(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    return frame.select("sample_id", source="sample_id", text=column)


@dataclass(frozen=True, kw_only=True)
class Inverse:
    """A validator that divides by the length of a response, so an empty one crashes it."""

    name: ClassVar[str] = "inverse"
    version: ClassVar[int] = 7

    def __call__(self, frame: pl.DataFrame, references: References) -> pl.DataFrame:
        scores = [1 / len(response) for response in frame["response"]]
        return frame.select("sample_id", pl.Series("score", scores), reason=pl.lit("short"))


@dataclass(frozen=True, kw_only=True)
class Saying:
    """A validator that gives every sample the same score."""

    name: ClassVar[str] = "saying"
    version: ClassVar[int] = 1
    score: str | None = "1"
    times: int = 1

    def __call__(self, frame: pl.DataFrame, references: References) -> pl.DataFrame:
        score = pl.lit(self.score, pl.String).cast(pl.Float64)
        said = frame.select("sample_id", score=score, reason=pl.lit("because"))
        return pl.concat([said] * self.times) if self.times else said.clear()


def test_a_crash_on_one_sample_is_recorded_and_costs_the_others_nothing(caplog):
    with caplog.at_level("WARNING"):
        signals = run(Inverse(), samples({"response": "ab"}, {"response": ""}, {"response": "abcd"}), References())
    assert "inverse raised ZeroDivisionError over 3 samples" in caplog.text
    assert signals.schema == SIGNALS
    assert signals["score"].to_list() == [0.5, None, 0.25]
    assert signals["reason"].to_list() == ["short", "", "short"]
    assert signals["failure"].to_list() == [None, "ZeroDivisionError: division by zero", None]
    assert signals["version"].to_list() == [7, 7, 7]


def test_a_panic_of_polars_is_recorded_as_a_failure():
    class Panicking(Saying):
        def __call__(self, frame: pl.DataFrame, references: References) -> pl.DataFrame:
            raise pl.exceptions.PanicException("index out of bounds")

    (failure,) = run(Panicking(), samples({"response": "a"}), References())["failure"]
    assert failure == "PanicException: index out of bounds"


@pytest.mark.parametrize("score", ["nan", "inf", "-0.1", "1.0001"])
def test_a_score_that_is_none_is_the_validators_failure(score: str):
    signals = run(Saying(score=score), samples({"response": "a"}), References())
    assert signals["score"].to_list() == [None]
    assert "isn't between 0 and 1" in signals["failure"][0]


def test_a_sample_that_cannot_be_judged_says_why():
    signals = run(Saying(score=None), samples({"response": "a"}), References())
    assert signals.row(0)[4:] == (None, "", "NotJudged: because")


def test_a_perfect_score_needs_no_reason():
    assert run(Saying(), samples({"response": "a"}), References())["reason"].to_list() == [""]


@pytest.mark.parametrize("times", [0, 2])
def test_a_validator_that_does_not_answer_once_for_each_sample_fails(times: int):
    signals = run(Saying(times=times), samples({"response": "a"}, {"response": "b"}), References())
    assert signals.height == 2
    assert all("aren't one each of 1 samples" in failure for failure in signals["failure"])


def test_a_sample_given_twice_is_refused():
    twice = samples({"response": "a"}, {"response": "b", "sample_id": "0" * 64})
    with pytest.raises(ValueError, match="stands twice among 2 samples"):
        run(Length(), twice, References())


@pytest.mark.parametrize("validator", ALL, ids=lambda validator: validator.name)
def test_no_samples_give_no_signals(validator: Validator):
    signals = run(validator, samples(), References())
    assert (signals.height, signals.schema) == (0, SIGNALS)


def test_the_limits_make_the_digest():
    assert params_digest(Length()) == params_digest(Length(minimum=Length.minimum))
    assert params_digest(Length()) != params_digest(Length(maximum=7))


def test_a_recipe_makes_its_validators_in_the_registrys_order_and_keeps_rule_keys_out():
    made = build({"length": {"target": 9.0, "reject_below": 0.1}, "shape": {}})
    assert [validator.name for validator in made] == ["shape", "length"]
    assert made[1] == Length(target=9)
    assert params_digest(made[1]) == params_digest(Length(target=9))


def test_every_validator_has_its_own_name_and_a_default_rule():
    made = [one() for one in VALIDATORS.values()]
    assert {one.name for one in made} == set(VALIDATORS)
    assert set(from_settings({}, made)) == set(VALIDATORS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lenght": {}}, r"\[screen.lenght\] names no validator; there are confidence, .*, length,"),
        (
            {"length": {"min": 3}},
            r"\[screen.length\] has no `min`; it may set accept_from, characters, maximum, minimum,",
        ),
        ({"length": {"minimum": 2.5}}, r"`minimum` is 2.5; give a whole number"),
        ({"length": {"minimum": True}}, r"`minimum` is True; give a whole number"),
        ({"quality": {"symbols": "0.9"}}, r"`symbols` is '0.9'; give a number"),
        ({"length": {"minimum": float("inf")}}, r"`minimum` is inf; give a whole number"),
        ({"length": {"minimum": 9}}, r"minimum <= target"),
        ({"quality": {"symbols": float("nan")}}, r"`symbols` is nan"),
        ({"quality": {"symbols": 2}}, r"symbols, upper_case, .* from 0 to 1"),
        ({"language": {"shortest": -1}}, r"shortest from 0, not -1"),
        ({"shape": {"wrapped": 2}}, r"wrapped from 0 to 1, not 2"),
        ({"refusal": {"remark": -1}}, r"remark from 0 to 1, not -1"),
        ({"length": {"prompt_minimum": 9}}, r"those that begin with `prompt_`"),
        ({"repetition": {"run": 0}}, r"2 <= run"),
        ({"near_duplicate": {"floor": 0}}, r"floor"),
        ({"copied": {"shown_run": 0}}, r"1 word or more"),
        ({"heldout_overlap": {"coverage": 2}}, r"coverage"),
        ({"heldout_overlap": {"common": 0}}, r"common 0"),
    ],
)
def test_a_recipe_that_asks_for_the_impossible_is_told_what_is_possible(settings, message):
    with pytest.raises(RecipeError, match=message):
        build(settings)


# Words that make duplicates, loops and mentions likely, and characters that break careless code.
WORDS = st.sampled_from(
    ["return", "the", "area", "of", "width", "`width`", "parameter", "\n", "Args:\n  depth: x", "Raises KeyError", '"',
     "```", "{", "\u200b", "\u202e", "ﷺ", "e\u0301" * 9, "\U0001f9ec", "ÅÅ", "中文", "\r\n", "", "\ufffd", "\x01"]
)  # fmt: skip
RESPONSES = st.lists(st.one_of(WORDS, st.text(max_size=6)), max_size=24).map(" ".join)
ROWS = st.lists(
    st.fixed_dictionaries({"response": RESPONSES, "shown": RESPONSES, "context": st.sampled_from(CONTEXTS)}),
    min_size=1,
    max_size=8,
)


def everything_said(frame: pl.DataFrame, references: References) -> pl.DataFrame:
    return pl.concat(run(validator, frame, references) for validator in ALL)


@pytest.mark.parametrize(
    "validator", [Language(), Quality(), Length(minimum=3, target=40, maximum=60)], ids=lambda one: one.name
)
def test_a_score_is_the_same_to_the_last_bit_alone_and_in_company(validator):
    frame = samples(*({"response": "é " * n + "the " * (70 - n // 2)} for n in range(0, 140, 3)))
    frame = pl.concat([frame, samples(*({"response": "of " * n} for n in range(1, 150)))]).with_columns(
        sample_id=pl.int_range(pl.len()).cast(pl.String)
    )
    together = run(validator, frame, References())
    alone = pl.concat(run(validator, frame[n : n + 1], References()) for n in range(frame.height))
    assert_frame_equal(together, alone, check_exact=True)


@settings(max_examples=30, deadline=None)
@given(ROWS, st.lists(RESPONSES, max_size=3), st.data())
def test_signals_depend_neither_on_the_order_nor_on_the_batches(rows, others, data):
    frame = samples(*rows)
    texts = samples(*({"response": text, "sample_id": f"h{i}"} for i, text in enumerate(others)))
    texts = texts.select("sample_id", "prompt", "response")
    references = References(human=texts, earlier=as_drafts(frame), heldout=as_documents(texts, "response"))
    whole = everything_said(frame, references).sort("validator", "sample_id")
    shuffled = frame[data.draw(st.permutations(range(frame.height)))]
    cuts = sorted(data.draw(st.sets(st.integers(1, frame.height), max_size=3)) | {0, frame.height})
    batches = [shuffled[start:stop] for start, stop in itertools.pairwise(cuts)]
    apart = pl.concat(everything_said(batch, references) for batch in batches)
    assert_frame_equal(whole, apart.sort("validator", "sample_id"), check_exact=True)


@settings(max_examples=30, deadline=None)
@given(ROWS)
def test_any_text_gets_one_score_in_range_with_a_reason_unless_it_is_perfect(rows):
    frame = samples(*rows)
    said = everything_said(frame, References(earlier=as_drafts(frame), heldout=as_documents(frame, "shown")))
    assert said.height == frame.height * len(ALL)
    judged = said.filter(pl.col("failure").is_null())
    assert judged["score"].is_between(0, 1).all()
    assert ((judged["reason"] == "") == (judged["score"] == 1)).all()
    failures = said.filter(pl.col("failure").is_not_null())
    known = ["NotJudged: the context doesn't parse", "NotJudged: there is no table of vectors"]
    assert failures["failure"].str.contains_any(known).all()
