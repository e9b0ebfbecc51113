"""Tables of a recipe: where rows come from, what is drafted, who reviews, what is to be proven."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from outcross.data.samples import Filled, Prose, Record

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
NAME = r"^[a-z][a-z0-9_-]{0,63}$"
Name = Annotated[str, Field(pattern=NAME)]


class Source(Record):
    """Where people's rows come from, and whose word it is that people wrote them."""

    reader: Literal["stdlib", "jsonl", "champ"]
    path: Path | None = None
    """The file, for the reader `jsonl`."""
    licence: str = ""
    attestation: str = ""
    fields: dict[str, str] = Field(default_factory=dict)
    """Content field → name in the file, dotted where nested; guessed where empty."""
    stratum: str | None = None
    """Name of the field that slices the rows; all are of one stratum where None."""
    document: str | None = None
    """Name of the field that says which document a row is of; each row is its own where None."""
    key: dict[str, str] = Field(default_factory=dict)
    """What verifiers go by → name in the file: `answer`, or `tests` and `entry`, `schema`, `constraints`. A name that
    ends in `####` takes what stands behind that mark."""
    seed_share: Share = 0.1
    heldout_share: Share = 0.15
    target_share: Share = 0.0
    """Of the documents, those whose tasks models answer without seeing people's answers, so that these can judge."""


class Budget(Record):
    """What drafting may take before no more is asked for; what is in flight by then is finished and kept."""

    tokens: int | None = Field(default=None, ge=1)
    """In and out, of all answers that the recipe ever got."""
    money: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """For all those tokens, in the money of the prices in `models.toml`."""
    minutes: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Of one run."""


TWO_OPINIONS = ("preference", "reasoning")
"""Kinds on which able people differ so often that one opinion says little."""


class Environment(Record):
    """Tasks that a program makes, and whose answers it can check, in the place of people's."""

    families: tuple[Filled, ...] = Field(min_length=1)
    """Families of reasoning-gym."""
    count: int = Field(ge=1, le=1_000_000)
    """Different tasks; a plan with more slots poses each again."""
    seed: int = Field(default=0, ge=0)
    stratum: Filled
    """The stratum of people's rows that the drafts count for."""


class Review(Record):
    """What experts see beside the borderline rows, how many of them see it, and what they are told."""

    audit_share: Share = 0.1
    """Of the accepted rows, those that are reviewed all the same."""
    reject_audit_share: Share = 0.02
    """Of the rejected rows, as much; those excepted that are too like others, which a reviewer can't see."""
    budget_minutes: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Experts' time that all borderline rows together may take, those worth most first; any time where None."""
    explore_share: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 0.05
    """Of the borderline rows, those that are reviewed under such a budget whatever they are worth."""
    reviewers: int | None = Field(default=None, ge=1, le=9)
    """People who must agree on a row; two for pairs and reasoning, and one for all else, where None."""
    overlap_share: Share = 0.1
    """Of the rows that one person decides, those that a second one sees too, so that agreement can be measured."""
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[a-z]{2,8})?$")] = "en"
    """Of the rows: with their kind, the skill that `qualify` asks for."""
    qualify: bool = False
    """Whether reviewers must have passed the training items of that skill."""
    guideline: Prose = ""
    """What reviewers are told, as Markdown; or the name of a file beside the recipe, one that ends in `.md`."""
    guideline_version: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,8}\.[0-9]{1,9}$")] = "1.0"
    """Major and minor number. Another major one ends all skills earned under those before."""
    steps: Literal["first_error", "per_step"] = "first_error"
    """Whether steps after the first bad one are judged too."""
    second_look: bool = False
    """Whether what the validators said is shown to a reviewer who has decided."""

    def needed(self, kind: str) -> int:
        """How many people must decide a row of a kind, where no second opinion is drawn."""
        return self.reviewers or (2 if kind in TWO_OPINIONS else 1)


class Certification(Record):
    """What must be proven of the drafts that the screen accepts before those that nobody read may weigh anything."""

    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """The largest rate of wrong drafts among them."""
    delta: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """The risk that more are wrong although the proof holds."""
    method: Literal["any time", "exact", "batch", "learned"] = "any time"
    """`any time` may be looked at after each audit. The others wait for a number of audits that is fixed beforehand:
    `exact` bounds the rate of the process, `batch` the share among the very drafts that nobody read, and `learned`
    chooses a threshold on the probability of being right, and accepts what lies above it."""
    audits: int | None = Field(default=None, ge=1)
    """How many those wait for; as many as survive five errors where None."""
    by_stratum: bool = False
    """Whether each stratum is proven on its own, the risk shared among them."""
    sensitivity: Literal["measured"] | Annotated[float, Field(gt=0, le=1)] = 1.0
    """The least share of wrong drafts that reviewers notice: said here, or `measured` by what they made of items that
    are known to be wrong."""
    without: Literal["weigh nothing", "weigh anyway"] = "weigh nothing"
    """What drafts do that nobody read and nothing is proven of."""

    @model_validator(mode="after")
    def _one_threshold(self) -> Self:
        if self.method == "learned" and self.by_stratum:
            raise ValueError("a threshold is learned for all strata together: take `by_stratum` out, or the method")
        return self
