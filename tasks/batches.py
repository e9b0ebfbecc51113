"""How work is cut into batches: enough of them to show progress, few enough that their cost doesn't show."""

from collections.abc import Sequence
from typing import TypeVar

SMALLEST, LARGEST = 16, 500
"""Rows of a batch. Prefect takes 5 to 20 ms a task run, a lease on the warehouse 70 to 140 ms."""

T = TypeVar("T")


def batches(rows: Sequence[T], *, wanted: int = 10, largest: int = LARGEST) -> list[list[T]]:
    """Cut rows into about `wanted` batches of `SMALLEST` to `largest` rows, in order; the last may be smaller."""
    size = min(largest, max(SMALLEST, -(-len(rows) // wanted)))
    return [list(rows[start : start + size]) for start in range(0, len(rows), size)]
