"""Fairness to short samples: what the default profiles say of good and of bad ones, written for this test.

The samples in `tests/golden` are test data, made up here by hand, each with the reason why it is good or bad. They are
no human rows in the sense of a data set and stand in none.
"""

import json
from pathlib import Path

import polars as pl
import pytest

from outcross.validators.profiles import BY_KIND, PROFILES, settings
from outcross.validators.references import References
from outcross.validators.registry import build
from outcross.validators.rules import ACCEPTED, REJECTED, decide, from_settings
from outcross.validators.signals import run
from outcross.validators.text.measures import measures
from tests.validating import frame

GOLDEN = Path(__file__).parent / "golden"


def content(row: dict[str, str]) -> str:
    """The turns of a conversation, from its reading; any other sample's own content, if it has one."""
    if row["kind"] != "conversation":
        return row.get("content", "")
    parts = (part.partition(": ") for part in row["prompt"].split("\n\n"))
    turns = [{"role": role, "text": text} for role, _, text in parts]
    return json.dumps({"turns": [*turns, {"role": "assistant", "text": row["response"]}]})


def samples(name: str) -> pl.DataFrame:
    rows = [json.loads(line) for line in (GOLDEN / name).read_text(encoding="utf-8").splitlines()]
    whys = pl.Series("why", [row.pop("why") for row in rows])
    return frame(*(row | {"content": content(row)} for row in rows)).with_columns(whys)


def outcomes(written: pl.DataFrame) -> pl.DataFrame:
    """`outcome` and `reasons` of every sample by the profile of its kind, the others of the profile beside it."""
    decided = []
    for name in PROFILES:
        part = written.filter(pl.col("kind").replace_strict(BY_KIND) == name)
        tables = settings(name, {})
        validators = build(tables)
        references = References(earlier=part.select("sample_id", "rank", "prompt", "response"))
        signals = pl.concat(run(validator, part.drop("why"), references) for validator in validators)
        decided.append(decide(signals, from_settings(tables, validators)))
    return written.join(pl.concat(decided), on="sample_id")


@pytest.fixture(scope="module")
def good() -> pl.DataFrame:
    return outcomes(samples("good_short.jsonl"))


@pytest.fixture(scope="module")
def bad() -> pl.DataFrame:
    return outcomes(samples("bad_short.jsonl"))


def test_the_sets_are_large_short_and_of_every_kind(good, bad):
    assert good.height >= 200
    assert bad.height >= 60
    assert set(good["kind"]) == set(BY_KIND)
    assert good["response"].str.count_matches(r"\S+").max() < 50
    for written in (good, bad):
        assert written.select("prompt", "response").is_unique().all()
        assert (written["why"].str.len_chars() > 10).all()


def test_at_most_one_good_sample_in_a_hundred_is_rejected(good):
    wrong = good.filter(pl.col("outcome") == REJECTED).select("prompt", "response", "reasons")
    assert wrong.height <= 0.01 * good.height, wrong.rows()


def test_at_most_one_good_sample_in_twenty_is_not_accepted(good):
    wrong = good.filter(pl.col("outcome") != ACCEPTED).select("prompt", "response", "reasons")
    assert wrong.height <= 0.05 * good.height, wrong.rows()


def test_nine_bad_samples_in_ten_are_not_accepted(bad):
    missed = bad.filter(pl.col("outcome") == ACCEPTED).select("prompt", "response", "why")
    assert missed.height <= 0.1 * bad.height, missed.rows()


def test_every_reason_names_its_validator(bad):
    reasons = bad["reasons"].explode(empty_as_null=False)
    assert reasons.str.contains(r"^[a-z_]+: \S").all()


def test_the_rules_for_web_pages_reject_nearly_all_good_short_samples(good):
    """Those of Gopher with their usual limits, and those that remain if its least number of words is dropped."""
    found = measures(good.select(text="response"))
    usual = (
        ~found["words"].is_between(50, 100_000)
        | ~found["mean_word"].is_between(3, 10)
        | (found["hash_per_word"] > 0.1)
        | (found["ellipsis_per_word"] > 0.1)
        | (found["bullet_lines"] > 0.9)
        | (found["ellipsis_lines"] > 0.3)
        | (found["alphabetic_words"] < 0.8)
        | (found["stop_words"] < 2)
    )
    relaxed = (found["stop_words"] < 2) | ~found["mean_word"].is_between(3, 10) | (found["alphabetic_words"] < 0.8)
    assert usual.all()
    assert relaxed.mean() > 0.8
