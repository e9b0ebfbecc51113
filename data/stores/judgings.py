"""Judgings: what models were asked about samples and answered, and which model each judge of a recipe asks."""

from collections.abc import Iterable, Sequence
from typing import Literal

import duckdb
import polars as pl

from outcross.data.samples import Record
from outcross.data.stores.home import Home
from outcross.data.stores.rows import insert_new
from outcross.data.stores.warehouse import opened


class Judging(Record):
    """What one question came to."""

    request_key: str
    sample_id: str
    """The sample that it was first asked for."""
    judge: str
    version: int
    model: str
    weights_digest: str | None
    seed: int | None
    state: Literal["answered", "truncated", "failed"]
    """`truncated`: it ran into its limit of tokens; `failed`: it was refused for good."""
    raw: str
    """What was answered, or why it wasn't."""
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0


def write(home: Home, recipe: str, judgings: Sequence[Judging]) -> int:
    """Store what questions came to; return how many of them had no outcome before."""
    if not judgings:
        return 0
    schema = {"weights_digest": pl.Utf8, "seed": pl.Int64}
    frame = pl.DataFrame([one.model_dump() for one in judgings], schema_overrides=schema)
    with opened(home) as connection:
        return insert_new(connection, "judging", frame.with_columns(recipe=pl.lit(recipe)), ["request_key"])


def outcomes(home: Home, keys: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The state and the text of each question that has an outcome, whoever asked it, by its key."""
    with opened(home) as connection:
        found = connection.execute(
            "SELECT request_key, state, raw FROM judging"
            " SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS request_key) USING (request_key)",
            [list(keys)],
        ).fetchall()
    return {key: (state, raw) for key, state, raw in found}


def spent(home: Home, recipe: str) -> pl.DataFrame:
    """What a recipe's judges cost: judge, model, state, questions, samples, tokens_in, tokens_out, seconds.

    A question counts for whoever asked it first. Seconds are those of single answers, many of which ran side by side.
    """
    with opened(home) as connection:
        return connection.execute(
            "SELECT judge, model, state, count(*) AS questions, count(DISTINCT sample_id) AS samples,"
            " sum(tokens_in)::BIGINT AS tokens_in, sum(tokens_out)::BIGINT AS tokens_out, sum(seconds) AS seconds"
            " FROM judging WHERE recipe = ? GROUP BY ALL ORDER BY ALL",
            [recipe],
        ).pl()


class Appointed(Record):
    """The model that a recipe's judge asks, and the digest that its signals are stored under."""

    judge: str
    version: int
    judge_digest: str
    """Of its limits and its prompt."""
    model: str
    weights_digest: str | None
    means: str
    """The way that it is asked; empty where the server doesn't offer what the judge needs."""
    params_digest: str


def appoint(home: Home, recipe: str, appointed: Appointed) -> None:
    """Record which model a judge asks from now on, if that is another than before."""
    row = {"recipe": recipe} | appointed.model_dump()
    with opened(home) as connection:
        if appointed not in _latest(connection, recipe):
            connection.execute(
                f"INSERT INTO appointment ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values())
            )


def latest(home: Home, recipe: str) -> list[Appointed]:
    """By judge, version, limits and prompt, the model appointed last, or the last that could serve it."""
    with opened(home) as connection:
        return _latest(connection, recipe)


def _latest(connection: duckdb.DuckDBPyConnection, recipe: str) -> list[Appointed]:
    found = connection.execute(
        f"SELECT {', '.join(Appointed.model_fields)} FROM appointment WHERE recipe = ?"
        " QUALIFY row_number() OVER (PARTITION BY judge, version, judge_digest"
        " ORDER BY means <> '' DESC, appointed_at DESC, rowid DESC) = 1 ORDER BY judge, version, judge_digest",
        [recipe],
    ).fetchall()
    return [Appointed(**dict(zip(Appointed.model_fields, row, strict=True))) for row in found]
