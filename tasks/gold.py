"""Gold from solutions that people marked: items whose answer is known, to train and to measure reviewers by."""

from collections.abc import Iterator

from outcross.data.corpora import champ
from outcross.data.corpora.candidates import Refusal
from outcross.data.corpora.champ import Solution
from outcross.data.recipe import Recipe
from outcross.data.review.answers import Answer
from outcross.data.review.gold import Gold
from outcross.data.review.items import Item
from outcross.data.review.management import Management
from outcross.data.stores import vault
from outcross.data.stores.home import Home
from outcross.tasks.imports import as_synthetic
from outcross.tasks.review import skill

TRAINING_SHARE = 0.5
"""Of the gold, what is shown with its answer to those who learn; the rest measures, and nobody sees its answer."""


def add_gold(home: Home, recipe: Recipe) -> int:
    """Put what a recipe's corpus knows the answers of into the review queue; return how many were new.

    A corpus without marked solutions brings none. The recipe's rules come with its drafts: see `review.enqueue`.
    """
    if recipe.source.reader != "champ":
        return 0
    return Management(home.queue).add_gold([one for one in gold(recipe) if isinstance(one, Gold)])


def gold(recipe: Recipe) -> Iterator[Gold | Refusal]:
    """Items of a recipe's marked solutions to its held-out problems, which come in as drafts nowhere.

    Which of them are for training is told by their ids, so that it stays the same however often this is asked.

    Raises:
        InputError: the data set isn't installed.
    """
    split = vault.Split(seed=recipe.source.seed_share, heldout=recipe.source.heldout_share)
    for solution in champ.solutions():
        if isinstance(solution, Refusal):
            yield solution
        elif split.part(solution.draft.document) == "heldout":
            yield _gold(recipe, solution)


def _gold(recipe: Recipe, solution: Solution) -> Gold | Refusal:
    sample = as_synthetic(solution.draft, recipe)
    if isinstance(sample, Refusal):
        return sample
    wrong = solution.labels.index(-1) + 1 if -1 in solution.labels else None
    return Gold(
        item=Item.of(sample, recipe=recipe.name, source="gold", incl_prob=1.0, skill=skill(recipe)),
        answer=Answer(verdict="error" if wrong else "correct", labels=solution.labels),
        explanation=f"People found the first mistake in step {wrong}." if wrong else "People found no mistake.",
        training=int(sample.sample_id[:8], 16) < TRAINING_SHARE * 16**8,
    )
