"""What passes through the review queue: items in, claims and rulings between, decisions out."""

from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from outcross.data.samples import (
    MAX_TEXT,
    Content,
    Digest,
    Filled,
    Instruction,
    Origin,
    Prose,
    Record,
    Sample,
    Text,
    canonical,
    digest,
)

Source = Literal["border", "audit", "gold", "overlap", "explore", "reject_audit"]
"""Why an item was drawn; no reviewer ever learns it."""

Verdict = Literal["approve", "edit", "reject"]
Reason = Literal["inaccurate", "not_following", "unsafe", "style", "incomplete", "duplicate", "other"]
SkipReason = Literal["conflict_of_interest", "cannot_judge", "broken_item", "unsafe"]
Role = Literal["reviewer", "adjudicator", "manager"]

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

    @property
    def editable(self) -> str | None:
        """The text that a reviewer may put right; None for kinds that can only be approved or rejected."""
        match self.content:
            case Instruction(response=text) | Text(text=text):
                return text
        return None


class Item(Record):
    """A sample that waits for an expert, and why."""

    shown: Shown
    sample_id: Digest
    recipe: Filled
    lineage_seed: Filled
    """Samples that grew from one seed share it; an audit draws whole seeds."""
    author_kind: Literal["model", "human"]
    author_id: Filled
    """Who is never asked to review it."""
    source: Source
    incl_prob: float = Field(gt=0, le=1, allow_inf_nan=False)
    """Probability that the item was drawn, in (0, 1]; estimates weight by its inverse."""
    prio: float = Field(default=0.0, allow_inf_nan=False)
    """Higher comes first; among equals, the older."""
    need: int = Field(default=1, ge=1, le=9)
    """Reviewers who must decide it."""

    @classmethod
    def of(
        cls, sample: Sample, *, recipe: str, source: Source, incl_prob: float, prio: float = 0.0, need: int = 1
    ) -> Self:
        """An item for `sample`, its author and seed read from the provenance."""
        provenance = sample.provenance
        person = provenance.editor or provenance.attestation
        return cls(
            shown=Shown.of(sample),
            sample_id=sample.sample_id,
            recipe=recipe,
            lineage_seed=provenance.parents[0].sample_id if provenance.parents else sample.sample_id,
            author_kind="model" if person is None else "human",
            author_id=person or (provenance.generation.model if provenance.generation else "unknown"),
            source=source,
            incl_prob=incl_prob,
            prio=prio,
            need=need,
        )

    @cached_property
    def payload(self) -> str:
        """What is shown, as canonical JSON."""
        return canonical(self.shown.model_dump(mode="json"))

    @cached_property
    def payload_hash(self) -> str:
        """Digest of what is shown."""
        return digest(self.shown.model_dump(mode="json"))


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
    shown: Shown
    shown_hash: Digest
    taken: float
    expires: float
    """Seconds since the epoch, like every time here."""
    seconds: float
    """What was left of the lease when the claim was read."""
    draft: Draft | None


class Ruling(Record):
    """What a reviewer decided, as the page sends it."""

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    note: Annotated[Prose, Field(max_length=2_000)] = ""
    edit: Filled | None = None
    """The whole corrected text, for the verdict `edit` alone."""
    shown_hash: Digest
    """The claim's own, as proof of what was on the screen."""
    idem: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
    """Chosen by the page, once per item shown: the same ruling sent twice counts once."""
    active_ms: int = Field(default=0, ge=0, le=86_400_000)

    @model_validator(mode="after")
    def _verdict_has_what_it_needs(self) -> Self:
        if (self.verdict == "edit") != (self.edit is not None):
            raise ValueError("the corrected text belongs to the verdict edit, and to no other")
        if (self.verdict == "reject") != bool(self.reasons):
            raise ValueError("a rejection needs a reason, and nothing else has one")
        if "other" in self.reasons and not self.note.strip():
            raise ValueError("the reason other needs a few words: say what is wrong")
        return self


class DecisionRow(Record):
    """A ruling as it was recorded, never changed.

    It names why the item was drawn, so it is for flows and never for the page.
    """

    decision_id: str
    seq: int
    """Grows in the order of commits, so that reading after the last one seen misses none."""
    item: str
    kind: str
    sample_id: Digest
    recipe: str
    lineage_seed: str
    author_id: str
    source: Source
    incl_prob: float
    reviewer: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    note: str
    edit: str | None
    shown_hash: Digest
    active_ms: int
    wall_ms: int
    supersedes: int | None
    at: float


class Counts(Record):
    """How the queue stands."""

    waiting: int
    """Items with a decision still to be claimed."""
    claimed: int
    skipped: int
    """Waiting items that somebody skipped."""
    decided: dict[Verdict, int]
    """Decisions by verdict, all three named."""
