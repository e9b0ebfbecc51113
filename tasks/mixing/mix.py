"""The mixture of a recipe: its policy, what is measured of its rows, and the weights that follow."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from pydantic import ValidationError

from outcross.data.recipe import Recipe
from outcross.data.stores.home import Home
from outcross.errors import MixtureRefused, RecipeError
from outcross.mixture.policy import Policy
from outcross.mixture.weights import COLUMNS, TILT, Mixture, weigh
from outcross.tasks.mixing.candidates import Candidates, candidates
from outcross.tasks.mixing.contraction import Contraction, measure


def policy(recipe: Recipe) -> Policy:
    """The recipe's mixture policy.

    Raises:
        RecipeError: a rule is unknown or out of range.
    """
    try:
        return Policy.model_validate(recipe.mixture)
    except ValidationError as error:
        first = error.errors()[0]
        raise RecipeError(f"recipe {recipe.name}: [mixture] `{first['loc'][0]}`: {first['msg']}.") from None


@dataclass(frozen=True, eq=False)
class Mixed:
    """A mixture with what it was solved from."""

    found: Candidates
    contraction: Contraction
    mixture: Mixture


def mix(home: Home, recipe: Recipe) -> Mixed:
    """Measure the rows that may go into a release, and weigh them by the recipe's policy.

    Raises:
        MixtureRefused: the policy can't be met with the rows at hand.
        RecipeError: the policy doesn't hold.
    """
    rules = policy(recipe)
    found = candidates(home, recipe)
    measured = measure(home, recipe, found)
    rows = weighable(found).join(measured.tilts, on="sample_id", how="left", maintain_order="left")
    mixture = weigh(rows.with_columns(pl.col(TILT).fill_null(1.0)), rules, measured.strata)
    return Mixed(found, measured, mixture)


def worth(home: Home, recipe: Recipe) -> Mapping[str, float]:
    """What one more row that a person vouches for is worth, by stratum; empty where the policy can't be met yet."""
    try:
        plan = mix(home, recipe).mixture.plan
    except MixtureRefused:
        return {}
    return dict(zip(plan.supply.strata, plan.worth.tolist(), strict=True))


def weighable(found: Candidates) -> pl.DataFrame:
    """The candidates as the mixture takes them, with the columns `COLUMNS`."""
    return pl.DataFrame(
        [
            (
                key,
                sample.provenance.stratum,
                sample.provenance.origin.value,
                key in found.reviewed,
                sample.provenance.depth,
                found.trust.get(key, 1.0) if key in found.reviewed else 1.0,
            )
            for key, sample in found.rows.items()
        ],
        schema=COLUMNS,
        orient="row",
    )
