"""Rubric: a model grades four dimensions of a sample, or compares a pair on them in both orders."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue, ValidationError

from outcross.data.samples import Record, digest, explain
from outcross.errors import RecipeError
from outcross.serving.chats import Chat
from outcross.serving.wires.measures import Need
from outcross.tasks.judging.appointment import Row, Verdict
from outcross.tasks.judging.prompts import messages, templates_digest
from outcross.validators.rule import INFORMS, Rule

DIMENSIONS = ("accuracy", "completeness", "relevance", "clarity")
BEST = 5

Grade = Annotated[int, Field(ge=1, le=BEST, strict=True)]
Better = Literal["first", "second", "tie"]


class Grades(Record):
    """What the model must answer about one sample, the rationale before what rests on it."""

    rationale: str
    accuracy: Grade
    completeness: Grade
    relevance: Grade
    clarity: Grade


class Comparison(Record):
    """What the model must answer about a pair."""

    rationale: str
    accuracy: Better
    completeness: Better
    relevance: Better
    clarity: Better


@dataclass(frozen=True, kw_only=True)
class Rubric:
    """Grade accuracy, completeness, relevance and clarity from 1 to 5, once for each seed.

    The score is the mean grade, put from 1…5 onto 0…1. Of a pair it is the probability that the chosen answer wins:
    the share of comparisons, over both orders, seeds and dimensions, that it wins, a tie counting half.

    An answer counts only as the server's structured output, so that no sample can bring its own. It can still talk a
    model into better grades, which marks and a system's message make harder and not impossible; and a model grades
    as well as it understands, which only experts' decisions on the same samples can tell.

    Source: the four dimensions of AlpaGasus (https://arxiv.org/abs/2307.08701) and its successors; both orders after
    Zheng et al. (https://arxiv.org/abs/2306.05685), who measured how much the order decides.
    """

    name: ClassVar[str] = "rubric"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = INFORMS
    needs: ClassVar[Need] = "chat"

    seeds: int = 2
    """Answers to each question; with a temperature above 0 they differ, and their spread is part of the reason."""
    temperature: float = 0.7
    max_tokens: int = 300
    longest: int = 20_000

    def __post_init__(self) -> None:
        if not (1 <= self.seeds <= 100 and 0 <= self.temperature <= 2 and self.max_tokens >= 50 and self.longest >= 1):
            raise RecipeError(
                f"[screen.rubric] needs 1 to 100 seeds, a temperature from 0 to 2, max_tokens of 50 or more and a "
                f"longest of 1 or more, not {self.seeds}, {self.temperature}, {self.max_tokens} and {self.longest}."
            )

    def prompt_digest(self, kind: str) -> str:
        """Names the templates and the form of the answer."""
        return digest([templates_digest(kind), _schema(kind)])

    def questions(self, sample: Row) -> Sequence[Chat]:
        """One chat for each order, where there are two, and seed."""
        kind, chosen, rejected = sample["kind"], sample["response"], sample["other"]
        shown: list[dict[str, str]] = [{}]
        if kind == "preference":
            shown = [{"first": chosen, "second": rejected}, {"first": rejected, "second": chosen}]
        return [
            Chat(
                key="",
                messages=messages(sample, **texts),
                schema=_schema(kind),
                temperature=self.temperature,
                max_tokens=self.max_tokens,
                seed=seed,
            )
            for texts in shown
            for seed in range(self.seeds)
        ]

    def settle(self, kind: str, answers: Sequence[str]) -> Verdict | str:
        """The mean over all answers; one that doesn't hold spoils the sample's score, and is named."""
        try:
            if kind == "preference":
                return _compared([Comparison.model_validate_json(answer) for answer in answers])
            return _graded([Grades.model_validate_json(answer) for answer in answers])
        except ValidationError as error:
            return f"an answer that doesn't hold: {explain(error)}"


def _schema(kind: str) -> dict[str, JsonValue]:
    """The form of an answer, with choices written out: every server's grammar knows them, and few know ranges."""
    choices: list[JsonValue] = ["first", "second", "tie"] if kind == "preference" else list(range(1, BEST + 1))
    properties: dict[str, JsonValue] = {"rationale": {"type": "string"}}
    return {
        "type": "object",
        "properties": properties | {name: {"enum": choices} for name in DIMENSIONS},
        "required": ["rationale", *DIMENSIONS],
        "additionalProperties": False,
    }


def _graded(grades: Sequence[Grades]) -> Verdict:
    means = {name: fmean(getattr(one, name) for one in grades) for name in DIMENSIONS}
    seeds = [fmean(getattr(one, name) for name in DIMENSIONS) for one in grades]
    spread = f"; {len(seeds)} seeds differ by {max(seeds) - min(seeds):.2g}" if len(seeds) > 1 else ""
    return Verdict((fmean(means.values()) - 1) / (BEST - 1), f"{_listed(means)} of {BEST}{spread}")


def _compared(comparisons: Sequence[Comparison]) -> Verdict:
    """The first half of the comparisons showed the chosen answer first, the second half showed it second."""
    half = len(comparisons) // 2
    won: dict[str, list[float]] = defaultdict(list)
    orders: list[float] = []
    for place, winner in ((0, "first"), (1, "second")):
        points = {"tie": 0.5, winner: 1.0}
        shown = comparisons[place * half : (place + 1) * half]
        for name in DIMENSIONS:
            won[name] += [points.get(getattr(one, name), 0.0) for one in shown]
        orders.append(fmean(points.get(getattr(one, name), 0.0) for one in shown for name in DIMENSIONS))
    means = {name: fmean(points) for name, points in won.items()}
    reason = f"the chosen answer wins {_listed(means)}; shown first {orders[0]:.2g}, shown second {orders[1]:.2g}"
    return Verdict(fmean(means.values()), reason)


def _listed(means: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {mean:.2g}" for name, mean in means.items())
