"""Chats on the wire: OpenAI's chat completions."""

import math
from typing import Any

from pydantic import BaseModel, Field, ValidationError, field_validator
from typing_extensions import TypedDict  # pydantic's; it refuses the one of Python 3.11

from outcross.serving.chats import Chat
from outcross.serving.wires.wire import Said, Trouble, Wire

BROKEN_OFF = {"abort", "error"}
"""vLLM's reasons to finish for requests that it gave up, with status 200 and a part of the answer."""


MOST_TOKENS = 10_000_000
"""That one answer can have taken. A larger count is made up, and the sums of many would find no place in a store."""
LARGEST_LOGPROB = 1e6
"""Without its sign. Whatever is larger was never a probability, and a few of them have no sum."""


class Usage(BaseModel):
    """What an answer cost, as its server counts; nothing where it doesn't."""

    prompt_tokens: int = Field(default=0, ge=0, le=MOST_TOKENS)
    completion_tokens: int = Field(default=0, ge=0, le=MOST_TOKENS)


class _Said(BaseModel):
    content: str | None
    """Every server sends it, if only as null: where it lacks, the body was damaged on its way."""
    refusal: str | None = None


class _Token(TypedDict, total=False):
    """One of hundreds in an answer: a dictionary, because models are built a third more slowly."""

    logprob: float | None


class _Logprobs(BaseModel):
    content: list[_Token] | None = None


class _Choice(BaseModel):
    message: _Said
    logprobs: _Logprobs | None = None
    finish_reason: str | None = None


class _Completion(BaseModel):
    """The part of an answer's body that is used; the rest is ignored."""

    choices: list[_Choice] = Field(min_length=1)
    usage: Usage = Usage()

    @field_validator("usage", mode="before")
    @classmethod
    def _uncounted(cls, usage: object) -> object:
        return {} if usage is None else usage


def _body(model: str, chat: Chat) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": message.role, "content": message.content} for message in chat.messages],
        "temperature": chat.temperature,
        "top_p": chat.top_p,
        "max_tokens": chat.max_tokens,
        "seed": chat.seed,
        "logprobs": True,
        "top_logprobs": 1,  # llama.cpp gives none at 0
    }
    if chat.schema is not None:
        named = {"name": "answer", "strict": True, "schema": chat.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    return body


def _read(content: bytes) -> Said:
    try:
        completion = _Completion.model_validate_json(content)
    except ValidationError:
        raise Trouble("What came back isn't a chat completion in JSON.") from None
    choice = completion.choices[0]
    if choice.message.refusal is not None or choice.finish_reason == "content_filter":
        raise Trouble("The model refused to answer.", final=True)
    if choice.finish_reason in BROKEN_OFF:
        raise Trouble("The server broke the answer off.")
    return Said(
        text=choice.message.content or "",
        tokens_in=completion.usage.prompt_tokens,
        tokens_out=completion.usage.completion_tokens,
        mean_logprob=_mean_logprob(choice.logprobs),
        finish_reason=choice.finish_reason,
    )


def _mean_logprob(logprobs: _Logprobs | None) -> float | None:
    tokens = (logprobs and logprobs.content) or []
    said = (token.get("logprob") for token in tokens)
    known = [value for value in said if value is not None and abs(value) <= LARGEST_LOGPROB]
    return math.fsum(known) / len(known) if known else None


CHAT = Wire(path="/v1/chat/completions", body=_body, read=_read)
