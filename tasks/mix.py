"""The mixture of a recipe: its policy, and the weights that this gives to the rows at hand."""

import polars as pl
from pydantic import ValidationError

from outcross.data.recipe import Recipe
from outcross.errors import RecipeError
from outcross.mixture.policy import Policy
from outcross.mixture.weights import COLUMNS, Mixture, weigh
from outcross.tasks.candidates import Candidates


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


def mix(found: Candidates, rules: Policy) -> Mixture:
    """Weigh the candidates by the rules.

    Raises:
        MixtureRefused: the policy can't be met with the rows at hand.
    """
    return weigh(_weighable(found), rules)


def _weighable(found: Candidates) -> pl.DataFrame:
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
