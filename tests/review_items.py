"""Review items for tests, made as the enqueue flow makes them."""

from typing import Any

from outcross.data.review.items import Item
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
