"""What a sample is: its kinds, its content, where it came from, and the digests that prove both."""

import hashlib
import json
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

MAX_TEXT = 200_000
"""Characters that one field may hold; longer texts are quarantined at the door."""

MAX_PARTS = 1_000
"""Steps or turns of one sample, and calls of one turn: a page of many more would stop a browser."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in lower-case hexadecimal."""


def _storable(text: str) -> str:
    """Refuse what UTF-8 stores, browsers or DuckDB would not give back unchanged."""
    if "\x00" in text:
        raise ValueError("holds a NUL byte")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"holds a lone surrogate at character {error.start}") from None
    return text


Prose = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(_storable)]
"""Any text, the empty one included."""

Filled = Annotated[Prose, Field(min_length=1, pattern=r"\S")]
"""Text with at least one visible character."""


class Record(BaseModel):
    """A closed, immutable value: unknown fields are refused, none can be set later."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Instruction(Record):
    """A task and its answer."""

    kind: Literal["instruction"] = "instruction"
    instruction: Filled
    context: Prose = ""
    """What the task is about, such as a function's source; empty where the instruction says it all."""
    response: Filled


class Preference(Record):
    """Two answers to one prompt, the better one first."""

    kind: Literal["preference"] = "preference"
    prompt: Filled
    chosen: Filled
    rejected: Filled


class Reasoning(Record):
    """A problem worked out in steps."""

    kind: Literal["reasoning"] = "reasoning"
    problem: Filled
    steps: tuple[Filled, ...] = Field(min_length=1, max_length=MAX_PARTS)
    answer: Filled
    labels: tuple[Literal[-1, 0, 1] | None, ...] = ()
    """One per step (bad, neutral, good; None after the first bad one), or none at all."""

    @model_validator(mode="after")
    def _one_label_a_step(self) -> Self:
        if self.labels and len(self.labels) != len(self.steps):
            raise ValueError(f"has {len(self.labels)} labels for {len(self.steps)} steps")
        return self


class Turn(Record):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: Filled


class Conversation(Record):
    """Several turns between people, or between a person and a model."""

    kind: Literal["conversation"] = "conversation"
    turns: tuple[Turn, ...] = Field(min_length=2, max_length=MAX_PARTS)


class ToolCall(Record):
    """A call that an assistant's turn makes."""

    call_id: Filled
    tool: Filled
    arguments: Prose
    """The arguments as the model wrote them: JSON text, kept byte for byte."""


class Action(Record):
    """One turn of a trajectory: a message, tool calls, or the result of one."""

    role: Literal["system", "user", "assistant", "tool"]
    text: Prose = ""
    calls: tuple[ToolCall, ...] = Field(default=(), max_length=MAX_PARTS)
    answers: str | None = None
    """For a tool's turn, the `call_id` that it answers."""


class Trajectory(Record):
    """Turns in which tools are called on the way to an answer."""

    kind: Literal["trajectory"] = "trajectory"
    turns: tuple[Action, ...] = Field(min_length=2, max_length=MAX_PARTS)


class Text(Record):
    """Plain text: prose, or source code."""

    kind: Literal["text"] = "text"
    text: Filled


Content = Annotated[
    Instruction | Preference | Reasoning | Conversation | Trajectory | Text, Field(discriminator="kind")
]
CONTENT: TypeAdapter[Content] = TypeAdapter(Content)
KINDS: dict[str, type[Record]] = {
    "instruction": Instruction,
    "preference": Preference,
    "reasoning": Reasoning,
    "conversation": Conversation,
    "trajectory": Trajectory,
    "text": Text,
}


def explain(error: ValidationError) -> str:
    """The first thing that is wrong, as a phrase that names the field: `response: Field required`."""
    first = error.errors()[0]
    # Before the field of a content, which may be of any kind, stands its kind.
    names = [str(name) for place, name in enumerate(first["loc"]) if place or name not in KINDS]
    return f"{'.'.join(names)[:100] or 'the record'}: {first['msg']}"


class Origin(StrEnum):
    """Who wrote a sample."""

    HUMAN = "human"
    HYBRID = "hybrid"
    """A model's draft that a person edited."""
    SYNTHETIC = "synthetic"


class Parent(Record):
    """A link to a sample that this one was made from."""

    sample_id: Digest
    provenance_digest: Digest
    """Commits to the parent's own provenance, so the links form a hash chain back to people."""


class Generation(Record):
    """How a model made a sample, apart from the seed, which the draft journal keeps.

    The seed stays out so that two requests that get the same text give one sample with one provenance,
    whichever of them is answered first.
    """

    model: Filled
    weights_digest: Digest | None
    """None where only the server knows its weights."""
    model_depth: int = Field(default=0, ge=0)
    """Model generations between people and the model's own training data; 0 if it saw none of our synthetic."""
    prompt_digest: Digest | None = None
    """Of the prompt template; None for drafts that were imported."""
    temperature: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    top_p: float | None = Field(default=None, gt=0, le=1, allow_inf_nan=False)
    max_tokens: int | None = Field(default=None, ge=1)


class Provenance(Record):
    """Who or what made a sample, from what, and how."""

    origin: Origin
    depth: int = Field(ge=0)
    """Model generations away from people; 0 for what people wrote."""
    stratum: Filled
    """The slice that the sample counts for in a mixture."""
    source: Filled
    """The document that it comes from, or stands closest to: a file of a corpus, or of the user's own."""
    licence: Filled
    """An SPDX identifier, or the licence's name."""
    attestation: str | None = None
    """Whose word it is that people wrote this; needed for human samples, None for all others."""
    parents: tuple[Parent, ...] = ()
    generation: Generation | None = None
    editor: str | None = None
    """The reviewer who edited a hybrid sample."""

    @model_validator(mode="after")
    def _label_fits_the_facts(self) -> Self:
        """An origin is a claim about the other fields; one that they contradict is refused."""
        if self.origin is Origin.HUMAN:
            fits = self.depth == 0 and not self.parents and self.generation is None and self.editor is None
            if not (fits and self.attestation and self.attestation.strip()):
                raise ValueError(
                    "origin human needs an attestation, depth 0, and no parents, model or editor: "
                    "say who attests that people wrote it, or label it synthetic"
                )
        elif self.attestation is not None:
            raise ValueError(f"origin {self.origin} can't carry an attestation of human authorship")
        elif self.origin is Origin.HYBRID:
            if not (self.parents and self.editor and self.generation is None and self.depth >= 1):
                raise ValueError("origin hybrid needs the draft as parent, the editor's name, and its draft's depth")
        elif self.generation is None or self.editor is not None or self.depth < 1:
            raise ValueError("origin synthetic needs the model that wrote it, a depth of 1 or more, and no editor")
        return self


class Sample(Record):
    """One row of training data: its content and its provenance, never changed once written."""

    content: Content
    provenance: Provenance

    @cached_property
    def sample_id(self) -> str:
        """Digest of the content and the parents' ids: the same thing is the same row anywhere."""
        parents = [parent.sample_id for parent in self.provenance.parents]
        return digest({"content": self.content.model_dump(mode="json"), "parents": parents})

    @cached_property
    def provenance_digest(self) -> str:
        """Digest of the id and all of the provenance, the parents' own provenance digests included."""
        return digest({"sample_id": self.sample_id, "provenance": self.provenance.model_dump(mode="json")})

    @property
    def as_parent(self) -> Parent:
        """The link that a sample made from this one carries."""
        return Parent(sample_id=self.sample_id, provenance_digest=self.provenance_digest)


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces: one text per value, whatever the machine or Python version.

    Raises:
        ValueError: a number is NaN or infinite, for which JSON has no text.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: object) -> str:
    """SHA-256 of a JSON value's canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(value).encode("utf-8")).hexdigest()
