"""Likelihoods and rewards: what servers give is read as it is meant, and what they don't give is never made up."""

import asyncio
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.errors import ServerUnavailable
from outcross.serving.asking import client
from outcross.serving.asking.client import Answer, Failure, ask
from outcross.serving.wires.measures import WIRES, Exchange, Passage, offered
from outcross.serving.wires.wire import Trouble
from outcross.tasks.judging.likelihood import Difficulty, Perplexity
from outcross.tasks.judging.reward import Reward
from outcross.tasks.screening.frames import Seen, frame
from tests.judges import asked, content


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "BACKOFF", 0.02)


def row(made) -> dict[str, str]:
    return frame([Seen("a" * 64, "s", made)]).to_dicts()[0]


def sent(endpoint, wire: str, *questions: Passage | Exchange) -> list[Answer | Failure]:
    async def collect() -> list[Answer | Failure]:
        return [outcome async for outcome in ask(endpoint, questions, WIRES[wire])]

    return asyncio.run(collect())


def tokens(*logprobs: float, words: str = "response") -> str:
    return json.dumps([["<s>", None], *([f"{words} {n}", logprob] for n, logprob in enumerate(logprobs))])


@pytest.mark.parametrize(
    ("offers", "likelihood", "reward"),
    [
        (["prompt_logprobs"], "prompt_logprobs", ""),
        (["echo", "prompt_logprobs"], "prompt_logprobs", ""),
        (["echo", "pooling"], "echo", "pooling"),
        (["classify", "pooling"], "", "classify"),
        (["completions", "sentiment"], "", ""),
        (["chat"], "", ""),
    ],
)
def test_what_a_server_offers_is_found_out_by_asking_once(tmp_path, offers, likelihood, reward):
    with asked(tmp_path, *offers) as (endpoint, server):
        for _ in range(2):
            assert offered(endpoint, "likelihood") == likelihood
            assert offered(endpoint, "reward") == reward
            assert offered(endpoint, "chat") == ("chat" if "chat" in offers else "")
        assert len(server.served()) == len(set(server.served())) <= 4


@pytest.mark.parametrize("status", [401, 429, 503])
def test_a_server_that_is_busy_or_wants_another_key_has_not_said_what_it_offers(tmp_path, status):
    with (
        asked(tmp_path, "echo", faults=[f"{status}:1:always"]) as (endpoint, _),
        pytest.raises(ServerUnavailable, match=f"status {status}"),
    ):
        offered(endpoint, "likelihood")


@pytest.mark.parametrize("status", [500, 503, "garbage"])
def test_a_passing_error_hides_nothing_that_a_server_offers(tmp_path, status):
    with asked(tmp_path, "echo", faults=[f"{status}:1"]) as (endpoint, _):
        assert offered(endpoint, "likelihood") == "echo"


def test_a_server_that_breaks_at_a_question_offers_no_answer_to_it(tmp_path):
    with asked(tmp_path, "echo", faults=["500:1:always"]) as (endpoint, _):
        assert offered(endpoint, "likelihood") == ""


def test_a_server_that_is_gone_has_not_said_what_it_offers(tmp_path):
    with asked(tmp_path, "echo") as (endpoint, server):
        server.kill()
        with pytest.raises(ServerUnavailable, match="connection failed"):
            offered(endpoint, "likelihood")


def test_both_forms_of_log_probabilities_read_alike(tmp_path):
    passage = Passage(key="k", text="one two two three")
    read = []
    for wire in ("prompt_logprobs", "echo"):
        with asked(tmp_path, wire) as (endpoint, _):
            (answer,) = sent(endpoint, wire, passage)
        assert (answer.tokens_in, answer.tokens_out) == (4, 1)
        read.append(json.loads(answer.text))
    assert read[0][1:] == read[1][1:]
    assert [word for word, _ in read[0]][1:] == [" two", " two", " three"]
    assert read[0][0][1] is None
    assert read[0][2][1] == pytest.approx(read[0][1][1] / 2, abs=1e-4)


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        # llama.cpp gives the log-probability of what it wrote, however it is asked for the prompt's.
        (
            "echo",
            {"choices": [{"logprobs": {"content": [{"token": "a", "logprob": -1}]}}], "usage": {"prompt_tokens": 7}},
        ),
        ("echo", {"choices": [{"logprobs": {"tokens": ["a"], "token_logprobs": [-1]}}], "usage": {"prompt_tokens": 7}}),
        ("echo", {"choices": [{"logprobs": None}], "usage": {"prompt_tokens": 7}}),
        ("echo", {"choices": [{"logprobs": {"tokens": ["a", "b"], "token_logprobs": [None, -1]}}]}),
        ("prompt_logprobs", {"choices": [{"prompt_logprobs": None}], "usage": {"prompt_tokens": 7}}),
        ("prompt_logprobs", {"choices": [{"prompt_logprobs": [None, None]}], "usage": {"prompt_tokens": 7}}),
        ("prompt_logprobs", {"choices": [{"prompt_logprobs": [None, {}]}], "usage": {"prompt_tokens": 7}}),
        ("prompt_logprobs", {"choices": [], "usage": {"prompt_tokens": 7}}),
        ("classify", {"data": [{"probs": [0.4, 0.6]}]}),
        ("classify", {"data": []}),
        ("pooling", {"data": [{"data": [[0.1], [0.2]]}]}),
        ("pooling", {"data": [{"data": "AAAA"}]}),
    ],
)
def test_what_is_no_measurement_is_a_final_trouble(wire, body):
    with pytest.raises(Trouble) as trouble:
        WIRES[wire].read(json.dumps(body).encode())
    assert trouble.value.final


@pytest.mark.parametrize("wire", ["echo", "prompt_logprobs", "classify", "pooling"])
@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"data": [{"probs": [NaN'])
def test_bytes_that_are_no_json_are_worth_another_attempt(wire, body):
    with pytest.raises(Trouble) as trouble:
        WIRES[wire].read(body)
    assert not trouble.value.final


def test_numbers_that_are_none_are_refused():
    with pytest.raises(Trouble):
        WIRES["classify"].read(b'{"data": [{"probs": [NaN]}]}')
    with pytest.raises(Trouble):
        WIRES["pooling"].read(b'{"data": [{"data": [Infinity]}]}')


def test_perplexity_is_the_geometric_mean_of_the_tokens_probabilities():
    said = Perplexity().settle("text", [tokens(*[math.log(0.5)] * 6)])
    assert said.score == pytest.approx(0.5)
    assert said.reason == "perplexity 2 over 6 tokens"


def test_difficulty_is_the_share_of_the_loss_that_the_prompt_leaves():
    whole = json.dumps([["<s>", None], ["Add", -3.0], ["\n\n", -9.0], *json.loads(tokens(*[-1.0] * 5))[1:]])
    said = Difficulty().settle("instruction", [whole, tokens(*[-4.0] * 5)])
    assert said.score == pytest.approx(0.75)
    assert said.reason == "ratio 0.25: loss 1 after the prompt, 4 alone, over 5 tokens"


def test_tokens_that_are_cut_otherwise_after_a_prompt_are_left_out_of_both_losses():
    whole = json.dumps([["Add", None], ["\n\nIt", -50.0], *([f"w{n}", -1.0] for n in range(5))])
    alone = json.dumps([["It", None], *([f"w{n}", -2.0] for n in range(5))])
    assert Difficulty().settle("instruction", [whole, alone]).score == pytest.approx(0.5)


def test_a_prompt_that_makes_its_response_less_likely_scores_nothing_and_keeps_its_ratio():
    said = Difficulty().settle("instruction", [tokens(*[-6.0] * 5), tokens(*[-4.0] * 5)])
    assert said == (0.0, "ratio 1.5: loss 6 after the prompt, 4 alone, over 5 tokens")


@pytest.mark.parametrize("made", [Difficulty(), Perplexity()])
def test_a_few_tokens_say_nothing(made):
    assert made.settle("text", [tokens(-1.0, -1.0)] * 2) == "too short to tell: 2 tokens"


def test_a_response_that_is_certain_by_itself_has_no_difficulty():
    assert "certain" in Difficulty().settle("text", [tokens(*[-0.0] * 9)] * 2)


LOGPROB = st.floats(-1e4, 0)


@given(st.lists(st.tuples(LOGPROB, LOGPROB), min_size=5, max_size=30))
def test_scores_stay_between_0_and_1_and_fall_with_the_losses(pairs):
    whole, alone = (tokens(*column) for column in zip(*pairs, strict=True))
    for made, answers in ((Difficulty(), [whole, alone]), (Perplexity(), [alone])):
        said = made.settle("text", answers)
        assert isinstance(said, str) or 0 <= said.score <= 1


def test_a_text_has_no_prompt_to_follow_or_to_reward():
    text = row(content("text"))
    assert Difficulty().questions(text) == "no prompt to follow"
    assert Reward().questions(text) == "no prompt to reward an answer to"
    assert len(Perplexity().questions(text)) == 1


def test_a_reward_is_the_models_own_number_and_of_a_pair_the_margin(tmp_path):
    pair, single = row(content("preference")), row(content())
    for wire in ("classify", "pooling"):
        with asked(tmp_path, wire) as (endpoint, _):
            asks = [*Reward().questions(pair), *Reward().questions(single)]
            answers = {}
            for place, question in enumerate(asks):
                (answer,) = sent(endpoint, wire, question)
                answers[place] = answer.text
        # Five and seven different words; the stand-in gives a tenth of them, less one.
        assert (
            Reward().settle("preference", [answers[0], answers[1]]).reason == "margin -0.2: -0.5 for the chosen, -0.3"
        )
        assert Reward().settle("preference", [answers[0], answers[1]]).score == pytest.approx(1 / (1 + math.exp(0.2)))
        assert Reward().settle("instruction", [answers[2]]).reason == "reward -0.5"


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_swapping_a_pair_turns_its_probability_round(chosen, rejected):
    there = Reward().settle("preference", [json.dumps(chosen), json.dumps(rejected)])
    back = Reward().settle("preference", [json.dumps(rejected), json.dumps(chosen)])
    assert there.score + back.score == pytest.approx(1)
