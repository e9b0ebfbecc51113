"""The journal of drafts: every request that was made of a model, and what it came to."""

from collections.abc import Sequence
from typing import Literal

import polars as pl

from outcross.data.samples import Record, Sample
from outcross.data.stores.home import Home
from outcross.data.stores.rows import insert_new
from outcross.data.stores.warehouse import add_samples, opened


class Draft(Record):
    """What one answered request came to, with the sample where there is one."""

    request_key: str
    setup: str
    """Digest of the model, its depth, the templates and sampling parameters that it was made with."""
    rank: str
    """Its slot in the recipe's plan."""
    state: Literal["drafted", "invalid", "failed"]
    """`invalid`: answered, but no sample of the wanted kind; `failed`: refused for good."""
    sample: Sample | None = None
    reason: str = ""
    raw: str | None = None
    """What came back, where it was no sample."""
    model: str
    seed: int | None = None
    attempts: int = 1
    tokens_in: int = 0
    tokens_out: int = 0
    mean_logprob: float | None = None
    """Nats a token, as the server reported them."""
    seconds: float = 0.0


class Miss(Record):
    """A request that nobody answered for the moment; the next run asks again."""

    request_key: str
    setup: str
    rank: str
    """With the setup, what a later answer is known by: its request differs where other examples are shown by then."""
    reason: str
    attempts: int


def write(home: Home, recipe: str, drafts: Sequence[Draft], misses: Sequence[Miss] = ()) -> int:
    """Store drafts, their samples and misses in one transaction; return how many drafts were new."""
    rows = [
        draft.model_dump(exclude={"sample"}) | {"sample_id": draft.sample.sample_id if draft.sample else None}
        for draft in drafts
    ]
    schema = {"seed": pl.Int64, "raw": pl.Utf8, "mean_logprob": pl.Float64, "sample_id": pl.Utf8}
    frame = pl.DataFrame(rows, schema_overrides=schema).with_columns(pl.lit(recipe).alias("recipe"))
    with opened(home) as connection:
        add_samples(connection, recipe, [draft.sample for draft in drafts if draft.sample])
        for miss in misses:
            connection.execute(
                "INSERT INTO miss (request_key, recipe, setup, rank, reason, attempts) VALUES (?, ?, ?, ?, ?, ?)",
                [miss.request_key, recipe, miss.setup, miss.rank, miss.reason, miss.attempts],
            )
        return insert_new(connection, "draft", frame, ["recipe", "setup", "rank"]) if rows else 0


def answered(home: Home, recipe: str, setup: str) -> set[str]:
    """Slots of the plan that need not be asked again under this setup, by rank."""
    with opened(home) as connection:
        found = connection.execute("SELECT rank FROM draft WHERE recipe = ? AND setup = ?", [recipe, setup]).fetchall()
    return {rank for (rank,) in found}


def tally(home: Home, recipe: str) -> dict[str, int]:
    """Slots by what they came to, each setup's own; `missed` counts those still without an answer."""
    with opened(home) as connection:
        states = connection.execute(
            "SELECT state, count(*) FROM draft WHERE recipe = ? GROUP BY state ORDER BY state", [recipe]
        ).fetchall()
        missed = connection.execute(
            "SELECT count(DISTINCT (setup, rank)) FROM miss ANTI JOIN draft USING (recipe, setup, rank)"
            " WHERE recipe = ?",
            [recipe],
        ).fetchall()
    return dict(states) | {"missed": missed[0][0]}
