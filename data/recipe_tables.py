"""Tables of a recipe: where rows come from, what is drafted, who reviews, what is to be proven."""

from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from outcross.data.samples import Filled, Prose, Record

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
NAME = r"^[a-z][a-z0-9_-]{0,63}$"
Name = Annotated[str, Field(pattern=NAME)]
Tool = Literal["calculate", "convert", "calendar", "python"]
Code = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
Weight = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]


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


HUMAN: Literal["human"] = "human"
Measure = Literal["words", "opening", "form"]
Weights = Annotated[dict[Filled, Weight], Field(min_length=1)]


class Drafting(Record):
    """What a model is asked for, and how."""

    count: int = Field(ge=0, le=10_000_000)
    """Drafts wanted in all; a run makes those that are not there yet."""
    examples: int = Field(default=2, ge=0, le=20)
    """Seed rows shown with each request; they become the draft's parents."""
    max_prompt: int = Field(default=4_000, ge=100)
    """Characters of a target, or of one example, beyond which it is passed over."""
    writes: tuple[Filled, ...]
    """Content fields that the model writes."""
    given: dict[str, str] = Field(default_factory=dict)
    """The other content fields, as Jinja templates over the target's fields."""
    system: Filled
    ask: Filled
    """Jinja template of a request over the content fields that the model doesn't write, and `seed`: the row that is
    drafted from, of the seed part. A request that names it doesn't show that row as an example too."""
    temperature: float = Field(default=0.7, ge=0, le=2)
    top_p: float = Field(default=0.95, gt=0, le=1)
    max_tokens: int = Field(default=200, ge=1, le=32_768)
    script: Literal["write", "pair", "talk", "trajectory"] = "write"
    """How a draft comes about: `write` is one answer with the fields that the model writes; `pair` two answers in plain
    text to one prompt; `talk` a conversation whose two sides the model plays in turn; `trajectory` calls of tools up to
    an answer."""
    exchanges: int = Field(default=2, ge=1, le=20)
    """Of a `talk`: a user's turn with the answer to it, so often."""
    tools: tuple[Tool, ...] = ()
    """What a trajectory may call."""
    max_calls: int = Field(default=4, ge=1, le=50)
    """Calls that a trajectory may make before its answer."""
    languages: dict[Code, Weight] = Field(default_factory=dict)
    """ISO 639 codes of languages with their weights: each slot has one, which templates name as `language`, in
    English, and as `language_code`."""
    stratum: str = ""
    """A draft's stratum, as a Jinja template over its row's own `stratum` and its language; the row's where empty."""
    tries: int = Field(default=2, ge=1, le=10)
    """Answers that a slot may take, each with another seed, until one makes a sample."""
    models: dict[Name, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = Field(default_factory=dict)
    """Models that draft, by the names that this machine's `models.toml` has for them, with their shares of the slots,
    whatever these add up to; the one model of the environment where empty."""
    vary: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Literal["human"] | Weights] = Field(
        default_factory=dict
    )
    """Attributes that are drawn for each draft, which templates may name as `vary.NAME`: values with their weights; or
    `human` for what people's seed rows of the stratum say of the measure of that name."""

    @model_validator(mode="after")
    def _known_measures(self) -> Self:
        measures = get_args(Measure)
        if odd := [name for name, said in self.vary.items() if said == HUMAN and name not in measures]:
            raise ValueError(
                f"people's rows say nothing of {odd[0]!r}; give values with weights, or name one of "
                f"{', '.join(measures)}"
            )
        return self

    @model_validator(mode="after")
    def _talk_shows_no_examples(self) -> Self:
        if self.script == "talk" and self.examples:
            raise ValueError("`talk` shows no examples, which would stand among the parents: set `examples = 0`")
        return self

    @property
    def voices(self) -> int:
        """How many of a slot's models its script may ask."""
        return 2 if self.script == "pair" else 1

    @model_validator(mode="after")
    def _tools_for_trajectories(self) -> Self:
        if (self.script == "trajectory") != bool(self.tools):
            raise ValueError("`tools` and the script `trajectory` go together: name tools, or take both out")
        return self


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
