"""What passes through the review queue: items in, and claims as leases on them."""

from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field

from outcross.data.review.answers import Answer
from outcross.data.samples import (
    MAX_TEXT,
    Content,
    Conversation,
    Digest,
    Filled,
    Instruction,
    Origin,
    Preference,
    Prose,
    Reasoning,
    Record,
    Sample,
    Text,
    Trajectory,
    canonical,
    digest,
)

Source = Literal["border", "audit", "gold", "overlap", "explore", "reject_audit"]
"""Why an item was drawn; no reviewer ever learns it."""

SkipReason = Literal["conflict_of_interest", "cannot_judge", "broken_item", "unsafe"]
Role = Literal["reviewer", "adjudicator", "manager"]
Desk = Literal["review", "training", "adjudication"]
"""Where an item is answered: for the data, for practice with feedback, or to settle what others split on."""

MAX_DRAFT = 2 * MAX_TEXT
"""Characters that an unsubmitted draft may hold."""


class Shown(Record):
    """All that a reviewer may see of a sample.

    The type is closed, so that a model's name, a score, a priority or the reason why an item was drawn
    can't reach the page by accident.
    """

    content: Content
    origin: Origin
    document: Filled
    licence: Filled
    parents: int = Field(ge=0)
    stratum: Filled

    @classmethod
    def of(cls, sample: Sample) -> Self:
        """What may be seen of `sample`."""
        provenance = sample.provenance
        return cls(
            content=sample.content,
            origin=provenance.origin,
            document=provenance.source,
            licence=provenance.licence,
            parents=len(provenance.parents),
            stratum=provenance.stratum,
        )


class Item(Record):
    """A sample that waits for an expert, and why."""

    shown: Shown
    sample_id: Digest
    recipe: Filled
    lineage_seed: Filled
    """Samples that grew from one seed share it. Audits draw samples one by one all the same: see `routing.drawn`."""
    author_kind: Literal["model", "human"]
    author_id: Filled
    """Who is never asked to review it."""
    source: Source
    incl_prob: float = Field(gt=0, le=1, allow_inf_nan=False)
    """Probability that the item was drawn, in (0, 1]; estimates weight by its inverse."""
    prio: float = Field(default=0.0, allow_inf_nan=False)
    """Higher comes first, and more so the longer it has waited; among equals, the older."""
    need: int = Field(default=1, ge=1, le=9)
    """Reviewers who must decide it."""
    skill: Annotated[str, Field(pattern=r"^[a-z]+:[a-z-]+$")] | None = None
    """`kind:language` that a reviewer must have qualified for; None where anybody may."""
    score: float | None = Field(default=None, ge=0, le=1)
    """How probable it is that the sample is right, or else the weakest validator's score; None where nobody knows."""
    hint: str | None = None
    """JSON that a reviewer may see once they have decided; None where the recipe shows nothing."""

    @classmethod
    def of(cls, sample: Sample, *, recipe: str, source: Source, incl_prob: float, **more: object) -> Self:
        """An item for `sample`, its author and seed read from the provenance; `more` are other fields."""
        provenance = sample.provenance
        person = provenance.editor or provenance.attestation
        facts = {
            "shown": Shown.of(sample),
            "sample_id": sample.sample_id,
            "recipe": recipe,
            "lineage_seed": provenance.parents[0].sample_id if provenance.parents else sample.sample_id,
            "author_kind": "model" if person is None else "human",
            "author_id": person or (provenance.generation.model if provenance.generation else "unknown"),
            "source": source,
            "incl_prob": incl_prob,
        }
        return cls.model_validate(facts | more)

    @cached_property
    def payload(self) -> str:
        """What is shown, as canonical JSON."""
        return canonical(self.shown.model_dump(mode="json"))

    @cached_property
    def payload_hash(self) -> str:
        """Digest of what is shown."""
        return digest(self.shown.model_dump(mode="json"))


class Policy(Record):
    """A recipe's rules for its reviewers."""

    major: int = Field(default=1, ge=1)
    """A qualification holds for one major version."""
    minor: int = Field(default=0, ge=0)
    guideline: Prose = ""
    """What reviewers are told, as Markdown."""
    steps: Literal["first_error", "per_step"] = "first_error"
    """Whether steps after the first bad one are judged too."""

    @property
    def version(self) -> str:
        """As it stands beside each decision."""
        return f"{self.major}.{self.minor}"


class Draft(Record):
    """What a reviewer typed and hasn't submitted; the page alone knows what the text means."""

    rev: int = Field(ge=0)
    """Grows with each save, so that a save which arrives late doesn't undo a later one."""
    body: Annotated[Prose, Field(max_length=MAX_DRAFT)]


class Claim(Record):
    """A lease on one item for one reviewer."""

    token: str
    item: str
    recipe: str
    stage: Desk
    shown: Shown
    swapped: bool
    """Whether a pair stands with its second answer first."""
    shown_hash: Digest
    taken: float
    expires: float
    """Seconds since the epoch, like every time here."""
    seconds: float
    """What was left of the lease when the claim was read."""
    draft: Draft | None
    policy: Policy
    rivals: tuple[Answer, ...] = ()
    """In adjudication, what the reviewers said, in the order of the screen."""
    before: Answer | None = None
    """What this reviewer had decided, where it is being taken back or revised."""
    revises: bool = False
    """That decision stands, so the next ruling has to say that it supersedes it."""

    @property
    def units(self) -> tuple[str | None, ...]:
        """The texts that may be put right, in their order on the screen; None for a turn that isn't the assistant's."""
        match self.shown.content:
            case Instruction(response=text) | Text(text=text):
                return (text,)
            case Preference(chosen=one, rejected=other):
                return (other, one) if self.swapped else (one, other)
            case Reasoning(steps=steps):
                return steps
            case Conversation(turns=turns):
                return tuple(turn.text if turn.role == "assistant" else None for turn in turns)
            case Trajectory(turns=acts):
                return tuple(act.text if act.role == "assistant" else None for act in acts)


class Counts(Record):
    """How the queue stands."""

    waiting: int
    """Items with a decision still to be claimed."""
    claimed: int
    skipped: int
    """Waiting items that somebody skipped."""
    split: int
    """Items that reviewers differ on and nobody has settled."""
    decided: dict[str, int]
    """Decisions that stand, by verdict; those on gold and in training are left out."""
