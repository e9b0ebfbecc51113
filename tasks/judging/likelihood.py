"""Likelihood: how surprising a response is to a model, by itself and after its prompt."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import ClassVar

from outcross.data.samples import digest
from outcross.errors import RecipeError
from outcross.serving.wires.measures import Need, Passage
from outcross.tasks.judging.appointment import Row, Verdict
from outcross.validators.rule import INFORMS, Rule

GAP = "\n\n"
"""Between prompt, context and response. No chat template stands around them: servers put none around a completion."""

Tokens = Sequence[tuple[str, float | None]]


@dataclass(frozen=True, kw_only=True)
class _Likelihood:
    """What both ask for: tokens' probabilities, of texts neither too long nor too short."""

    name: ClassVar[str]
    rule: ClassVar[Rule] = INFORMS
    needs: ClassVar[Need] = "likelihood"

    longest: int = 20_000
    fewest_tokens: int = 5
    """A mean over fewer says little."""

    def __post_init__(self) -> None:
        if self.longest < 1 or self.fewest_tokens < 1:
            raise RecipeError(
                f"[screen.{self.name}] needs a longest and fewest_tokens of 1 or more, not {self.longest} and "
                f"{self.fewest_tokens}."
            )


@dataclass(frozen=True, kw_only=True)
class Perplexity(_Likelihood):
    """How likely a response is by itself: the geometric mean of its tokens' probabilities, 1 / perplexity.

    Low for gibberish, and as well for what is rare and true; high for what repeats itself. It compares samples under
    one model only, as tokens differ between models.
    """

    name: ClassVar[str] = "perplexity"
    version: ClassVar[int] = 1

    def prompt_digest(self, kind: str) -> str:
        """The response stands alone."""
        return digest([kind, "response"])

    def questions(self, sample: Row) -> Sequence[Passage]:
        """The response."""
        return [Passage(key="", text=sample["response"])]

    def settle(self, kind: str, answers: Sequence[str]) -> Verdict | str:  # noqa: ARG002  # all kinds read alike
        """exp(−loss), the loss in nats a token."""
        tokens = [logprob for _, logprob in json.loads(answers[0]) if logprob is not None]
        if len(tokens) < self.fewest_tokens:
            return f"too short to tell: {len(tokens)} tokens"
        loss = -fmean(tokens)
        return Verdict(math.exp(-max(loss, 0.0)), f"perplexity {math.exp(min(loss, 99)):.4g} over {len(tokens)} tokens")


@dataclass(frozen=True, kw_only=True)
class Difficulty(_Likelihood):
    """Instruction-following difficulty, loss(response | prompt) / loss(response); the score is 1 minus it, or 0.

    Near 1 the prompt says nearly all that the response does, which makes it easy; at 0 the prompt doesn't help at all
    (a ratio of 1 or more), so that the response likely belongs to another. Those who select with it keep ratios
    somewhat under 1: neither end is good as such, which is why this only informs.

    Both losses are means over the same tokens, in nats: the last ones that both texts share, which leaves out a first
    one that follows nothing or is cut otherwise after the prompt.

    Source: Li et al., "From Quantity to Quality" (https://arxiv.org/abs/2308.12032).
    """

    name: ClassVar[str] = "difficulty"
    version: ClassVar[int] = 1

    def prompt_digest(self, kind: str) -> str:
        """Prompt, context and response with gaps between."""
        return digest([kind, "prompt", "context", "response", GAP])

    def questions(self, sample: Row) -> Sequence[Passage] | str:
        """The whole, and the response by itself; `Perplexity` asks the latter too, and it is paid for once."""
        if not sample["prompt"]:
            return "no prompt to follow"
        whole = GAP.join(filter(None, (sample["prompt"], sample["context"], sample["response"])))
        return [Passage(key="", text=whole), Passage(key="", text=sample["response"])]

    def settle(self, kind: str, answers: Sequence[str]) -> Verdict | str:  # noqa: ARG002  # all kinds read alike
        """One minus the ratio of the two losses."""
        tokens = _shared(json.loads(answers[0]), json.loads(answers[1]))
        if len(tokens) < self.fewest_tokens:
            return f"too short to tell: {len(tokens)} tokens"
        after = -fmean(logprob for logprob, _ in tokens)
        alone = -fmean(logprob for _, logprob in tokens)
        if alone <= 0:
            return "the response alone is certain to the model, so that nothing can make it likelier"
        ratio = after / alone
        reason = f"ratio {ratio:.3g}: loss {after:.3g} after the prompt, {alone:.3g} alone, over {len(tokens)} tokens"
        return Verdict(min(max(1 - ratio, 0.0), 1.0), reason)


def _shared(whole: Tokens, alone: Tokens) -> list[tuple[float, float]]:
    """The log-probabilities, in both, of the longest run of tokens that both end with."""
    shared: list[tuple[float, float]] = []
    for (one, first), (other, second) in zip(reversed(whole), reversed(alone), strict=False):
        if one != other or first is None or second is None:
            break
        shared.append((first, second))
    return shared
