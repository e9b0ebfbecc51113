"""What models were trained on, as far as somebody said it: where the depth of their drafts comes from.

A row's depth is 0 for what people wrote, and for a draft 1 more than its model's; a model's is that of the deepest row
of the release that it was trained on. One generation of a model that never saw our releases costs a tail once, while
each further one costs it again: see "depth 1" in `outcross.mixture.retention`.
"""

import shlex
from datetime import datetime

import duckdb
from pydantic import Field

from outcross.data.release.versions import Release
from outcross.data.samples import Digest, Filled, Record
from outcross.data.stores.home import Home
from outcross.data.stores.warehouse import opened
from outcross.errors import InputError, ReleaseError

COLUMNS = ", ".join(
    ["model", "weights_digest", "trained_on", "version", "depth", "mean_depth", "licence", "said_by", "recorded_at"]
)

DEPTHS = "SELECT max(depth), sum(weight * depth) / sum(weight) FROM samples"


class Generator(Record):
    """What somebody said that a model was trained on."""

    model: Filled
    """The model's name, as its server gives it and as `--generator` has it."""
    weights_digest: Digest | None = None
    """SHA-256 of the weights that it is said of; None for whatever weights go by that name."""
    trained_on: str | None = None
    """The release of ours; None where it was trained on none, or where only its depth was said."""
    version: int | None = None
    depth: int = Field(ge=0)
    """Model generations between people and its training data; its drafts have 1 more."""
    mean_depth: float = Field(ge=0, allow_inf_nan=False)
    """Mean depth of that data, by weight."""
    licence: Filled | None = None
    """Of the model, as an SPDX identifier or by its name; None where nobody said it."""
    said_by: Filled
    recorded_at: datetime | None = None
    """None before it is recorded."""


def add(home: Home, said: Generator) -> None:
    """Record a word; it stands until somebody says another of the same model and weights."""
    words = said.model_dump(exclude={"recorded_at"})
    with opened(home) as connection:
        connection.execute(
            f"INSERT INTO generator ({', '.join(words)}) VALUES ({', '.join('?' * len(words))})", [*words.values()]
        )


def current(home: Home) -> list[Generator]:
    """The words that stand, by model; what is said of certain weights comes after what is said of all."""
    if not home.warehouse.exists():
        return []
    with opened(home) as connection:
        found = connection.execute(
            f"SELECT {COLUMNS} FROM trained ORDER BY model, weights_digest NULLS FIRST"
        ).to_arrow_table()
    return [Generator.model_validate(row) for row in found.to_pylist()]


def find(home: Home, model: str, weights_digest: str | None = None) -> Generator | None:
    """The word that stands for a model: what is said of these very weights, else of the name; None for neither."""
    said = {one.weights_digest: one for one in current(home) if one.model == model}
    return said.get(weights_digest) or said.get(None)


def model_depth(home: Home, model: str, weights_digest: str | None = None, *, said: int | None = None) -> int:
    """Model generations between people and what a model was trained on.

    Args:
        said: what `OUTCROSS_MODEL_DEPTH` says, which stands over any record.

    Raises:
        InputError: nothing says it; the text names the command that does.
    """
    if said is not None:
        return said
    if known := find(home, model, weights_digest):
        return known.depth
    raise InputError(
        f"nothing says what `{model[:100]}` was trained on, so the depth of its drafts is unknown. Say it: outcross "
        f"generator {shlex.quote(model[:100])} --never-on-ours, or --trained-on NAME@VERSION."
    )


def depths(release: Release) -> tuple[int, float]:
    """The greatest depth of a release's rows, and the mean by weight.

    Raises:
        ReleaseError: its table can't be read.
    """
    try:
        with duckdb.connect(str(release.table), read_only=True) as connection:
            deepest, mean = connection.execute(DEPTHS).fetchall()[0]
    except duckdb.Error as error:
        raise ReleaseError(f"{release.table} can't be read: {str(error).splitlines()[0]}.") from error
    return deepest, min(mean, deepest)
