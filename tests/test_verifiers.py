"""The verifiers of form, of instructions and of generated tasks; and what all verifiers promise."""

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcross.data.samples import Action, ToolCall, Trajectory, canonical
from outcross.validators.references import References
from outcross.validators.registry import build
from outcross.validators.rules import from_settings
from outcross.validators.signals import SIGNALS, run
from outcross.verifiers import pool
from outcross.verifiers.constraints import Constraints
from outcross.verifiers.environments import Environments
from outcross.verifiers.ifeval import CHECKS
from outcross.verifiers.registry import VERIFIERS
from outcross.verifiers.schema import Schema
from tests.validating import frame

WHOLE = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}


def key(**what: object) -> str:
    return json.dumps(what)


def signal(validator, **row: str) -> tuple[float | None, str, str | None]:
    return run(validator, frame(row), References()).select("score", "reason", "failure").row(0)


def test_every_verifier_has_a_name_and_a_rule_and_can_be_named_by_a_recipe():
    made = build({name: {} for name in VERIFIERS}, VERIFIERS)
    assert set(from_settings({}, made)) == set(VERIFIERS)


@pytest.mark.parametrize("name", VERIFIERS)
def test_a_sample_without_a_key_has_nothing_to_verify(name):
    signals = run(VERIFIERS[name](), frame({"response": "a"}, {"response": "b", "key": "{}"}), References())
    assert signals.schema == SIGNALS
    assert signals["score"].to_list() == [1.0, 1.0]
    assert run(VERIFIERS[name](), frame(), References()).height == 0


@pytest.mark.parametrize("name", VERIFIERS)
@pytest.mark.parametrize("text", ["[", "[" * 99_999, "3", "null", '"answer"'])
def test_a_key_that_is_no_object_raises_nothing(name, text):
    signals = run(VERIFIERS[name](), frame({"response": "a", "key": text}), References())
    assert signals["score"].to_list() in ([1.0], [None])


@pytest.mark.parametrize("response", ['{"a": 1}', 'So:\n```json\n{"a": 1}\n```\nThat is it.', '```\n{\n"a": 1}\n```'])
def test_a_response_that_meets_its_schema_is_right(response):
    assert signal(Schema(), response=response, key=key(schema=WHOLE)) == (1.0, "", None)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ('{"a": "1"}', "the response doesn't meet its schema: $.a '1' is not of type 'integer'"),
        ("{}", "'a' is a required property"),
        ("{a: 1}", "the response is not JSON: Expecting property name"),
        ("[" * 99_999, "the response is not JSON: "),
        ('{"a": NaN}', "NaN is no JSON number"),
        ('{"a": %s}' % ("1" * 5_000), "the response is not JSON: "),
        ("", "the response is not JSON"),
    ],
)
def test_a_response_that_does_not_is_wrong_and_says_where(response, reason):
    score, said, failure = signal(Schema(), response=response, key=key(schema=WHOLE))
    assert (score, failure) == (0.0, None)
    assert reason in said


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "nothing"}, "the key's schema is none: $.type"),
        ({"$ref": "http://127.0.0.1/schema"}, "the key's schema can't be used: Unresolvable"),
        ({"$ref": "#"}, "RecursionError"),
        ({"pattern": "^(a+)+$"}, "OutOfTime: it takes more than 0.3 s of processor time"),
        ("a", "the key's `schema` holds a str"),
    ],
)
def test_a_schema_that_cannot_be_used_says_nothing_of_the_response(schema, reason):
    score, _, failure = signal(Schema(seconds=0.3), response=f'"{"a" * 40}!"', key=key(schema=schema))
    assert score is None
    assert reason in failure


@pytest.mark.parametrize(("schema", "score"), [(True, 1.0), (False, 0.0)])
def test_a_schema_may_be_true_or_false_as_the_standard_has_it(schema, score):
    assert signal(Schema(), response="{}", key=key(schema=schema))[0] == score


def test_tool_calls_are_held_against_their_tools():
    calls = [("1", "find", '{"a": 1}'), ("2", "find", "{}"), ("3", "delete", "{}"), ("4", "find", "{")]
    turns = (
        Action(role="user", text="Find it."),
        Action(role="assistant", calls=tuple(ToolCall(call_id=i, tool=t, arguments=a) for i, t, a in calls)),
    )
    content = canonical(Trajectory(turns=turns).model_dump(mode="json"))
    score, reason, _ = signal(Schema(), kind="trajectory", content=content, key=key(tools={"find": WHOLE}))
    assert score == 0.25
    assert reason == "call 2, of find, doesn't meet its schema: $ 'a' is a required property (and 2 more of 4)"
    (score, reason, _) = signal(Schema(), content=content, key=key(tools={"find": True, "delete": True}))
    assert (score, reason.split(":")[0]) == (0.75, "call 4, of find, is not JSON")


MET = [
    ("keywords:existence", {"keywords": ["Dog", "cat"]}, "A dog. A CAT!", "A dogma, a cat."),
    ("keywords:frequency", {"keyword": "dog", "frequency": 2, "relation": "less than"}, "dog", "Dog, dog"),
    ("keywords:forbidden_words", {"forbidden_words": ["dog"]}, "dogma", "the dog"),
    ("keywords:letter_frequency", {"letter": "a", "let_frequency": 2, "let_relation": "at least"}, "Aa", "a"),
    ("length_constraints:number_words", {"num_words": 3, "relation": "at least"}, "It's my turn", "one two"),
    ("length_constraints:number_sentences", {"num_sentences": 2, "relation": "at least"}, "One. Two", "It is 3.5."),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\nb", "a\n\nb"),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "then"},
        "First.\n\nThen.",
        "First.\n\nNow.",
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[name] of [place]", "[name] of []"),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "Bye.\nP.S. More", "Bye. P.S. More"),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* a\n- b", "* a\n**b**\n---"),
    ("detectable_format:constrained_response", {}, "My answer is no.", "No."),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "*a* and **b**", "*a* and **"),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "Part", "num_sections": 2},
        "Part 1\na\nPart 2\nb",
        "Part 1\na",
    ),
    ("detectable_format:json_format", {}, '```json\n{"a": 1}\n```', "{a}"),
    ("detectable_format:title", {}, "<<A title>>\nText", "<A title>"),
    ("combination:two_responses", {}, "a\n******\nb", "a\n******\na"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say it."}, "Say it.\nSaid.", "Said."),
    ("startend:end_checker", {"end_phrase": "The end."}, "So it is. the end.", "The end. Or not"),
    ("startend:quotation", {}, '"Said."', '"'),
    ("change_case:capital_word_frequency", {"capital_frequency": 2, "capital_relation": "at least"}, "GO ON", "GO on"),
    ("change_case:english_capital", {}, "ALL", "ALl"),
    ("change_case:english_lowercase", {}, "all", "aLl"),
    ("punctuation:no_comma", {}, "a b", "a, b"),
]  # fmt: skip


def test_every_check_is_tried():
    assert [name for name, *_ in MET] == list(CHECKS)


@pytest.mark.parametrize(("name", "wanted", "met", "unmet"), MET, ids=[name for name, *_ in MET])
def test_an_instruction_is_kept_or_not(name, wanted, met, unmet):
    asked = key(constraints=[{"id": name, **wanted}])
    assert signal(Constraints(), response=met, key=asked) == (1.0, "", None)
    score, reason, failure = signal(Constraints(), response=unmet, key=asked)
    assert (score, failure) == (0.0, None)
    assert reason.startswith(f"{name}: ")


def test_the_score_of_several_instructions_is_the_share_that_is_kept():
    asked = key(
        constraints=[
            {"id": "punctuation:no_comma"},
            {"id": "change_case:english_lowercase"},
            {"id": "length_constraints:number_words", "num_words": 2, "relation": "less than"},
            {"id": "detectable_format:title"},
        ]
    )
    score, reason, _ = signal(Constraints(), response="a, b", key=asked)
    assert score == 0.25
    assert reason == (
        "punctuation:no_comma: 1 commas; length_constraints:number_words: 2 words, not less than 2; "
        "detectable_format:title: no title in <<double angular brackets>>"
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"id": "language:response_language", "language": "de"},
        {"id": "keywords:existence"},
        {"id": "keywords:existence", "keywords": "dog"},
        {"id": "keywords:frequency", "keyword": "a", "frequency": 1, "relation": "about"},
        {"id": "punctuation:no_comma", "or": 1},
        {"id": ["punctuation:no_comma"]},
        "punctuation:no_comma",
    ],
)
def test_an_instruction_that_cannot_be_checked_says_nothing_of_the_response(asked):
    score, _, failure = signal(Constraints(), response="a", key=key(constraints=[asked]))
    assert score is None
    assert "can" in failure


@settings(max_examples=60)
@given(
    st.text(max_size=400) | st.sampled_from(["*", "[", "<<", "a ", ". ", "\n\n", "***"]).map(lambda one: one * 50_000)
)
def test_instructions_are_checked_in_any_text(text):
    asked = key(constraints=[{"id": name, **wanted} for name, wanted, *_ in MET])
    score, _, failure = signal(Constraints(), response=text, key=asked)
    assert failure is None
    assert 0 <= score <= 1


ENTRY = {"question": "1 + 2 =", "answer": "3", "metadata": {"source_dataset": "chain_sum", "difficulty": {}}}
SUM = {"environment": "reasoning_gym/chain_sum", "entry": ENTRY}


@pytest.mark.parametrize(
    ("response", "score"),
    [("3", 1.0), ("It is <answer> 3 </answer>", 1.0), ("#### 3", 1.0), ("4", 0.0), ("", 0.0), ("<answer>", 0.0)],
)
def test_a_generated_task_is_scored_by_its_family(response, score):
    found, reason, failure = signal(Environments(), response=response, key=json.dumps(SUM))
    assert (found, failure) == (score, None)
    assert bool(reason) == (score < 1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"environment": "reasoning_gym/none"}, "there is no family 'none'"),
        ({"environment": "elsewhere/chain_sum"}, "no environment 'elsewhere/chain_sum' is known"),
        ({"entry": 3}, "no environment"),
        ({"entry": {}}, "KeyError"),
    ],
)
def test_a_task_that_no_family_knows_says_nothing_of_the_response(change, reason):
    score, _, failure = signal(Environments(), response="3", key=json.dumps(SUM | change))
    assert score is None
    assert reason in failure


def test_an_answer_that_a_family_evaluates_can_do_nothing():
    task = {"environment": "reasoning_gym/binary_matrix", "entry": {"answer": "0 1", "metadata": {}}}
    attack = "__import__('os').system('touch /tmp/outcross-escaped') or open('/etc/passwd').read()"
    score, *_ = signal(Environments(), response=attack, key=json.dumps(task))
    assert score in (0.0, None)
    forever = "[[0] for _ in iter(int, 1)]"
    score, _, failure = signal(Environments(seconds=0.5), response=forever, key=json.dumps(task))
    assert score is None
    assert "OutOfTime" in failure or "MemoryError" in failure


@settings(max_examples=10)
@given(st.lists(st.sampled_from(['{"a": 1}', "{}", "3", "a, b", "A"]), min_size=2, max_size=6), st.data())
def test_signals_depend_neither_on_the_order_nor_on_the_batches(responses, data):
    keys = [key(schema=WHOLE), key(constraints=[{"id": "punctuation:no_comma"}]), json.dumps(SUM), key(answer="3")]
    rows = frame(*({"response": text, "key": keys[n % 4]} for n, text in enumerate(responses)))
    order = data.draw(st.permutations(range(rows.height)))
    for made in (Schema(), Constraints(), Environments(), VERIFIERS["mathematics"]()):
        whole = run(made, rows, References())
        apart = pl.concat(run(made, rows[n : n + 1], References()) for n in order)
        assert whole.sort("sample_id").equals(apart.sort("sample_id"))


def test_a_library_that_is_not_installed_is_asked_for_by_name(monkeypatch):
    monkeypatch.setitem(pool._NEEDS, "mathematics", "no_such_library")
    made = VERIFIERS["mathematics"](seconds=0.7)
    score, _, failure = signal(made, response="1/2", key=key(answer="2/4"))
    assert score is None
    assert failure.startswith("InputError: no_such_library isn't installed, and verifies here. Run: pip install")
