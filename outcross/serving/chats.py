"""What a model is asked, and what comes back: an answer, or the reason why there is none."""

from typing import Literal

from pydantic import Field, JsonValue
from pydantic.dataclasses import dataclass

from outcross.data.samples import Record

RAW_CHARACTERS = 2_000
"""Of what came back, this much is kept with a failure."""


class Message(Record):
    """One turn of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, kw_only=True)
class Chat:
    """One question to a model, with all that decides its answer."""

    key: str
    """The caller's name for it; comes back with the answer."""
    messages: tuple[Message, ...] = Field(min_length=1)
    schema: dict[str, JsonValue] | None = None
    """A JSON schema that the server holds the answer to; the model doesn't see it, so the prompt must tell it too."""
    temperature: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(ge=1)
    seed: int = Field(ge=0, lt=2**31)


class Answer(Record):
    """What the model said. It may be cut off (`finish_reason` is then "length"), empty, or nonsense."""

    key: str
    text: str
    tokens_in: int = Field(ge=0)
    """Of the prompt; 0 where the server doesn't count."""
    tokens_out: int = Field(ge=0)
    mean_logprob: float | None
    """Nats a token, before temperature and schema have their say; None where the server gives none."""
    finish_reason: str | None
    seconds: float = Field(ge=0)
    """From sending the request that was answered to its last byte; earlier attempts and waits aren't in it."""
    attempts: int = Field(ge=1)


class Failure(Record):
    """Why there is no answer."""

    key: str
    reason: str
    attempts: int = Field(ge=1)
    final: bool
    """Asking the same again would fail the same: the server or the model refused it."""
    raw: str | None = None
    """The start of what came back, at most `RAW_CHARACTERS` long; None if nothing did."""
