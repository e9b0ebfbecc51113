"""Blocks: the slots of a plan that are still to be drafted by a model, looked up in the journal many at once."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from outcross.data.recipe import Recipe
from outcross.data.stores import journal
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Standing, Turn
from outcross.progress import advance
from outcross.serving.endpoint import Endpoint
from outcross.serving.fleet import Fleet
from outcross.tasks.drafting.go import Go
from outcross.tasks.drafting.plan import Slot

BLOCK = 500
"""Slots that are looked up at once; those of them with a common beginning come one after another."""


class Block(NamedTuple):
    """Some slots of one model."""

    wanted: list[Go]
    turns: dict[str, Turn]
    """What was answered on the way to their drafts, by the request's key."""
    passed_over: int
    """Slots that came to nothing before and aren't asked for again."""


def blocks(
    home: Home, recipe: Recipe, fleet: Fleet, endpoint: Endpoint, slots: Iterator[Slot], *, retry_failed: bool
) -> Iterator[Block]:
    """Those of the slots that a model of the fleet drafts and that have no draft yet, block by block."""
    mine = (go for slot in slots if (go := Go.first(recipe, slot, fleet)).voices[0] == endpoint)
    while block := list(islice(mine, BLOCK)):
        ranks = [go.slot.rank for go in block]
        standing = journal.standing(home, recipe.name, ranks)
        before = [(go, standing.get((go.setup, go.slot.rank))) for go in block]
        wanted = [again for go, stood in before if (again := next_go(go, stood, retry_failed=retry_failed))]
        drafted = sum(stood is not None and stood.state == "drafted" for _, stood in before)
        several = recipe.draft.script != "write"
        turns = journal.turns(home, recipe.name, ranks) if several and wanted else {}
        advance("draft", len(block) - len(wanted))
        wanted.sort(key=lambda go: [example.sample_id for example in go.slot.examples])
        yield Block(wanted, turns, len(block) - len(wanted) - drafted)


def next_go(go: Go, before: Standing | None, *, retry_failed: bool = False) -> Go | None:
    """The next go at a slot, of which the first is given; None where it has come to what it will come to."""
    if before is None:
        return go
    open_still = before.state == "invalid" and before.answers < go.recipe.draft.tries
    if before.state != "drafted" and (open_still or retry_failed):
        return go.again(before.retry + 1)
    return None
