"""Confidence: how sure the model was, which informs and decides nothing."""

import pytest

from outcross.validators.checks.confidence import Confidence
from outcross.validators.references import References
from outcross.validators.rule import INFORMS
from outcross.validators.signals import run
from tests.validating import frame


@pytest.mark.parametrize(
    ("logprob", "score", "reason"),
    [("-0.5", 0.6065, "mean probability of a token 0.607"), ("", 1.0, ""), ("soon", 1.0, ""), ("0.0", 1.0, "")],
)
def test_a_model_that_was_unsure_scores_less(logprob, score, reason):
    (said,) = run(Confidence(), frame({"logprob": logprob}), References()).rows(named=True)
    assert said["score"] == pytest.approx(score, abs=1e-4)
    assert said["reason"] == reason


def test_nothing_is_decided_by_it():
    assert Confidence.rule == INFORMS
