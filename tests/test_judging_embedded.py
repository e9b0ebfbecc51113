"""The embedded model as a judge: it grades for real, and says plainly what it can't measure."""

from collections.abc import Iterator

import pytest

from outcross.serving.endpoint import Endpoint, connect
from outcross.serving.wires.measures import offered
from outcross.settings import Settings
from outcross.tasks.judging.judge import judge
from tests.judges import drafted, recipe, said, some

pytest.importorskip("xllamacpp")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with connect(Settings(base_url=None, model=None)) as started:
        yield started


def test_llama_cpp_chats_and_measures_nothing_though_it_answers_when_asked_to(endpoint):
    assert offered(endpoint, "chat") == "chat"
    assert offered(endpoint, "likelihood") == ""
    assert offered(endpoint, "reward") == ""


def test_it_grades_by_the_rubric(endpoint, home):
    mine = recipe(home, "rubric", "perplexity", rubric={"max_tokens": 150})
    ids = drafted(home, mine, some(2))
    assert judge(home, mine, endpoint, ids) == 4
    assert judge(home, mine, endpoint, ids) == 0
    found = said(home, "validator", "score", "reason", "failure")
    assert [row for row in found if row[0] == "perplexity"] == [
        ("perplexity", None, "", "the server gives no prompt log-probabilities")
    ] * 2
    for _, score, reason, failure in (row for row in found if row[0] == "rubric"):
        assert failure.startswith("an answer was truncated") if score is None else "of 5; 2 seeds" in reason
    states = said(home, "model", "weights_digest", "seed", "state", table="judging")
    assert [seed for *_, seed, _ in sorted(states, key=lambda row: row[2])] == [0, 0, 1, 1]
    assert {(model, weights) for model, weights, *_ in states} == {(endpoint.model, endpoint.weights_digest)}
