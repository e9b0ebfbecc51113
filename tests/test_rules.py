"""What scores decide, how rules are read, and which accepted samples are audited."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcross.errors import InputError, RecipeError
from outcross.validators.checks.length import Length
from outcross.validators.checks.shape import Shape
from outcross.validators.routing import audited, overlapping
from outcross.validators.rule import INFORMS, Rule
from outcross.validators.rules import decide, from_settings, ruleset_digest
from outcross.validators.signals import SIGNALS

RULES = {"length": Rule(reject_below=0.2, accept_from=0.6), "names": Rule(reject_below=0.3, accept_from=0.8)}
IDS = [f"{number:064x}" for number in range(20_000)]


def signals(*rows: tuple[str, str, float | None, str, str | None]) -> pl.DataFrame:
    full = [(sample, validator, 1, "d", score, reason, failure) for sample, validator, score, reason, failure in rows]
    return pl.DataFrame(full, schema=SIGNALS, orient="row")


def settle(*rows: tuple[str, float | None, str, str | None]) -> tuple[str, list[str]]:
    ((_, outcome, reasons),) = decide(signals(*(("a", *row) for row in rows)), RULES).rows()
    return outcome, reasons


def test_a_sample_that_every_rule_accepts_is_accepted_without_reasons():
    assert settle(("length", 0.6, "4 words", None), ("names", 1.0, "", None)) == ("accepted", [])


def test_one_rejecting_signal_rejects_whatever_the_others_say():
    outcome, reasons = settle(("length", 0.5, "3 words", None), ("names", 0.29, "mentions `x`", None))
    assert (outcome, reasons) == ("rejected", ["names: mentions `x`", "length: 3 words"])


def test_one_doubtful_signal_makes_a_sample_borderline():
    assert settle(("length", 0.2, "3 words", None), ("names", 1.0, "", None)) == ("borderline", ["length: 3 words"])


def test_a_failure_is_doubtful_and_never_rejects():
    outcome, reasons = settle(("length", 1.0, "", None), ("names", None, "", "ValueError: no"))
    assert (outcome, reasons) == ("borderline", ["names: ValueError: no"])


@pytest.mark.parametrize("score", [None, float("nan")])
def test_a_score_that_is_no_number_accepts_nothing(score):
    assert settle(("length", 1.0, "", None), ("names", score, "", None))[0] == "borderline"


def test_a_sample_that_lacks_a_signal_is_not_accepted():
    assert settle(("length", 1.0, "", None)) == ("borderline", ["names: no signal yet"])


def test_the_worst_reason_comes_first():
    _, reasons = settle(("length", 0.1, "1 word", None), ("names", 0.05, "mentions `y`", None))
    assert reasons == ["names: mentions `y`", "length: 1 word"]


def test_a_signal_without_a_rule_is_refused_by_name():
    with pytest.raises(RecipeError, match="scores of shape mean"):
        decide(signals(("a", "shape", 1.0, "", None)), RULES)


def test_without_a_rule_nothing_is_decided():
    with pytest.raises(RecipeError, match="nothing can be accepted"):
        decide(signals(), {})


def test_no_signals_decide_nothing():
    assert decide(signals(), RULES).schema == {
        "sample_id": pl.String,
        "outcome": pl.String,
        "reasons": pl.List(pl.String),
    }


SCORES = st.one_of(st.none(), st.floats(0, 1), st.just(float("nan")))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from("abcdef"), st.tuples(SCORES, SCORES), min_size=1), st.randoms())
def test_outcomes_follow_the_rules_in_any_order(scores, random):
    rows = [(i, name, s, "r", None) for i, pair in scores.items() for name, s in zip(RULES, pair, strict=True)]
    random.shuffle(rows)
    decided = decide(signals(*rows), RULES)
    assert decided["sample_id"].to_list() == sorted(scores)
    for sample_id, outcome, reasons in decided.rows():
        levels = [
            1
            if score is None or score != score
            else 0
            if score < rule.reject_below
            else 1 + (score >= rule.accept_from)
            for score, rule in zip(scores[sample_id], RULES.values(), strict=True)
        ]
        assert outcome == ["rejected", "borderline", "accepted"][min(levels)]
        assert len(reasons) == sum(level < 2 for level in levels)


@pytest.mark.parametrize("limits", [(-0.1, 0.5), (0.6, 0.5), (0.5, 1.1), (float("nan"), 1), (0, float("nan"))])
def test_limits_out_of_order_are_refused(limits):
    with pytest.raises(RecipeError, match="0 <= reject_below <= accept_from <= 1"):
        Rule(reject_below=limits[0], accept_from=limits[1])


def test_a_recipe_overrides_the_default_rule_key_by_key():
    rules = from_settings({"length": {"accept_from": 1, "minimum": 3}, "shape": {}}, [Length, Shape])
    expected = Rule(reject_below=Length.rule.reject_below, accept_from=1)
    assert rules == {"length": expected, "shape": Shape.rule}


def test_a_rule_that_only_informs_decides_nothing():
    rules = {"length": INFORMS, "shape": Shape.rule}
    signals = pl.DataFrame(
        [("a", "length", 0.0, "short", None), ("a", "shape", 1.0, "", None), ("b", "shape", 1.0, "", None),
         ("c", "length", None, "", "broken"), ("c", "shape", 1.0, "", None)],
        schema=["sample_id", "validator", "score", "reason", "failure"], orient="row",
    )  # fmt: skip
    assert decide(signals, rules)["outcome"].to_list() == ["accepted"] * 3


def test_a_rule_that_cannot_hold_names_its_table():
    with pytest.raises(RecipeError, match=r"\[screen.length\]: a rule needs"):
        from_settings({"length": {"reject_below": 2}}, [Length])


def test_the_digest_of_a_rule_set_changes_with_all_that_decides_and_with_nothing_else():
    rules = {"length": RULES["length"], "shape": Rule(reject_below=0, accept_from=1)}
    first = ruleset_digest([Length(), Shape()], rules)
    same = {"shape": Rule(reject_below=0.0, accept_from=1.0), "length": RULES["length"]}
    assert ruleset_digest([Shape(), Length()], same) == first
    assert ruleset_digest([Length(minimum=1), Shape()], rules) != first
    assert ruleset_digest([Length(), Shape()], rules | {"length": RULES["names"]}) != first


def test_the_digest_needs_a_rule_for_each_validator_and_a_validator_for_each_rule():
    with pytest.raises(RecipeError, match="names, shape: each validator needs one rule"):
        ruleset_digest([Length(), Shape()], RULES)


def test_an_audit_draws_about_its_share_and_the_same_ones_again():
    drawn = audited(IDS, b"key", 0.1)
    # Four standard deviations of a binomial draw of 20,000 at 0.1.
    assert abs(len(drawn) - 2_000) < 4 * (20_000 * 0.1 * 0.9) ** 0.5
    assert audited(reversed(IDS), b"key", 0.1) == drawn
    assert audited(IDS[:500], b"key", 0.1) == drawn & set(IDS[:500])


def test_a_larger_share_keeps_what_a_smaller_one_drew():
    assert audited(IDS, b"key", 0.05) < audited(IDS, b"key", 0.1)


def test_another_key_draws_others():
    ours, theirs = audited(IDS, b"key", 0.1), audited(IDS, b"other", 0.1)
    assert len(ours & theirs) < 300  # 200 expected by chance, 2,000 were the key unused


def test_the_ticket_is_the_head_of_an_hmac():
    # HMAC-SHA256 of RFC 4231, test case 2: key "Jefe", first 8 bytes 5bdcc146bf60754e.
    text, ticket = "what do ya want for nothing?", 0x5BDCC146BF60754E
    assert audited([text], b"Jefe", (ticket + 2**12) / 2**64) == {text}
    assert audited([text], b"Jefe", (ticket - 2**12) / 2**64) == set()


def test_a_share_of_0_draws_none_and_of_1_all():
    assert audited(IDS, b"key", 0) == set()
    assert audited(IDS, b"key", 1) == set(IDS)


@pytest.mark.parametrize(
    ("key", "share", "message"),
    [(b"", 0.1, "key is empty"), (b"k", 1.5, "share is 1.5"), (b"k", float("nan"), "share is nan")],
)
def test_an_audit_that_anyone_could_guess_or_nobody_could_draw_is_refused(key, share, message):
    with pytest.raises(InputError, match=message):
        audited(IDS, key, share)


def test_second_opinions_are_drawn_by_the_same_secret_and_independently_of_audits():
    drawn, seen = overlapping(IDS, b"key", 0.1), audited(IDS, b"key", 0.1)
    assert drawn == overlapping(reversed(IDS), b"key", 0.1)
    assert drawn < overlapping(IDS, b"key", 0.2)
    assert len(drawn) / len(IDS) == pytest.approx(0.1, abs=0.03)
    assert len(drawn & seen) / len(seen) < 0.3, "an audit is no likelier than another to be seen twice"
    with pytest.raises(InputError, match="overlap share is 2"):
        overlapping(IDS, b"key", 2)
