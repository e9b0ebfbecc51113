"""Frames: samples as validators see them."""

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from outcross.data.reading import Reading, read
from outcross.data.samples import Content, Preference, canonical
from outcross.validators.signals import SAMPLES


class Seen(NamedTuple):
    """A sample with what a validator needs to know beside its content."""

    sample_id: str
    stratum: str
    content: Content
    shown: str = ""
    """The answers of the examples that the model saw, a blank line between."""
    key: str = ""
    """What is known of the right answer, as JSON."""
    logprob: float | None = None
    """The mean log-probability that the model gave its own tokens."""
    rank: str = ""
    reading: Reading | None = None
    """Where it isn't the content's own."""


def frame(rows: Iterable[Seen]) -> pl.DataFrame:
    """The rows with the columns `SAMPLES`, in their order."""
    return pl.DataFrame([_row(row) for row in rows], schema=SAMPLES, orient="row")


def _row(row: Seen) -> tuple[str, ...]:
    content = row.content
    other = content.rejected if isinstance(content, Preference) else ""
    whole = canonical(content.model_dump(mode="json"))
    reading = row.reading or read(content)
    logprob = "" if row.logprob is None else repr(row.logprob)
    return row.sample_id, content.kind, row.stratum, *reading, other, row.shown, row.key, whole, logprob, row.rank
