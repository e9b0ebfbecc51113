"""Audits: which accepted drafts the secret draws, and what became of those that somebody was shown."""

import hashlib
from collections.abc import Collection
from datetime import datetime

import polars as pl

from outcross.certificate.record import Audit
from outcross.data.recipe import Recipe
from outcross.data.review.answers import STANCES
from outcross.data.review.judgements import Records
from outcross.data.samples import Digest
from outcross.data.stores import certificates
from outcross.data.stores.certificates import EVER
from outcross.data.stores.home import Home
from outcross.validators.routing import audited

SHOWN = {"sample_id": pl.String, "shown_at": pl.Float64}


def share(population: pl.DataFrame) -> float:
    """The share of the drafts that is drawn: the least under which any of them was judged.

    Whoever is drawn under a share is drawn under each larger one, so that thinning to the least leaves a random sample
    of all.
    """
    return 0.0 if population.is_empty() else float(population["incl_prob"].min())  # type: ignore[arg-type]  # floats


def drawn(home: Home, population: pl.DataFrame) -> set[str]:
    """Ids of the drafts that the home's secret draws for their rule set."""
    parts = population.partition_by("ruleset", as_dict=True)
    least, key = share(population), home.audit_key()
    return {one for (name,), part in parts.items() for one in audited(part["sample_id"], key, least, str(name))}


def secret(home: Home) -> Digest:
    """Names the home's secret without telling it."""
    return hashlib.sha256(b"outcross audit key\n" + home.audit_key()).hexdigest()


def audits(home: Home, recipe: Recipe, population: pl.DataFrame, until: datetime = EVER) -> list[Audit]:
    """The drawn drafts that somebody was shown, in the order in which they first were.

    One that nobody has settled counts as wrong: whoever skips what looks bad, lets it lapse or can't tell must not
    better the proof. Only a conflict of interest says nothing of a draft, and neither does one that was never shown.

    Args:
        home: holds the decisions and the queue.
        recipe: whose drafts they are.
        population: the accepted drafts: sample_id, ruleset, stratum, incl_prob.
        until: decisions made later are passed over.
    """
    return [
        Audit(sample_id=key, stratum=stratum, wrong=is_wrong(verdict, said), evaded=verdict is None)
        for key, stratum, verdict, said, _ in shown_of(home, recipe, population, until).iter_rows()
    ]


def shown_of(home: Home, recipe: Recipe, population: pl.DataFrame, until: datetime = EVER) -> pl.DataFrame:
    """The same as a frame: sample_id, stratum, verdict and said (null of those not settled), and first.

    The last is when a draft was first shown, in seconds since the epoch.
    """
    ids = drawn(home, population)
    those = population.filter(pl.col("sample_id").is_in(list(ids))).select("sample_id", "stratum")
    settled = certificates.decided(home, recipe.name, until)
    found = those.join(settled, on="sample_id", how="left").join(shown(home, recipe), on="sample_id", how="left")
    first = pl.min_horizontal("shown_at", pl.col("decided_at").dt.epoch("us") / 1e6)
    seen = found.with_columns(first=first).drop_nulls("first").sort("first", "sample_id")
    return seen.select("sample_id", "stratum", "verdict", "said", "first")


def is_wrong(verdict: str | None, said: str | None) -> bool:
    """Whether a draft was at fault. A verdict on steps makes a sample of its own even where all of them are right."""
    return verdict != "approve" and STANCES.get(said or "") != "good"


def shown(home: Home, recipe: Recipe) -> pl.DataFrame:
    """When drafts were first shown to somebody: sample_id, shown_at, in seconds since the epoch."""
    if not home.queue.exists():
        return pl.DataFrame(schema=SHOWN)
    frames = Records(home.queue).frames(recipe.name)
    claims = frames.claims.filter(pl.col("skip_reason").ne_missing("conflict_of_interest"))
    items = frames.items.filter(pl.col("source") != "gold").select("item", "sample_id")
    return items.join(claims, on="item").group_by("sample_id").agg(shown_at=pl.col("taken").min())


def caught(home: Home, recipe: Recipe) -> list[bool]:
    """Of the items known to be wrong, whether whoever saw one said so, by first answers and in their order."""
    if not home.queue.exists():
        return []
    frames = Records(home.queue).frames(recipe.name)
    wrong = frames.judgements.filter(pl.col("truth_stance") == "bad").select("item").unique()
    return frames.grades.join(wrong, on="item", how="semi", maintain_order="left")["correct"].to_list()


def seconds(home: Home, recipe: Recipe, ids: Collection[str]) -> float:
    """Time at work on these drafts, all judgements of them together."""
    if not home.queue.exists():
        return 0.0
    said = Records(home.queue).frames(recipe.name).judgements.filter(pl.col("source") != "gold")
    return float(said.filter(pl.col("sample_id").is_in(list(ids)))["seconds"].sum())
