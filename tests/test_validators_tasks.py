"""Repeated tasks: the same question drawn again is caught, whatever its answer."""

import polars as pl

from outcross.validators.references import References
from outcross.validators.repeats.repeated_task import RepeatedTask
from outcross.validators.signals import run
from tests import validating

BAT = "A bat and a ball together cost $1.10, and the bat costs a dollar more. What does the ball cost?"
CAPITAL = "What is the capital of France, and which river runs through it on its way to the sea?"


def frame(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Samples by id, prompt and response; ranked as given."""
    return validating.frame(*({"sample_id": key, "prompt": prompt, "response": said} for key, prompt, said in rows))


def scores(samples: pl.DataFrame, people: pl.DataFrame | None = None) -> dict[str, float]:
    human = References().human if people is None else people
    earlier = samples.select("sample_id", "rank", "prompt", "response")
    found = run(RepeatedTask(), samples, References(human=human, earlier=earlier))
    return dict(found.select("sample_id", "score").iter_rows())


def test_a_task_drawn_again_is_caught_though_its_answers_differ_and_the_first_is_kept():
    said = scores(frame(("a", BAT, "It is $0.05."), ("b", BAT, "It costs $1.05."), ("c", CAPITAL, "Paris; the Seine.")))
    assert said == {"a": 1.0, "b": 0.0, "c": 1.0}


def test_samples_that_pose_no_task_are_not_compared():
    people = pl.DataFrame({"sample_id": ["p"], "prompt": [""], "response": ["A text of its own."]})
    assert scores(frame(("a", "", "A text."), ("b", "", "Another text.")), people) == {"a": 1.0, "b": 1.0}


def test_a_persons_task_takes_precedence_over_a_draft_of_it():
    people = pl.DataFrame({"sample_id": ["p"], "prompt": [BAT], "response": ["Five cents."]})
    assert scores(frame(("a", BAT, "It is $0.05.")), people) == {"a": 0.0}
