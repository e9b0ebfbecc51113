"""The table of a recipe that says what models are asked for."""

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from outcross.data.recipe_tables import Name
from outcross.data.samples import Filled, Record

Tool = Literal["calculate", "convert", "calendar", "python"]
Code = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
Weight = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]
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
    def _names_for_templates(self) -> Self:
        if odd := [name for name in self.vary if hasattr(dict, name)]:
            raise ValueError(f"`{{{{ vary.{odd[0]} }}}}` means something else to Jinja: give {odd[0]!r} another name")
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
