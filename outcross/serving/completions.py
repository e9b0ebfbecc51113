"""Chats on the wire: OpenAI's chat completions."""

import math
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from outcross.serving.chats import Chat
from outcross.serving.wire import Said, Trouble, Wire


class Usage(BaseModel):
    """What an answer cost, as its server counts; nothing where it doesn't."""

    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)


class _Said(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Token(BaseModel):
    logprob: float | None = None


class _Logprobs(BaseModel):
    content: list[_Token] | None = None


class _Choice(BaseModel):
    message: _Said
    logprobs: _Logprobs | None = None
    finish_reason: str | None = None


class _Completion(BaseModel):
    """The part of an answer's body that is used; the rest is ignored."""

    choices: list[_Choice] = Field(min_length=1)
    usage: Usage | None = None


def _body(model: str, chat: Chat) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": model,
        "messages": [message.model_dump() for message in chat.messages],
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
    tokens = [] if choice.logprobs is None else choice.logprobs.content or []
    logprobs = [token.logprob for token in tokens if token.logprob is not None and math.isfinite(token.logprob)]
    usage = completion.usage or Usage()
    return Said(
        text=choice.message.content or "",
        tokens_in=usage.prompt_tokens,
        tokens_out=usage.completion_tokens,
        mean_logprob=math.fsum(logprobs) / len(logprobs) if logprobs else None,
        finish_reason=choice.finish_reason,
    )


CHAT = Wire(path="/v1/chat/completions", body=_body, read=_read)
