"""Judged: what verifiers say, in the form that validators do."""

import json
from typing import Any, NamedTuple

import polars as pl

LONGEST = 300
"""Characters of a reason."""


class Verdict(NamedTuple):
    """What a verifier says of one sample."""

    score: float | None
    reason: str


class Keyed(NamedTuple):
    """A sample of which something is known of the right answer."""

    sample: dict[str, str]
    """Its row of the frame."""
    key: dict[str, Any]


RIGHT = Verdict(1.0, "")


def verdicts(samples: pl.DataFrame, said: dict[str, Verdict]) -> pl.DataFrame:
    """One row per sample, in their order: what was said of it, and 1 for one that there is nothing to verify in."""
    found = [said.get(sample_id, RIGHT) for sample_id in samples["sample_id"]]
    return samples.select(
        "sample_id",
        pl.Series("score", [verdict.score for verdict in found], dtype=pl.Float64),
        pl.Series("reason", [verdict.reason[:LONGEST] for verdict in found], dtype=pl.String),
    )


def keyed(samples: pl.DataFrame, sort: str, *kinds: type) -> tuple[list[Keyed], dict[str, Verdict]]:
    """The samples whose key is of a sort, and verdicts for those whose key can't be read.

    Args:
        samples: the columns of `SAMPLES`.
        sort: the field that keys of this sort have.
        kinds: what it must hold: exactly one of these types, as JSON has them.
    """
    found: list[Keyed] = []
    odd: dict[str, Verdict] = {}
    for sample in samples.filter(pl.col("key") != "").iter_rows(named=True):
        try:
            key = json.loads(sample["key"])
        except (ValueError, RecursionError) as error:
            odd[sample["sample_id"]] = Verdict(None, f"the key is not JSON: {error}")
            continue
        if not isinstance(key, dict) or sort not in key:
            continue
        if type(key[sort]) in kinds:
            found.append(Keyed(sample, key))
        else:
            odd[sample["sample_id"]] = Verdict(None, f"the key's `{sort}` holds a {type(key[sort]).__name__}")
    return found, odd


def stated(sample: dict[str, str]) -> str:
    """What a sample states as its answer: the answer of a worked problem, else the response."""
    if sample["kind"] == "reasoning" and sample["content"]:
        return str(json.loads(sample["content"]).get("answer", ""))
    return sample["response"]
