"""Review items for tests, made as the enqueue flow makes them."""

import sqlite3
from typing import Any

from outcross.data.review.answers import Answer, Ruling
from outcross.data.review.gold import Gold
from outcross.data.review.items import Claim, Desk, Item
from outcross.data.review.queue import Queue
from outcross.data.samples import Content, Generation, Instruction, Origin, Parent, Provenance, Sample, digest

MODEL = "secret-model-9b"


class Clock:
    """A fake clock, moved by hand."""

    time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


def a_sample(number: int = 0, content: Content | None = None) -> Sample:
    """A model's draft, one for each number."""
    parent = Parent(sample_id=digest(["parent", number]), provenance_digest=digest(["provenance", number]))
    return Sample(
        content=content or Instruction(instruction=f"What is {number} + {number}?", response=f"It is {2 * number}."),
        provenance=Provenance(
            origin=Origin.SYNTHETIC,
            depth=1,
            stratum="arithmetic",
            source="sums.md",
            licence="CC0-1.0",
            parents=(parent,),
            generation=Generation(model=MODEL, weights_digest=None),
        ),
    )


def an_item(number: int = 0, content: Content | None = None, **changes: Any) -> Item:
    """An item for it, on the border unless `changes` say otherwise."""
    item = Item.of(a_sample(number, content), recipe="sums", source="border", incl_prob=0.5)
    return Item.model_validate({**item.model_dump(), **changes})


def a_gold(number: int, verdict: str = "reject", *, training: bool = False, **changes: Any) -> Gold:
    """An item with a known answer."""
    answer = Answer(verdict=verdict)
    return Gold(item=an_item(number, **changes), answer=answer, explanation=f"It is {number}.", training=training)


def ruling(claim: Claim, verdict: str = "approve", **more: object) -> Ruling:
    """What the page sends for a claim."""
    facts = {"verdict": verdict, "shown_hash": claim.shown_hash, "idem": f"idem-{claim.token[:20]}"}
    return Ruling.model_validate(facts | ({"reasons": ["inaccurate"]} if verdict == "reject" else {}) | more)


def taken(queue: Queue, reviewer: str = "ada", desk: Desk = "review") -> Claim:
    """The claim that a reviewer gets, where one must be had."""
    claim = queue.claim(reviewer, desk=desk)
    assert claim is not None
    return claim


def sql(queue: Queue, statement: str, *values: object) -> list[tuple[object, ...]]:
    """What somebody can do to the file by other means than ours."""
    connection = sqlite3.connect(queue.path, isolation_level=None)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        return connection.execute(statement, values).fetchall()
    finally:
        connection.close()
