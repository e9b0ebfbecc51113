"""Exchange formats: what goes out comes back the same, and nothing that comes in can break the reader."""

import json
from types import ModuleType

import pytest
from hypothesis import given

from outcross.data.exchange import argilla, hh, label_studio, prm800k, steps
from outcross.data.exchange.judged import Imported, Judged, Refused, moment, seconds
from outcross.data.samples import Instruction, Preference, Reasoning
from tests.judged import PAIR, SEVEN, judge, judged, named


def passed_on(module: ModuleType, *rows: Judged) -> list[Imported | Refused]:
    """What comes back of rows that went out as JSON text."""
    return list(module.load(json.loads(json.dumps(record)) for record in module.dump(rows)))


# --- Round trips ---


@given(judged())
def test_label_studio_gives_back_content_labels_and_answers_of_every_kind(row):
    (found,) = passed_on(label_studio, row)
    assert isinstance(found, Imported), found
    assert (found.content, found.answers) == (row.sample.content, row.decisions)
    assert (found.beside["stratum"], found.beside["licence"]) == ("arithmetic", "CC0-1.0")


@given(judged())
def test_argilla_gives_back_all_but_when_and_how_long(row):
    (found,) = passed_on(argilla, row)
    assert isinstance(found, Imported), found
    timeless = [decision.model_copy(update={"at": None, "active_ms": None}) for decision in row.decisions]
    assert (found.content, list(found.answers)) == (row.sample.content, timeless)
    assert (found.beside["origin"], found.beside["source"]) == ("synthetic", "sums.md")


@given(judged("reasoning"))
def test_prm800k_gives_back_each_answer_with_its_labels_and_correction(row):
    decided = [decision for decision in row.decisions if decision.verdict != "broken"]
    found = passed_on(prm800k, row.model_copy(update={"decisions": decided}))
    wordless = [decision.model_copy(update={"reasons": (), "note": ""}) for decision in decided]
    assert [one.answers for one in found if isinstance(one, Imported)] == [(decision,) for decision in wordless]
    assert all(one.content == row.sample.content for one in found if isinstance(one, Imported))


MARKS = ("\n\nHuman:", "\n\nAssistant:")


@given(judged("preference"))
def test_hh_gives_back_the_pair_as_the_answer_that_stands_ordered_it_or_says_why_it_can_not(row):
    content = row.sample.content
    assert isinstance(content, Preference)
    (record,) = hh.dump([row])
    ordered = row.settled and {
        "chosen": (content.chosen, content.rejected),
        "rejected": (content.rejected, content.chosen),
        "both_bad": (row.settled.edit, content.chosen),
    }.get(row.settled.verdict)
    if isinstance(record, Refused):
        assert ordered is None or any(mark in text for mark in MARKS for text in ordered)
    else:
        (found,) = hh.load([record])
        assert isinstance(found, Imported), found
        assert isinstance(found.content, Preference)
        assert (found.content.prompt, found.content.chosen, found.content.rejected) == (content.prompt, *ordered)
        # Other readers part a dialogue at its last turn.
        assert record["chosen"].rpartition(MARKS[1])[2] == f" {ordered[0]}"
        assert MARKS[0] not in record["chosen"].rpartition(MARKS[1])[2]


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("worse", [False, True])
def test_an_answer_with_turns_of_its_own_is_no_pair_that_others_could_cut(mark, worse):
    answers = ["Fine.", f"So.{mark} And?"]
    row = judge(Preference(prompt="Q", chosen=answers[not worse], rejected=answers[worse]), "chosen")
    (refused,) = hh.dump([row])
    assert isinstance(refused, Refused)
    assert f"an answer holds {mark!r}" in refused.reason


@given(judged("reasoning"))
def test_the_step_labels_that_stand_come_back_as_they_went(row):
    (record,) = steps.dump([row])
    if isinstance(record, Refused):
        assert row.settled is None or not row.settled.labels
    else:
        assert row.settled is not None
        (found,) = steps.load([record])
        assert isinstance(found, Imported), found
        assert (found.content, found.labels) == (row.sample.content, row.settled.labels)


def test_a_time_comes_back_to_the_microsecond():
    assert seconds(moment(4386512372.776625)) == 4386512372.776625


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
    assert (found.content.answer, found.answers[0].labels) == ("5", (1, 1, 1))
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
    (hh, judge(SEVEN, "correct"), "its kind is reasoning: HH-RLHF holds preferences alone"),
    (hh, judge(PAIR, "chosen").model_copy(update={"settled": None}), "haven't settled it yet"),
    (steps, judge(SEVEN, "correct", labels=(1,) * 7).model_copy(update={"settled": None}), "haven't settled it yet"),
    (prm800k, judge(PAIR, "tie"), "its kind is preference: PRM800K holds reasoning alone"),
    (prm800k, judge(SEVEN, "broken"), "no finish_reason for the verdict broken"),
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


@pytest.mark.parametrize("foreign", [
    {"completed_by": "ada@example.org"},
    {"completed_by": ""},
    {"lead_time": 90_000.5},
    {"result": [{"from_name": "stars", "type": "rating", "value": {"rating": 3.5}}]},
    {"result": [{"from_name": "strength", "type": "rating", "value": {"rating": 5}}]},
])  # fmt: skip
def test_what_others_measured_their_own_way_keeps_no_record_out(foreign):
    verdict = {"from_name": "verdict", "type": "choices", "value": {"choices": ["chosen"]}}
    annotation = foreign | {"result": [verdict, *foreign.get("result", [])]}
    (found,) = label_studio.load([{"data": {"prompt": "Q", "text1": "A", "text2": "B"}, "annotations": [annotation]}])
    assert isinstance(found, Imported), found
    assert (found.answers[0].verdict, found.answers[0].strength) == ("chosen", None)
    assert found.answers[0].reviewer == (foreign.get("completed_by") or "unknown")


def test_a_kind_of_others_in_argillas_metadata_is_not_ours():
    (found,) = argilla.load([{"fields": {"question": "Why?", "answer": "So."}, "metadata": {"kind": "faq"}}])
    assert isinstance(found, Imported), found
    assert found.content == Instruction(instruction="Why?", response="So.")


@pytest.mark.parametrize("fields", [
    {"instruction": "Sum.", "input": "1, 2", "output": "3"},
    {"instruction": "Sum.", "input": "1, 2", "response": "3"},
    {"instruction": "Sum.", "instances": [{"input": "1, 2", "output": "3"}]},
])  # fmt: skip
def test_fields_in_common_use_are_found_with_the_context(fields):
    (found,) = argilla.load([{"fields": fields}])
    assert isinstance(found, Imported), found
    assert found.content == Instruction(instruction="Sum.", context="1, 2", response="3")


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
