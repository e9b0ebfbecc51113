"""What a server can measure of a text that is there already: log-probabilities of its tokens, or a reward.

No server says what it offers, so it is asked once for something small (`offered`). What it then gives comes back as an
`Answer` whose text is JSON: a list of `[token, logprob]` in nats, null for the first, or one number.
"""

import asyncio
import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError
from pydantic.dataclasses import dataclass

from outcross.serving.asking.client import offers
from outcross.serving.chats import Chat, Message
from outcross.serving.endpoint import Endpoint
from outcross.serving.wires.completions import CHAT, Usage
from outcross.serving.wires.wire import Said, Trouble, Wire

Need = Literal["chat", "likelihood", "reward"]
DECIMALS = 4
"""Of a log-probability; a mean over tokens is then off by at most 0.00005 nats."""


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A text whose tokens' log-probabilities are asked for; the server's chat template isn't put around it."""

    key: str
    text: str = Field(min_length=1)


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Turns that end with an assistant's, whose reward is asked for."""

    key: str
    messages: tuple[Message, ...] = Field(min_length=2)


class _Entry(BaseModel):
    logprob: float
    decoded_token: str | None = None


class _Echo(BaseModel):
    tokens: list[str]
    token_logprobs: list[float | None]


class _Choice(BaseModel):
    prompt_logprobs: list[dict[str, _Entry] | None] | None = None
    logprobs: _Echo | None = None


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)
    usage: Usage


class _Class(BaseModel):
    probs: list[float] = Field(min_length=1, max_length=1)
    """One number: a classifier of more is no reward model."""


class _Classes(BaseModel):
    data: list[_Class] = Field(min_length=1, max_length=1)
    usage: Usage = Usage()


class _Pool(BaseModel):
    data: list[float] = Field(min_length=1, max_length=1)


class _Pools(BaseModel):
    data: list[_Pool] = Field(min_length=1, max_length=1)
    usage: Usage = Usage()


def _passage(model: str, passage: Passage) -> dict[str, Any]:
    return {"model": model, "prompt": passage.text, "max_tokens": 1, "temperature": 0.0}


def _exchange(model: str, exchange: Exchange) -> dict[str, Any]:
    # Without activation a reward is the model's own number, and differences of two of them mean something.
    messages = [message.model_dump() for message in exchange.messages]
    return {"model": model, "messages": messages, "use_activation": False}


def _prompt_logprobs(content: bytes) -> Said:
    """The extension of vLLM: by prompt token a mapping from its id, with the token itself before any likelier one."""
    completion = _parsed(_Completion, content)
    entries = completion.choices[0].prompt_logprobs or []
    firsts = [next(iter(entry.values()), None) if entry else None for entry in entries]
    return _tokens(
        [(first.decoded_token or "", first.logprob) if first else ("", None) for first in firsts], completion
    )


def _echo(content: bytes) -> Said:
    """OpenAI's `echo`: the prompt's tokens, then what was written. Servers that ignore it give the latter alone."""
    completion = _parsed(_Completion, content)
    echo = completion.choices[0].logprobs or _Echo(tokens=[], token_logprobs=[])
    pairs = list(zip(echo.tokens, echo.token_logprobs, strict=False))
    if len(pairs) < completion.usage.prompt_tokens:
        raise Trouble("The server gave no log-probabilities of the prompt.", final=True)
    return _tokens(pairs[: completion.usage.prompt_tokens], completion)


def _tokens(pairs: Sequence[tuple[str, float | None]], completion: _Completion) -> Said:
    measured = [logprob for _, logprob in pairs[1:]]
    if not measured or any(logprob is None or not math.isfinite(logprob) for logprob in measured):
        raise Trouble("The server gave no log-probabilities of the prompt.", final=True)
    rounded = [[token, None if logprob is None else round(logprob, DECIMALS)] for token, logprob in pairs]
    return _said(json.dumps(rounded, ensure_ascii=False), completion.usage)


def _classify(content: bytes) -> Said:
    classes = _parsed(_Classes, content)
    return _reward(classes.data[0].probs[0], classes.usage)


def _pooling(content: bytes) -> Said:
    pools = _parsed(_Pools, content)
    return _reward(pools.data[0].data[0], pools.usage)


def _reward(value: float, usage: Usage) -> Said:
    if not math.isfinite(value):
        raise Trouble(f"The server gave {value} for a reward.", final=True)
    return _said(json.dumps(value), usage)


def _said(text: str, usage: Usage) -> Said:
    return Said(text=text, tokens_in=usage.prompt_tokens, tokens_out=usage.completion_tokens)


B = TypeVar("B", bound=BaseModel)


def _parsed(shape: type[B], content: bytes) -> B:
    try:
        return shape.model_validate_json(content)
    except ValidationError as error:
        garbled = error.errors()[0]["type"] == "json_invalid"
        raise Trouble("What came back isn't the measurement that was asked for.", final=not garbled) from None


def _passages(read: Callable[[bytes], Said], **more: object) -> Wire[Passage]:
    return Wire(path="/v1/completions", body=lambda model, asked: _passage(model, asked) | more, read=read)


def _exchanges(path: str, read: Callable[[bytes], Said], **more: object) -> Wire[Exchange]:
    return Wire(path=path, body=lambda model, asked: _exchange(model, asked) | more, read=read)


WIRES: Mapping[str, Wire[Any]] = {
    "chat": CHAT,
    "prompt_logprobs": _passages(_prompt_logprobs, prompt_logprobs=0),
    "echo": _passages(_echo, echo=True, logprobs=1),
    "classify": _exchanges("/classify", _classify),
    "pooling": _exchanges("/pooling", _pooling, task="classify"),
}
"""By the name that a signal's digest carries: numbers got one way aren't mixed with those got another."""

_HELLO = Message(role="user", content="Count to three.")
_ANSWERED = (_HELLO, Message(role="assistant", content="One, two, three."))
_TRIALS: Mapping[Need, tuple[Chat | Passage | Exchange, tuple[str, ...]]] = {
    "chat": (Chat(key="trial", messages=(_HELLO,), max_tokens=1, seed=0), ("chat",)),
    "likelihood": (Passage(key="trial", text="One, two, three."), ("prompt_logprobs", "echo")),
    "reward": (Exchange(key="trial", messages=_ANSWERED), ("classify", "pooling")),
}


@lru_cache(maxsize=64)
def offered(endpoint: Endpoint, need: Need) -> str:
    """The first wire by which a server gives what is needed, "" where by none; it is asked once a process.

    Raises:
        ServerUnavailable: it doesn't answer, or not now.
    """
    question, names = _TRIALS[need]
    return next((name for name in names if asyncio.run(offers(endpoint, question, WIRES[name]))), "")
