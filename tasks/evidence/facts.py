"""What the evidence page shows: a manifest's fields, and what the gate found."""

from typing import Any

from pydantic import AwareDatetime, ConfigDict, Field

from outcross.data.samples import Record
from outcross.mixture.effect.outcome import Effect
from outcross.mixture.monitor.alarms import Watch
from outcross.mixture.supply import SLACK
from outcross.tasks.certifying.summary import Promise
from outcross.tasks.gate import Check


class ClassMass(Record):
    """What one class holds of the release."""

    klass: str
    rows: int = Field(ge=0)
    mass: float = Field(ge=0, allow_inf_nan=False)
    least: float | None = None
    """The smallest weight of its rows, and the largest; None where nothing says."""
    most: float | None = None


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


class Demand(Record):
    """What the policy asks of one stratum."""

    stratum: str
    share: float = Field(ge=0, le=1 + SLACK)
    """Of the release's mass."""
    kappa: float | None
    """The lower bound that the floor rests on; None where too little is there to measure."""
    floor: float = Field(ge=0, le=1)
    """Least share of the stratum that people's words hold."""
    human: float = Field(ge=0, le=1 + SLACK)
    """The share that they do hold, what experts put into hybrid rows included."""
    price: float
    """Rows by which the largest possible release grows with one more human row here; below 0 where such a row would
    ask for more of what other strata lack."""


class Planned(Record):
    """What the solver found."""

    largest: float
    """The largest release, in rows of mass, that the rules allow."""
    risk: float
    """Predicted squared error, in variances of one row; it ranks mixtures and forecasts nothing."""
    human_risk: float
    """The same of the human rows alone."""
    strata: tuple[Demand, ...]


class Kept(Record):
    """How much of the rare words is left; see `outcross.mixture.text.contraction`."""

    kappa: float | None
    low: float | None
    high: float | None
    rows: int


class GateKept(Kept):
    """What one validator leaves, of drafts or of people's rows."""

    validator: str
    origin: str
    judged: int
    flagged: bool


class ModelKept(Kept):
    """What one model's drafts hold of people's rare words."""

    model: str


class Contraction(Record):
    """What generators and gates leave of people's variety."""

    gates: tuple[GateKept, ...]
    generators: tuple[ModelKept, ...]
    warnings: tuple[str, ...]


class Audits(Record):
    """What audits prove of the drafts that no person saw."""

    audited: int
    faults: int
    bound: float = Field(ge=0, le=1)
    """Upper 95 % bound of the share with a fault; 1 without audits."""


class Depth(Record):
    """Rows of one origin at one depth."""

    depth: int
    origin: str
    rows: int
    mass: float


class Lineage(Record):
    """What stands behind the rows."""

    by_depth: tuple[Depth, ...]
    people_behind: int
    models_behind: int
    traced: int
    """Rows that aren't people's and whose ancestors are known."""
    brought_in: int
    """Those that came from elsewhere with none."""
    editors: int


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
    plan: Planned | None = None
    """None of releases from before the policy was solved; so are the others."""
    contraction: Contraction | None = None
    watch: Watch | None = None
    audits: Audits | None = None
    certificates: tuple[Promise, ...] = ()
    lineage: Lineage | None = None
    effect: Effect | None = None
    """Of the newest earlier version that was measured; None where none was."""
