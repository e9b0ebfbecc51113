"""Budgets: when a run stops asking, and the sentence that says why."""

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Self

from pydantic import ValidationError

from outcross.data.recipe_tables import Budget
from outcross.data.samples import explain
from outcross.data.stores import runs
from outcross.data.stores.home import Home
from outcross.data.stores.runs import Spent
from outcross.errors import InputError
from outcross.serving.fleet import Fleet
from outcross.tasks.drafting.telemetry import Meters

PAUSE = 0.05
"""Seconds until it is looked again whether there is enough left."""
UNKNOWN = 8
"""Slots that may be begun under a budget of tokens or money before the first is done and tells what one takes."""


@dataclass(frozen=True)
class Limits:
    """A budget whose minutes run."""

    budget: Budget
    until: float
    """On the monotonic clock of this process."""

    @classmethod
    def begin(cls, budget: Budget, **said: float | None) -> Self:
        """The limits of a run that begins now; what is said over the recipe's budget wins.

        Raises:
            InputError: a limit can't be one.
        """
        over = {name: value for name, value in said.items() if value is not None}
        try:
            whole = Budget.model_validate(budget.model_dump() | over)
        except ValidationError as error:
            raise InputError(f"this can't be a budget: {explain(error)}.") from None
        return cls(whole, math.inf if whole.minutes is None else time.monotonic() + 60 * whole.minutes)


class Purse:
    """What a run may still take. Tokens and money are those of all the recipe's answers, whichever run they came in."""

    def __init__(self, limits: Limits, meters: Meters, before: Spent, paid: float) -> None:
        self._limits, self._meters = limits, meters
        self._before, self._paid = before.tokens_in + before.tokens_out, paid

    @classmethod
    def open(cls, home: Home, recipe: str, fleet: Fleet, limits: Limits, meters: Meters) -> Self:
        """Look up what was spent before; all answers must be in the warehouse.

        Raises:
            InputError: money is limited, and nobody said what a model costs.
        """
        if limits.budget.money is not None:
            _require_prices(fleet)
        before = runs.spent(home, recipe)
        tokens = Spent(*map(sum, zip(*before.values(), strict=True))) if before else Spent(0, 0)
        return cls(limits, meters, tokens, paid(home, fleet, before))

    async def admits(self) -> bool:
        """Whether another slot may be begun; waits while those that are may take all that is left.

        Each of them is expected to take what one took so far, and few are begun before that is known, so that hundreds
        at once don't overdraw the budget by hundreds; by how much the last ones do is left to chance.
        """
        while not self.reason and self._meters.open and (self._blind or self._why(self._meters.expected)):
            await asyncio.sleep(PAUSE)
        return not self.reason

    @property
    def _blind(self) -> bool:
        """Whether enough was begun for now, of which nobody knows yet what it takes."""
        budget = self._limits.budget
        counted = budget.tokens is not None or budget.money is not None
        return counted and not self._meters.done and self._meters.open >= UNKNOWN

    @property
    def reason(self) -> str:
        """Why no more may be asked for, with what to do; empty as long as more may. Once there, it stays."""
        return self._why(1.0)

    def _why(self, times: float) -> str:
        """The reason that there is if this run takes so many times what it took."""
        budget = self._limits.budget
        if budget.tokens is not None and (tokens := self._before + times * self._meters.tokens) >= budget.tokens:
            return (
                f"The recipe's budget of {budget.tokens:,} tokens is used up: {tokens:,.0f} in all its runs. "
                "Give more in its [budget], or with --tokens."
            )
        if budget.money is not None and (money := self._paid + times * self._meters.cost) >= budget.money:
            return (
                f"The recipe's budget of {budget.money:,.2f} in money is used up: {money:,.2f} in all its runs. "
                "Give more in its [budget], or with --money."
            )
        if time.monotonic() >= self._limits.until:
            return (
                f"The {budget.minutes:g} minutes of this run are over. Run the same again to go on, or give more in "
                "the recipe's [budget], or with --minutes."
            )
        return ""


def paid(home: Home, fleet: Fleet, before: Mapping[str, Spent]) -> float:
    """What answers of before cost: at a model's price in the fleet, or at that of its last run.

    Where two models made a draft together (`a + b`), its tokens count at the mean of their prices, as in the view
    `drafting`; those of a model that never had a price count as free.
    """
    prices = {model: (terms.price_in or 0.0, terms.price_out or 0.0) for model, terms in runs.terms(home).items()}
    prices |= {one.endpoint.model: (one.price_in or 0.0, one.price_out or 0.0) for one in fleet.members}
    total = 0.0
    for model, spent in before.items():
        each = [prices.get(name, (0.0, 0.0)) for name in model.split(" + ")]
        price_in, price_out = (fmean(column) for column in zip(*each, strict=True))
        total += (spent.tokens_in * price_in + spent.tokens_out * price_out) / 1e6
    return total


def _require_prices(fleet: Fleet) -> None:
    if free := [one.endpoint.model for one in fleet.members if one.price_in is None]:
        raise InputError(
            f"a budget of money can't be kept, because nobody said what {', '.join(free)} costs. Say `price_in` and "
            "`price_out` in models.toml and name the model in the recipe's [draft.models], or limit tokens or minutes."
        )
