"""Answers that come from what they were given to read, and answers that don't."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.errors import RecipeError
from outcross.validators.checks.grounded import Grounded
from outcross.validators.references import References
from outcross.validators.rules import ACCEPTED, BORDERLINE, decide
from outcross.validators.signals import run
from tests.hostile import seconds
from tests.validating import frame

BRIDGE = (
    "The Kessock Bridge carries the A9 trunk road across the Beauly Firth at Inverness, Scotland. It has a length "
    "of 1,056 metres with a main span of 240 metres. Designed by the German engineer Hellmut Homberg, the four lane "
    "cable-stayed bridge was opened in 1982 and is similar to a bridge in Düsseldorf across the Rhine."
)
TRUE = "The bridge was designed by Hellmut Homberg and opened in 1982. Its main span is 240 metres near Inverness."
INVENTED = "It was designed by Norman Foster in 1975, with a span of 310 metres, and is in Glasgow."


def said(response: str, context: str = BRIDGE, **columns: str) -> tuple[float, str]:
    row = {"prompt": "Who built it?", "context": context, "response": response, **columns}
    (signal,) = run(Grounded(), frame(row), References()).rows(named=True)
    assert signal["failure"] is None
    return signal["score"], signal["reason"]


def test_what_the_context_says_is_grounded():
    assert said(TRUE) == (1, "")


def test_what_nobody_said_is_named_up_to_three_items():
    score, reason = said(INVENTED)
    assert score == 0
    assert reason.startswith("4 of 4 numbers, quotations and names aren't in the context or prompt: ")
    assert reason.endswith("`1975`, `310`, `Norman Foster` and 1 more")


def test_the_score_is_the_share_that_is_there():
    assert said("It was opened in 1982, is 240 metres long, and stands in Glasgow near Inverness.")[0] == 0.75


@pytest.mark.parametrize(
    "response",
    [
        'It crosses the Beauly Firth; "the four-lane cable-stayed bridge" is 1056.0 metres long, its span 240.',
        "1. In Inverness.\n2. Over the Firth.\n3. By Homberg's hand.\n12. Never dry",
        "Designed in Germany. Opened long ago. Similar ones exist.",
        "The 3 lanes, 4 piers and 5 lamps.",
        "As Who built it asks: by Homberg, in May on a Monday, at Inverness and Scotland",
    ],
)
def test_numbers_quotations_and_names_are_known_in_any_form(response):
    assert said(response) == (1, "")


def test_the_prompt_grounds_too():
    assert said(INVENTED, prompt="Say that Norman Foster built it in 1975 with 310 metres in Glasgow.") == (1, "")


@pytest.mark.parametrize(
    ("context", "columns"),
    [
        ("", {}),
        ("Short.", {}),
        ("def area(width):\n    return width\n" * 9, {}),
        ("#include <stdio.h>\nint main() {\n  return 0;\n}\n" * 9, {}),
        (BRIDGE, {"kind": "reasoning"}),
    ],
)
def test_where_there_is_nothing_to_read_or_it_is_code_nothing_is_judged(context, columns):
    assert said(INVENTED, context, **columns) == (1, "")


def test_an_answer_with_few_items_is_not_judged():
    assert said("It was built by Norman Foster.") == (1, "")


def test_a_low_share_goes_to_a_person_and_rejects_nothing():
    rows = [{"context": BRIDGE, "prompt": "p", "response": response} for response in (INVENTED, TRUE)]
    outcomes = decide(run(Grounded(), frame(*rows), References()), {"grounded": Grounded.rule})["outcome"]
    assert outcomes.to_list() == [BORDERLINE, ACCEPTED]


def test_a_reason_shows_no_more_than_80_characters_of_an_item_and_masks_what_is_personal():
    long = " ".join(["lorem"] * 30)
    _, reason = said(f'He wrote "{long}" and "ask jane.roe@gmail.com for it" and "{long} more" in it.')
    assert "[EMAIL]" in reason
    assert "jane" not in reason
    assert long[:80] in reason
    assert long[:81] not in reason


@pytest.mark.parametrize("limits", [{"context": -1}, {"items": 0}])
def test_limits_that_cannot_be_used_are_refused(limits):
    with pytest.raises(RecipeError, match="grounded needs"):
        Grounded(**limits)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_gets_a_score(response, more):
    score, reason = said(f'{response} in Rome, "{more}", 12', BRIDGE + more)
    assert (score == 1) == (reason == "")


@pytest.mark.parametrize("piece", ["a Aa", "A ", '"', '"aaa', "1,", "12 ", "in A'A-", "x\n", "{", "= ", "1) "])
def test_hostile_texts_cost_bounded_time(piece):
    text = piece * (200_000 // len(piece))
    sample = frame({"prompt": text, "context": BRIDGE + text, "response": text}, {"context": text, "response": text})
    assert seconds(lambda: run(Grounded(), sample, References())) < 20
