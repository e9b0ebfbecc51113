"""Gold from solutions that people marked: items whose answer is known, to train and to measure reviewers by."""

from collections.abc import Iterator

from outcross.data.corpora import champ
from outcross.data.corpora.candidates import Refusal
from outcross.data.corpora.champ import Solution
from outcross.data.recipe import Recipe
from outcross.data.review.answers import Label
from outcross.data.review.items import Item
from outcross.data.samples import Record
from outcross.data.stores import vault
from outcross.tasks.imports import as_synthetic

TRAINING_SHARE = 0.5
"""Of the gold, what is shown with its answer to those who learn; the rest measures, and nobody sees its answer."""


class Known(Record):
    """The answer that people gave."""

    verdict: str
    labels: tuple[Label, ...]


class Gold(Record):
    """An item with the answer that is known to be right."""

    item: Item
    answer: Known
    explanation: str
    training: bool


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
    sample = as_synthetic(solution.draft, recipe, solution.draft.generator or "unknown")
    if isinstance(sample, Refusal):
        return sample
    wrong = solution.labels.index(-1) + 1 if -1 in solution.labels else None
    return Gold(
        item=Item.of(sample, recipe=recipe.name, source="gold", incl_prob=1.0),
        answer=Known(verdict="error" if wrong else "correct", labels=solution.labels),
        explanation=f"People found the first mistake in step {wrong}." if wrong else "People found no mistake.",
        training=int(sample.sample_id[:8], 16) < TRAINING_SHARE * 16**8,
    )
