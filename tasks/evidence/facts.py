"""What the evidence page shows: a manifest's fields, and what the gate found."""

from typing import Any

from pydantic import AwareDatetime, ConfigDict, Field

from outcross.data.samples import Record
from outcross.tasks.gate import Check


class ClassMass(Record):
    """What one class holds of the release."""

    klass: str
    rows: int = Field(ge=0)
    mass: float = Field(ge=0, allow_inf_nan=False)


class StratumMass(ClassMass):
    """What one class holds of one stratum."""

    stratum: str
    floor: float = Field(ge=0, le=1)
    """Least share of the stratum's mass that the class must hold."""


class Tally(Record):
    """How many rows had one reason."""

    reason: str
    rows: int = Field(ge=0)


class Outcomes(Record):
    """What the screen said of the drafts."""

    accepted: int = Field(ge=0)
    borderline: int = Field(ge=0)
    rejected: int = Field(ge=0)


class Generator(Record):
    """A model, and how many rows of the release it wrote."""

    model: str
    weights_digest: str | None = None
    model_depth: int = Field(ge=0)
    rows: int = Field(ge=0)


class Evidence(Record):
    """What the page shows: a manifest's fields, others ignored, and the gate's checks."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    version: int
    created_at: AwareDatetime
    kind: str
    rows: int = Field(ge=0)
    mass: float = Field(ge=0, allow_inf_nan=False)
    by_class: tuple[ClassMass, ...]
    strata: tuple[StratumMass, ...]
    binding: tuple[str, ...] = ()
    left_out: tuple[Tally, ...] = ()
    outcomes: Outcomes | None = None
    """None where nothing was drafted."""
    reasons: tuple[Tally, ...] = ()
    generators: tuple[Generator, ...] = ()
    digests: dict[str, str | None] = Field(default_factory=dict)
    policy: dict[str, Any] = Field(default_factory=dict)
    checks: tuple[Check, ...] = ()
