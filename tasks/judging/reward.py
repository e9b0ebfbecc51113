"""Reward: what a reward model gives for an answer, or by how much it likes the chosen one better."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from outcross.data.samples import digest
from outcross.errors import RecipeError
from outcross.serving.chats import Message
from outcross.serving.wires.measures import Exchange, Need
from outcross.tasks.judging.appointment import Row, Verdict
from outcross.tasks.judging.likelihood import GAP
from outcross.tasks.judging.marked import disarmed
from outcross.validators.rule import INFORMS, Rule


@dataclass(frozen=True, kw_only=True)
class Reward:
    """A reward model's own number, put onto 0…1 by the logistic function.

    Of a pair the score is the probability that the chosen answer wins, by the model of Bradley and Terry that most
    reward models are trained under: the logistic function of the margin. A single reward has no zero that means
    anything, so it orders samples under one model and says no more.
    """

    name: ClassVar[str] = "reward"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = INFORMS
    needs: ClassVar[Need] = "reward"

    longest: int = 20_000

    def __post_init__(self) -> None:
        if self.longest < 1:
            raise RecipeError(f"[screen.reward] needs a longest of 1 or more, not {self.longest}.")

    def prompt_digest(self, kind: str) -> str:
        """A user's turn with prompt and context, and an assistant's with the response."""
        return digest([kind, "prompt", "context", GAP, "response"])

    def questions(self, sample: Row) -> Sequence[Exchange] | str:
        """The answer as an assistant's turn, and a pair's other one."""
        if not sample["prompt"]:
            return "no prompt to reward an answer to"
        asked = GAP.join(filter(None, (sample["prompt"], sample["context"])))
        answers = [sample["response"], sample["other"]] if sample["kind"] == "preference" else [sample["response"]]
        return [
            Exchange(
                key="",
                messages=(
                    Message(role="user", content=disarmed(asked)),
                    Message(role="assistant", content=disarmed(answer)),
                ),
            )
            for answer in answers
        ]

    def settle(self, kind: str, answers: Sequence[str]) -> Verdict | str:
        """The logistic function of the reward, or of the margin."""
        rewards = [float(json.loads(answer)) for answer in answers]
        if kind != "preference":
            return Verdict(_logistic(rewards[0]), f"reward {rewards[0]:.3g}")
        margin = rewards[0] - rewards[1]
        return Verdict(_logistic(margin), f"margin {margin:.3g}: {rewards[0]:.3g} for the chosen, {rewards[1]:.3g}")


def _logistic(x: float) -> float:
    return 0.5 * (1.0 + math.tanh(0.5 * x))
