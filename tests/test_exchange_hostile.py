"""Records of any shape: read or refused with a reason, one by one, and never an end of the reading."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.data.exchange import argilla, hh, label_studio, prm800k, steps, table
from outcross.data.exchange.judged import Imported, Refused
from tests.judged import PAIR, SEVEN, WORDS, judge, judged, named

FORMATS = [label_studio, argilla, prm800k, hh, steps, table]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("module", FORMATS, ids=named)
@given(data=st.data())
def test_a_record_with_anything_at_all_in_one_place_is_read_or_refused(module, data):
    kinds = sorted(module.HOLDS)
    row = data.draw(judged(*kinds))
    for record in module.dump([row]):
        if isinstance(record, Refused):
            continue
        spoilt = json.loads(json.dumps(record))
        place: Any = spoilt
        while True:
            key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
            if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
                break
            place = place[key]
        place[key] = data.draw(JSON)
        (found,) = module.load([spoilt])
        assert isinstance(found, Imported) or found.reason


@pytest.mark.parametrize("module", FORMATS, ids=named)
@pytest.mark.parametrize("record", [None, 7, "text", [], [{}], {}, {"data": 3}, {"fields": None}, {"label": {}}])
def test_records_of_no_use_are_refused_one_by_one_and_the_rest_is_read(module, record):
    contents = {"hh": PAIR}
    (good,) = module.dump([judge(contents.get(named(module), SEVEN), "chosen" if module is hh else "correct",
                                 labels=() if module is hh else (1,) * 7)])  # fmt: skip
    bad, read = module.load([record, good])
    assert isinstance(bad, Refused)
    assert bad.reason
    assert isinstance(read, Imported)


@pytest.mark.parametrize(
    ("module", "spoilt", "said"),
    [
        (label_studio, lambda r: r["annotations"][0]["result"][1].update(from_name="label_9"), "labels step 9 of 7"),
        (label_studio, lambda r: r["annotations"][0].update(created_at="noon"), "'noon' is no time"),
        (label_studio, lambda r: r["data"].update(kind="poem"), "names the kind 'poem'"),
        (argilla, lambda r: r["responses"]["verdict"][0].update(value="fine"), "has the verdict 'fine'"),
        (argilla, lambda r: r["responses"]["labels"][0].update(value="[1]"), "has 1 labels for 7 steps"),
        (argilla, lambda r: r["responses"]["labels"][0].update(value="[1"), "where a JSON list is wanted"),
        (prm800k, lambda r: r["label"]["steps"][0]["completions"][0].update(rating=2), "Input should be -1, 0 or 1"),
        (prm800k, lambda r: r["label"].update(finish_reason="tired"), "label.finish_reason: Input should be"),
        (prm800k, lambda r: r["question"]["pre_generated_steps"].pop(), "rates step 7 of 6"),
        (steps, lambda r: r["steps"].reverse(), "the steps aren't numbered"),
    ],
)
def test_a_refusal_says_what_is_wrong(module, spoilt, said):
    (record,) = module.dump([judge(SEVEN, "correct", labels=(1,) * 7)])
    spoilt(record)
    (refused,) = module.load([record])
    assert isinstance(refused, Refused)
    assert said in refused.reason
