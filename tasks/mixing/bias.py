"""Biases: how wrong the rows of each class may be, and how much of people's own words hybrid rows hold."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from outcross.agreement.intervals import upper_bound
from outcross.data.recipe import Recipe
from outcross.data.review.answers import STANCES
from outcross.data.samples import Origin, Parent, Sample
from outcross.data.stores import decisions, screening, warehouse
from outcross.data.stores.home import Home
from outcross.mixture.text.tokens import words
from outcross.tasks.mixing.candidates import Candidates
from outcross.tasks.mixing.texts import texts
from outcross.tasks.screening.suite import Screen

MOST = 0.5
"""However much an expert rewrote, a hybrid row counts for people by this at most."""

ENOUGH = 30
"""Audited rows from which on a stratum is judged by its own."""


def klass(found: Candidates, sample: Sample) -> str:
    """Who stands behind a row: human, hybrid, reviewed or unreviewed."""
    origin = sample.provenance.origin
    if origin is not Origin.SYNTHETIC:
        return origin.value
    return "reviewed" if sample.sample_id in found.reviewed else "unreviewed"


@dataclass(frozen=True)
class Audited:
    """Accepted drafts that auditors decided."""

    drafts: int
    faults: int

    @property
    def bound(self) -> float:
        """Upper 95 % bound of the share with a fault; 1 without audits."""
        return upper_bound(self.faults, self.drafts)


def audited(home: Home, recipe: Recipe) -> Audited:
    """The audits of a recipe so far, all strata together."""
    found = _audits(home, recipe)
    return Audited(found.height, int(found["fault"].sum()))


def biases(home: Home, recipe: Recipe, found: Candidates) -> pl.DataFrame:
    """Credit and biases of the candidates' strata, in [0, 1], ordered by stratum.

    Returns:
        `stratum`; `credit`, the mean share of words that experts put into its hybrid rows; `hybrid_bias` and
        `reviewed_bias`, 1 less the mean trust in such rows; and `unreviewed_bias`, the upper 95 % bound of the share
        of accepted drafts in which auditors find fault. The first three are 0 where there is no such row.
    """
    rows = pl.DataFrame(
        [(one.provenance.stratum, klass(found, one), found.trust.get(key, 1.0)) for key, one in found.rows.items()],
        schema={"stratum": pl.String, "klass": pl.String, "trust": pl.Float64},
        orient="row",
    )
    doubt = {
        f"{name}_bias": (1 - pl.col("trust").filter(pl.col("klass") == name).mean()).fill_null(0.0)
        for name in ("hybrid", "reviewed")
    }
    strata = rows.group_by("stratum").agg(**doubt).sort("stratum")
    strata = strata.join(_credits(recipe, found), on="stratum", how="left", maintain_order="left")
    return strata.select(
        "stratum",
        pl.col("credit").fill_null(0.0),
        *doubt,
        unreviewed_bias=_faults(_audits(home, recipe), strata["stratum"].to_list()),
    )


def _credits(recipe: Recipe, found: Candidates) -> pl.DataFrame:
    """`stratum` and `credit` where there are hybrid rows."""
    made = [one for one in found.rows.values() if one.provenance.origin is Origin.HYBRID]
    known = _words(recipe, {link.sample_id: found.ancestors[link.sample_id] for link in _links(made)})
    own = _words(recipe, {one.sample_id: one for one in made})
    shares = [
        (one.provenance.stratum, _put_in([known[link.sample_id] for link in _links([one])], own[one.sample_id]))
        for one in made
    ]
    frame = pl.DataFrame(shares, schema={"stratum": pl.String, "credit": pl.Float64}, orient="row")
    return frame.group_by("stratum").agg(pl.col("credit").clip(0, MOST).mean())


def _put_in(drafts: list[list[str]], edited: list[str]) -> float:
    """The share of a row's words that its drafts don't hold; words that only moved are the drafts'."""
    there: Counter[str] = Counter()
    for draft in drafts:
        there |= Counter(draft)
    return (Counter(edited) - there).total() / max(1, len(edited))


def _links(made: list[Sample]) -> list[Parent]:
    return [link for one in made for link in one.provenance.parents]


def _words(recipe: Recipe, samples: Mapping[str, Sample]) -> dict[str, list[str]]:
    """The words of what a model may write in each sample, by id."""
    return dict(texts(recipe, samples.values()).select("sample_id", words(pl.col("text"))).iter_rows())


def _audits(home: Home, recipe: Recipe) -> pl.DataFrame:
    """`stratum` and `fault` of each draft that the screen accepts and an auditor has decided.

    All of them were as likely to be drawn as each other. A verdict on steps makes a sample of its own even where all
    of them are right: that is no fault.
    """
    accepted = screening.verdicts(home, recipe.name, Screen.of(recipe).ruleset).filter(outcome="accepted")
    audited = decisions.audits(home, recipe.name).join(accepted, on="sample_id", how="semi")
    drafts = warehouse.samples(home, recipe.name, audited["sample_id"].to_list())
    rows = [
        (drafts[key].provenance.stratum, verdict != "approve" and STANCES.get(said) != "good")
        for key, verdict, said in audited.iter_rows()
    ]
    return pl.DataFrame(rows, schema={"stratum": pl.String, "fault": pl.Boolean}, orient="row")


def _faults(audits: pl.DataFrame, strata: list[str]) -> pl.Series:
    """The upper 95 % bound of each stratum's share of faults: by its own audits, by everybody's where those are few."""

    def bound(found: pl.DataFrame) -> float:
        return upper_bound(int(found["fault"].sum()), found.height)

    overall = bound(audits)
    own = {
        str(name): bound(found)
        for (name,), found in audits.partition_by("stratum", as_dict=True).items()
        if found.height >= ENOUGH
    }
    return pl.Series([own.get(stratum, overall) for stratum in strata], dtype=pl.Float64)
