"""Exchange formats: what goes out comes back the same, and nothing that comes in can break the reader."""

import csv
import io
import json
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.data.exchange import argilla, hh, label_studio, prm800k, steps, table
from outcross.data.exchange.judged import Imported, Judged, Judgement, Refused
from outcross.data.samples import Preference, Reasoning
from tests.judged import WORDS, judged
from tests.review_items import a_sample

FORMATS = [label_studio, argilla, prm800k, hh, steps, table]
SEVEN = Reasoning(problem="Add them up.", steps=tuple(f"Step {n}." for n in range(1, 8)), answer="28")
PAIR = Preference(prompt="Which?", chosen="The one.", rejected="The other.")


def named(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def passed_on(module: ModuleType, *rows: Judged) -> list[Imported | Refused]:
    """What comes back of rows that went out as JSON text."""
    return list(module.load(json.loads(json.dumps(record)) for record in module.dump(rows)))


def judge(content: Any, verdict: str, **more: Any) -> Judged:
    return Judged(sample=a_sample(0, content), decisions=[Judgement(verdict=verdict, reviewer="ada", **more)])


# --- Round trips ---


@given(judged())
def test_label_studio_gives_back_content_labels_and_answers_of_every_kind(row):
    (found,) = passed_on(label_studio, row)
    assert isinstance(found, Imported), found
    assert (found.content, found.answers) == (row.sample.content, row.decisions)
    assert found.labels == (row.decisions[-1].labels if row.decisions else ())
    assert (found.stratum, found.licence) == ("arithmetic", "CC0-1.0")


@given(judged())
def test_argilla_gives_back_all_but_when_and_how_long(row):
    (found,) = passed_on(argilla, row)
    assert isinstance(found, Imported), found
    timeless = [decision.model_copy(update={"at": None, "active_ms": None}) for decision in row.decisions]
    assert (found.content, list(found.answers)) == (row.sample.content, timeless)
    assert found.labels == (row.decisions[-1].labels if row.decisions else ())
    assert (found.origin, found.source) == ("synthetic", "sums.md")


@given(judged("reasoning"))
def test_prm800k_gives_back_each_answer_with_its_labels_and_correction(row):
    found = passed_on(prm800k, row)
    wordless = [decision.model_copy(update={"reasons": (), "note": ""}) for decision in row.decisions]
    assert [one.answers for one in found if isinstance(one, Imported)] == [(decision,) for decision in wordless]
    assert [one.labels for one in found if isinstance(one, Imported)] == [one.labels for one in row.decisions]
    assert all(one.content == row.sample.content for one in found if isinstance(one, Imported))


@given(judged("preference"))
def test_hh_gives_back_the_pair_as_the_last_word_ordered_it_or_says_why_it_can_not(row):
    content = row.sample.content
    assert isinstance(content, Preference)
    last = row.decisions[-1] if row.decisions else Judgement(verdict="chosen")
    ordered = {
        "chosen": (content.chosen, content.rejected),
        "rejected": (content.rejected, content.chosen),
        "both_bad": (last.edit, content.chosen),
    }.get(last.verdict)
    (record,) = hh.dump([row])
    if isinstance(record, Refused):
        assert ordered is None or "\n\nAssistant:" in ordered[0]
    else:
        (found,) = hh.load([record])
        assert isinstance(found, Imported), found
        assert isinstance(found.content, Preference)
        assert (found.content.prompt, found.content.chosen, found.content.rejected) == (content.prompt, *ordered)


@given(judged("reasoning"))
def test_plain_step_labels_come_back_as_they_went(row):
    (*found,) = steps.load(record for record in steps.dump([row]) if not isinstance(record, Refused))
    assert [(one.content, one.labels) for one in found if isinstance(one, Imported)] == [
        (row.sample.content, decision.labels) for decision in row.decisions if decision.labels
    ]


@given(st.lists(judged(), max_size=3))
def test_a_csv_file_gives_back_every_sample_and_decision(rows):
    file = io.StringIO(newline="")
    table.write(file, (record for record in table.dump(rows) if not isinstance(record, Refused)))
    file.seek(0)
    found = list(table.load(row for _, row in table.read(file)))
    assert [(one.content, one.answers) for one in found if isinstance(one, Imported)] == [
        (row.sample.content, (decision,) if decision else ()) for row in rows for decision in row.decisions or (None,)
    ]


# --- What a format must say ---


def rewards(module: ModuleType, row: Judged) -> list[int | None]:
    (record,) = module.dump([row])
    if module is steps:
        return [step["reward"] for step in record["steps"]]
    return [step["completions"][0]["rating"] for step in record["label"]["steps"]]


@pytest.mark.parametrize("module", [prm800k, steps], ids=named)
def test_steps_after_the_first_error_are_null_and_never_bad(module):
    row = judge(SEVEN, "error", labels=(1, 1, -1, None, None, None, None))
    assert rewards(module, row) == [1, 1, -1, None, None, None, None]


@pytest.mark.parametrize("module", [prm800k, steps], ids=named)
def test_a_neutral_step_is_0_and_never_null(module):
    row = judge(SEVEN, "error", labels=(1, 0, -1, 0, 1, 0, 1))
    assert rewards(module, row) == [1, 0, -1, 0, 1, 0, 1]
    assert all(type(reward) is int for reward in rewards(module, row))


def test_prm800k_has_its_fields_and_the_labellers_own_wording_of_the_wrong_step():
    row = judge(SEVEN, "error", labels=(1, -1, None, None, None, None, None), edit="Better.", at=0.5, active_ms=9000)
    (line,) = prm800k.dump([row])
    assert line.keys() == {
        "labeler",
        "timestamp",
        "generation",
        "is_quality_control_question",
        "is_initial_screening_question",
        "question",
        "label",
    }
    assert line["question"]["pre_generated_steps"] == list(SEVEN.steps)
    assert (line["label"]["finish_reason"], line["label"]["total_time"]) == ("found_error", 9000)
    good, wrong, *_ = line["label"]["steps"]
    assert (good["chosen_completion"], good["human_completion"]) == (0, None)
    assert (wrong["chosen_completion"], wrong["human_completion"]["text"]) == (None, "Better.")


def test_a_solution_that_grew_as_it_was_labelled_is_read_along_the_wordings_that_were_taken():
    def step(*rated: tuple[str, int], human: object = None, chosen: int | None = 0) -> dict[str, object]:
        wordings = [{"text": text, "rating": rating, "flagged": False} for text, rating in rated]
        return {"completions": wordings, "human_completion": human, "chosen_completion": chosen}

    line = {
        "labeler": "340d89bc",
        "timestamp": "2022-07-17T16:56:51.323252",
        "generation": None,
        "question": {"problem": "What is 2 + 3?", "ground_truth_answer": "5"},
        "label": {
            "steps": [
                step(("Count.", -1), ("Add them.", 1), chosen=1),
                step(("It is 6.", -1), human={"text": "2 + 3 is 5.", "rating": None, "source": "human"}, chosen=None),
                step(("So 5.\n\n# Answer\n\n5", 1)),
            ],
            "total_time": 278270,
            "finish_reason": "solution",
        },
    }
    (found,) = prm800k.load([line])
    assert isinstance(found, Imported), found
    assert isinstance(found.content, Reasoning)
    assert found.content.steps == ("Add them.", "2 + 3 is 5.", "So 5.\n\n# Answer\n\n5")
    assert (found.content.answer, found.labels) == ("5", (1, 1, 1))
    assert found.answers[0].model_dump(include={"verdict", "reviewer", "active_ms"}) == {
        "verdict": "correct",
        "reviewer": "340d89bc",
        "active_ms": 278270,
    }
    line["label"]["steps"].pop()
    assert [one.reason for one in prm800k.load([line]) if isinstance(one, Refused)] == [
        "the solution has no answer: neither `pre_generated_answer` nor a last step that ends in one"
    ]


@pytest.mark.parametrize(("verdict", "side"), [("chosen", "left"), ("rejected", "right")])
def test_a_preference_names_the_samples_own_answers_wherever_they_stood_on_the_screen(verdict, side):
    row = judge(PAIR, verdict, strength=2)
    (task,) = label_studio.dump([row])
    assert (task["data"]["chosen"], task["data"]["rejected"]) == (PAIR.chosen, PAIR.rejected)
    assert task["annotations"][0]["result"][0]["value"] == {"selected": side}
    (record,) = argilla.dump([row])
    assert record["responses"]["verdict"][0]["value"] == verdict
    (pair,) = hh.dump([row])
    better = {"chosen": PAIR.chosen, "rejected": PAIR.rejected}[verdict]
    assert pair["chosen"] == f"\n\nHuman: Which?\n\nAssistant: {better}"


@pytest.mark.parametrize(("module", "row", "said"), [
    (hh, judge(PAIR, "tie"), "neither answer won (tie)"),
    (hh, judge(SEVEN, "correct"), "a reasoning is no pair"),
    (prm800k, judge(PAIR, "tie"), "a preference has no steps to rate"),
    (steps, judge(SEVEN, "give_up"), "the decision give_up labels no steps"),
])  # fmt: skip
def test_what_a_format_can_not_hold_is_left_out_with_the_reason(module, row, said):
    (refused,) = module.dump([row])
    assert isinstance(refused, Refused)
    assert said in refused.reason


def test_turns_before_the_last_stay_in_the_prompt_of_a_pair():
    talk = "\n\nHuman: Hi.\n\nAssistant: Hello.\n\nHuman: Why?\n\nAssistant: "
    (found,) = hh.load([{"chosen": talk + "Because.", "rejected": talk + "So."}])
    assert isinstance(found, Imported), found
    prompt = "Hi.\n\nAssistant: Hello.\n\nHuman: Why?"
    assert found.content == Preference(prompt=prompt, chosen="Because.", rejected="So.")


def test_annotations_of_others_count_where_they_say_what_we_can_read():
    def task(*results: dict[str, object], **more: object) -> dict[str, object]:
        return {"data": {"text1": "A", "text2": "B", "prompt": "Q"}, "annotations": [{"result": results} | more]}

    selected = {"from_name": "pw", "to_name": "pw", "type": "pairwise", "value": {"selected": "right"}}
    tie = {"from_name": "more", "to_name": "t", "type": "choices", "value": {"choices": ["Both bad"]}}
    other = {"from_name": "mood", "to_name": "t", "type": "choices", "value": {"choices": ["Joyful"]}}
    records = [
        task(selected, completed_by=7),
        task(tie, completed_by={"id": 3, "email": "ada@example.org"}),
        task(other),
        task(selected, was_cancelled=True),
    ]
    found = [one for one in label_studio.load(records) if isinstance(one, Imported)]
    given = [[(answer.verdict, answer.reviewer) for answer in one.answers] for one in found]
    assert given == [[("rejected", "7")], [("both_bad", "ada@example.org")], [], []]


def test_argilla_responses_count_without_a_status_and_not_as_drafts():
    record = {
        "fields": {"prompt": "Q", "response": "A"},
        "metadata": {},
        "suggestions": {"verdict": {"value": "reject", "agent": "judge"}},
        "responses": {
            "verdict": [
                {"value": "approve", "user_id": "u1"},
                {"value": "reject", "user_id": "u2", "status": "draft"},
            ]
        },
    }
    (found,) = argilla.load([record])
    assert isinstance(found, Imported), found
    assert [(answer.verdict, answer.reviewer) for answer in found.answers] == [("approve", "u1")]


# --- Hostile input ---

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


# --- CSV in a spreadsheet ---

TRIGGERS = [
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
    " =",
    "   +",
    "\u00a0-",
    "\u3000＝",
    "\ufeff@",
]


@pytest.mark.parametrize("start", TRIGGERS)
def test_no_cell_starts_a_formula_and_each_reads_back(start):
    texts = [f"{start}cmd|' /C calc'!A0", start + "1", f"'{start}1", f"''{start}1"]
    for text in texts:
        file = io.StringIO(newline="")
        row = judge(Preference(prompt=text, chosen="x", rejected="y"), "chosen", strength=1)
        table.write(file, table.dump([row]))
        assert all(cell.startswith('"') and cell.endswith('"') for cell in file.getvalue().split("\r\n")[0].split(","))
        (parsed,) = csv.DictReader(io.StringIO(file.getvalue(), newline=""))
        assert parsed["prompt"] == f"'{text}"
        file.seek(0)
        (found,) = table.load(row for _, row in table.read(file))
        assert isinstance(found, Imported), found
        assert isinstance(found.content, Preference)
        assert found.content.prompt == text


def test_cells_that_start_nothing_stay_as_they_are():
    for text in ("'tis", "a=b", "x-y", "1", "'", ""):
        assert table.guarded(text) == table.unguarded(text) == text


@given(WORDS)
def test_guarding_a_cell_can_be_undone_whatever_it_holds(text):
    guarded = table.guarded(text)
    assert table.unguarded(guarded) == text
    assert not guarded.lstrip().startswith(tuple("=+-@＝＋－＠"))


def test_a_file_that_stops_being_csv_is_read_up_to_there():
    file = io.StringIO('"kind","text"\r\n"text","one"\r\n"text","tw"o"\r\n"text","three"\r\n', newline="")
    (_, first), (line, last) = table.read(file)
    assert first == {"kind": "text", "text": "one"}
    assert line == 3
    assert isinstance(last, Refused)
    assert "no CSV from here on" in last.reason
