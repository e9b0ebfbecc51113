"""What a validator says of a sample, and the guard that makes it say exactly one thing about each."""

import logging
from collections.abc import Iterator
from dataclasses import Field, asdict
from typing import Any, ClassVar, Protocol

import polars as pl

from outcross.data.samples import digest
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.text.reasons import reason

TEXTS = ("prompt", "context", "response", "other", "shown", "key", "content")

SAMPLES = pl.Schema(dict.fromkeys(["sample_id", "kind", "stratum", *TEXTS, "logprob", "rank"], pl.String()))
"""The frame that every validator receives: a row per sample, no text null, no `sample_id` twice.

`prompt`, `context` and `response` are the sample's reading. `other` is a pair's second answer; `shown` the answers of
the examples that the model saw; `key` what is known of the right answer, as JSON (see `outcross.verifiers`); `content`
the whole sample as canonical JSON; `logprob` the mean log-probability that the model gave its own tokens, as text;
`rank` its place in the order in which drafts came. Each is empty where there is none.
"""

SIGNALS = pl.Schema(
    {
        "sample_id": pl.String(),
        "validator": pl.String(),
        "version": pl.Int64(),
        "params_digest": pl.String(),
        "score": pl.Float64(),
        "reason": pl.String(),
        "failure": pl.String(),
    }
)
"""The frame that `run` returns: either a score in [0, 1] with its reason, or a failure and no score."""

_LOG = logging.getLogger(__name__)

# Polars reports a bug of its own as a panic, which isn't an Exception.
_CRASHES = (Exception, pl.exceptions.PanicException)
_LONGEST = 300


class Validator(Protocol):
    """A named, versioned judgement: a frozen dataclass whose fields are its limits.

    It is pure: what it says of a sample depends on that sample, its limits and the references, and on
    nothing else, not on the other rows of the frame nor on their order.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    name: ClassVar[str]
    version: ClassVar[int]
    """Raised whenever any score could change; signals of the old version stay in the store."""
    rule: ClassVar[Rule]
    """What a recipe gets that names the validator and sets no rule for it."""

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:
        """Score every sample.

        Args:
            samples: the columns of `SAMPLES`.
            references: what to compare with.

        Returns:
            `sample_id`, `score` (1 means nothing wrong, 0 nothing right, null that the sample can't be
            judged) and `reason` (empty at 1, and naming the numbers below it), a row per sample.
        """
        ...


def params_digest(validator: Validator) -> str:
    """Digest of a validator's limits, so that a signal tells which ones it was made with."""
    return digest(asdict(validator))


def complete(samples: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """One row per sample: what was found wrong (`sample_id`, `score`, `reason`), and a score of 1 for the rest."""
    rows = samples.select("sample_id").join(found, on="sample_id", how="left", maintain_order="left")
    return rows.select("sample_id", pl.col("score").fill_null(1.0), pl.col("reason").fill_null(""))


def run(validator: Validator, samples: pl.DataFrame, references: References) -> pl.DataFrame:
    """Score every sample; where the validator fails, record that and never a low score.

    A validator that raises, or doesn't answer with one row per sample, is tried again row by row, so
    that one bad sample costs the others nothing. A score that is null, NaN or outside [0, 1] is a
    failure too: it says something about the validator and nothing about the sample.

    Args:
        validator: what to run.
        samples: the columns of `SAMPLES`.
        references: what to compare with.

    Returns:
        The columns of `SIGNALS`, one row per sample, in the samples' order.

    Raises:
        ValueError: a `sample_id` stands twice in the frame.
    """
    if samples["sample_id"].is_duplicated().any():
        raise ValueError(f"a sample_id stands twice among {samples.height} samples; give each sample once")
    try:
        found = _judged(validator, samples, references)
    except _CRASHES as error:
        _LOG.warning(
            "%s raised %s over %d samples; judging them one by one",
            validator.name,
            type(error).__name__,
            samples.height,
        )
        found = pl.concat([SIGNALS.to_frame().select(_FOUND), *_one_by_one(validator, samples, references)])
    return found.with_columns(
        validator=pl.lit(validator.name),
        version=pl.lit(validator.version, dtype=pl.Int64),
        params_digest=pl.lit(params_digest(validator)),
    ).select(SIGNALS.names())


_FOUND = ("sample_id", "score", "reason", "failure")


def _one_by_one(validator: Validator, samples: pl.DataFrame, references: References) -> Iterator[pl.DataFrame]:
    for row in samples.iter_slices(1):
        try:
            yield _judged(validator, row, references)
        except _CRASHES as error:
            failure = f"{type(error).__name__}: {error}"[:_LONGEST]
            yield row.select(
                "sample_id", pl.lit(None, dtype=pl.Float64).alias("score"), reason=pl.lit(""), failure=pl.lit(failure)
            )


def _judged(validator: Validator, samples: pl.DataFrame, references: References) -> pl.DataFrame:
    said = validator(samples, references).select(
        pl.col("sample_id").cast(pl.String), pl.col("score").cast(pl.Float64), pl.col("reason").cast(pl.String)
    )
    if said["sample_id"].sort().to_list() != samples["sample_id"].sort().to_list():
        raise ValueError(
            f"{validator.name} returned {said.height} rows that aren't one each of {samples.height} samples"
        )
    score = pl.col("score")
    sound = score.is_between(0, 1).fill_null(value=False)
    wrong = (
        pl.when(score.is_null())
        .then(reason("NotJudged: {}", pl.col("reason").fill_null("")))
        .otherwise(reason("ScoreOutOfRange: {} isn't between 0 and 1", score))
    )
    return (
        samples.select("sample_id")
        .join(said, on="sample_id", how="left", maintain_order="left")
        .select(
            "sample_id",
            pl.when(sound).then(score).alias("score"),
            pl.when(sound & (score < 1)).then(pl.col("reason").fill_null("")).otherwise(pl.lit("")).alias("reason"),
            pl.when(~sound).then(wrong.str.head(_LONGEST)).alias("failure"),
        )
    )
