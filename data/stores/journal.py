"""The journal of drafts: every request that was made of a model, and what it came to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, NamedTuple

import duckdb
import polars as pl
from pydantic import AfterValidator, AwareDatetime, Field

from outcross.data.samples import Record, Sample
from outcross.data.stores.home import Home
from outcross.data.stores.rows import insert_new
from outcross.data.stores.warehouse import add_samples, opened

MOST_KEPT = 1_000_000
"""Characters of what came back that are kept; a recipe allows 32,768 tokens at most, which are far fewer."""


def _storable(text: str) -> str:
    """What a store takes of a hostile text: no lone surrogates, which have no place in UTF-8, and no gigabytes."""
    return text[:MOST_KEPT].encode(errors="replace").decode()


Told = Annotated[str, AfterValidator(_storable)]


class Draft(Record):
    """What one slot of a plan came to, with the sample where there is one."""

    request_key: str
    """Of the call that was answered last."""
    setup: str
    """Digest of the model, its depth, the templates and sampling parameters that it was made with."""
    rank: str
    """Its slot in the recipe's plan."""
    retry: int = 0
    """How often the slot had been answered before."""
    state: Literal["drafted", "invalid", "failed"]
    """`invalid`: answered, but no sample of the wanted kind; `failed`: refused for good."""
    sample: Sample | None = None
    reason: Told = ""
    raw: Told | None = None
    """What came back, where it was no sample."""
    model: str
    seed: int | None = None
    attempts: int = 1
    tokens_in: int = 0
    tokens_out: int = 0
    """Of all calls of the slot together, as their attempts and seconds are."""
    mean_logprob: float | None = None
    """Nats a token, as the server reported them."""
    seconds: float = 0.0


class Miss(Record):
    """A request that nobody answered for the moment; the next run asks again."""

    request_key: str
    setup: str
    rank: str
    """With the setup, what a later answer is known by: its request differs where other examples are shown by then."""
    reason: Told
    attempts: int
    model: str = ""
    raw: Told | None = None
    missed_at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))


class Turn(Record):
    """An answer on the way to a draft that takes several."""

    request_key: str
    setup: str
    rank: str
    model: str
    """The one that answered; a draft of several models names all."""
    text: str
    finish_reason: str | None
    attempts: int
    tokens_in: int
    tokens_out: int
    mean_logprob: float | None
    seconds: float


Entry = Draft | Miss | Turn


class Standing(NamedTuple):
    """How a slot stands that was answered before."""

    state: str
    """`drafted` where one of its answers made a sample; else what the last one came to."""
    answers: int
    retry: int
    """The greatest number of a retry among them."""


def write(home: Home, recipe: str, entries: Sequence[Entry]) -> int:
    """Store drafts, their samples, misses and turns in one transaction; return how many drafts were new."""
    drafts = [entry for entry in entries if isinstance(entry, Draft)]
    with opened(home) as connection:
        add_samples(connection, recipe, [draft.sample for draft in drafts if draft.sample])
        _add_misses(connection, recipe, [entry for entry in entries if isinstance(entry, Miss)])
        _add_turns(connection, recipe, [entry for entry in entries if isinstance(entry, Turn)])
        return _add_drafts(connection, recipe, drafts)


def _add_drafts(connection: duckdb.DuckDBPyConnection, recipe: str, drafts: Sequence[Draft]) -> int:
    if not drafts:
        return 0
    rows = [
        draft.model_dump(exclude={"sample"}) | {"sample_id": draft.sample.sample_id if draft.sample else None}
        for draft in drafts
    ]
    schema = {"seed": pl.Int64, "raw": pl.Utf8, "mean_logprob": pl.Float64, "sample_id": pl.Utf8}
    frame = pl.DataFrame(rows, schema_overrides=schema, infer_schema_length=None).with_columns(recipe=pl.lit(recipe))
    return insert_new(connection, "draft", frame, ["recipe", "setup", "rank", "retry"])


def _add_misses(connection: duckdb.DuckDBPyConnection, recipe: str, misses: Sequence[Miss]) -> None:
    """Every miss is a row: how often a slot was missed is part of its story."""
    if misses:
        rows = [miss.model_dump() for miss in misses]
        frame = pl.DataFrame(rows, schema_overrides={"raw": pl.Utf8}, infer_schema_length=None)
        insert_new(
            connection, "miss", frame.with_columns(recipe=pl.lit(recipe)), ["recipe", "request_key", "missed_at"]
        )


def _add_turns(connection: duckdb.DuckDBPyConnection, recipe: str, turns: Sequence[Turn]) -> None:
    if turns:
        schema = {"finish_reason": pl.Utf8, "mean_logprob": pl.Float64}
        rows = [turn.model_dump() for turn in turns]
        frame = pl.DataFrame(rows, schema_overrides=schema).with_columns(recipe=pl.lit(recipe))
        insert_new(connection, "turn", frame, ["recipe", "request_key"])


def standing(home: Home, recipe: str, ranks: Sequence[str]) -> dict[tuple[str, str], Standing]:
    """How those of the slots stand that were answered before, by setup and rank."""
    with opened(home) as connection:
        # Not by the view `slot`, which sorts all drafts before it finds these: 105 ms of half a million, instead of 5.
        found = connection.execute(
            "SELECT setup, rank, arg_max(state, (state = 'drafted', retry)), count(*), max(retry) FROM draft"
            " SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS rank) USING (rank) WHERE recipe = ? GROUP BY setup, rank",
            [list(ranks), recipe],
        ).fetchall()
    return {(setup, rank): Standing(*rest) for setup, rank, *rest in found}


def turns(home: Home, recipe: str, ranks: Sequence[str]) -> dict[str, Turn]:
    """The answers that were given on the way to the drafts of these slots, by their request's key."""
    columns = ", ".join(Turn.model_fields)
    with opened(home) as connection:
        found = connection.execute(
            f"SELECT {columns} FROM turn SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS rank) USING (rank) WHERE recipe = ?",
            [list(ranks), recipe],
        ).fetchall()
    read = (Turn.model_validate(dict(zip(Turn.model_fields, row, strict=True))) for row in found)
    return {turn.request_key: turn for turn in read}


def tally(home: Home, recipe: str) -> dict[str, int]:
    """Slots by what they came to, each setup's own; `missed` counts those still without an answer."""
    with opened(home) as connection:
        states = connection.execute(
            "SELECT state, count(*) FROM slot WHERE recipe = ? GROUP BY state ORDER BY state", [recipe]
        ).fetchall()
        missed = connection.execute(
            "SELECT count(*) FROM dead_letter WHERE state = 'missed' AND recipe = ?", [recipe]
        ).fetchall()
    return dict(states) | {"missed": missed[0][0]}


def dead_letters(home: Home, recipe: str) -> pl.DataFrame:
    """Slots that have no draft, the latest first: see the view `dead_letter`."""
    with opened(home) as connection:
        return connection.execute(
            "SELECT * EXCLUDE (recipe) FROM dead_letter WHERE recipe = ? ORDER BY happened_at DESC, rank", [recipe]
        ).pl()
