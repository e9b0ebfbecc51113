"""Experts for tests: people who sit down at a queue and answer what it gives them."""

from collections.abc import Callable

from outcross.data.review.answers import Ruling
from outcross.data.review.items import Claim, Desk
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.stores.home import Home

Says = Callable[[Claim], dict[str, object]]


def sit_down(home: Home, *names: str, adjudicator: str = "") -> Queue:
    """The queue, with these people at work."""
    queue = Queue(home.queue, chance=lambda: 0.99)  # no gold in between, and no pair swapped
    for name in names:
        queue.add_reviewer(name)
    if adjudicator:
        queue.add_reviewer(adjudicator, "adjudicator")
    return queue


def qualified(home: Home, recipe: str, skill: str, *names: str) -> None:
    for name in names:
        Management(home.queue).grant_skill(name, recipe, skill)


def answer(queue: Queue, name: str, says: Says, count: int = 1_000_000, desk: Desk = "review") -> list[str]:
    """Answer up to so many items; return the samples' ids."""
    ids = []
    while len(ids) < count and (claim := queue.claim(name, desk=desk)):
        ids.append(rule(queue, claim, name, says(claim)))
    return ids


def rule(queue: Queue, claim: Claim, name: str, said: dict[str, object]) -> str:
    """Answer one item."""
    facts = {"shown_hash": claim.shown_hash, "idem": f"of-{name[:8]}-{claim.token[:32]}", **said}
    made = queue.submit(claim.token, name, Ruling.model_validate(facts))
    assert made is not None
    return made.sample_id
