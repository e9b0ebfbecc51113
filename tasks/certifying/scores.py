"""Scores: how probable it is that a draft is right, from what the validators said, fitted on experts' decisions."""

import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from typing import NamedTuple

import numpy as np
import polars as pl

from outcross.agreement.judgements import Floats
from outcross.certificate.calibration import Calibrator, calibrate
from outcross.certificate.reliability import Reliability
from outcross.data.recipe import Recipe
from outcross.data.samples import canonical, digest
from outcross.data.stores import certificates, screening, warehouse
from outcross.data.stores.certificates import EVER
from outcross.data.stores.home import Home
from outcross.tasks.certifying.audits import is_wrong
from outcross.tasks.screening.suite import Screen

FITTED = 0.5
"""Of the seeds, those whose decisions fit the scores; the audits of all others try a threshold on them."""


class Scored(NamedTuple):
    """A fit and what it gives."""

    scorer: str
    """Digest of what was fitted."""
    calibrator: Calibrator
    reliability: Reliability
    drafts: pl.DataFrame
    """sample_id, p_right."""


def fits(provenance: str) -> bool:
    """Whether a draft's decision fits the scores, by the seed that it grew from: a draft's siblings are on its side."""
    ticket = hashlib.sha256(f"fits the scores: {seed(provenance)}".encode()).digest()[:8]
    return int.from_bytes(ticket) < FITTED * 2**64


def seed(provenance: str) -> str:
    """The sample that a draft grew from, or its document where it names none."""
    said = json.loads(provenance)
    return str(said["parents"][0]["sample_id"] if said["parents"] else said["source"])


def score(home: Home, recipe: Recipe, until: datetime = EVER) -> Scored:
    """As `fit`, and store the fit with what it gives every draft."""
    found, fitted = _fitted(home, recipe, until)
    certificates.add_scorer(home, recipe.name, found.scorer, fitted, found.drafts)
    return found


def fit(home: Home, recipe: Recipe, until: datetime = EVER) -> Scored:
    """Fit the probability of being right, and give it for every draft that was judged.

    Drafts that were decided for any reason count, each by the inverse of its probability of being asked about.

    Args:
        home: holds the signals and the decisions.
        recipe: whose screen it is.
        until: decisions made later are passed over.

    Raises:
        InputError: too few decisions, or all alike.
    """
    return _fitted(home, recipe, until)[0]


def _fitted(home: Home, recipe: Recipe, until: datetime) -> tuple[Scored, str]:
    """A fit, and its content as JSON."""
    made = Screen.of(recipe)
    names = tuple(sorted(one.name for one in made.validators))
    signals = screening.signals(home, recipe.name, made.keys)
    wide = _wide(signals, names)
    drafts = warehouse.drafted(home, recipe.name).select("sample_id", "provenance")
    decided = certificates.decided(home, recipe.name, until).join(drafts, on="sample_id").join(wide, on="sample_id")
    decided = decided.filter(pl.Series([fits(one) for one in decided["provenance"]], dtype=pl.Boolean))
    said = decided.select("verdict", "said").iter_rows()
    calibrator, reliability = calibrate(
        names,
        _scores(decided, names),
        np.array([not is_wrong(*one) for one in said], dtype=bool),
        (1 / decided["incl_prob"]).to_numpy(),
        decided["provenance"].map_elements(seed, return_dtype=pl.String).rank("dense").to_numpy().astype(np.int64),
    )
    scores = wide.select("sample_id", p_right=pl.Series(calibrator(_scores(wide, names))))
    fitted = canonical({"ruleset": made.ruleset, "calibrator": asdict(calibrator)})
    scorer = digest(json.loads(fitted))
    return Scored(scorer, calibrator, reliability, scores), fitted


def _wide(signals: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """A row a draft, a column a validator; null where it failed or said nothing."""
    blank = pl.DataFrame(schema={"sample_id": pl.String} | dict.fromkeys(names, pl.Float64))
    if signals.is_empty():
        return blank
    found = signals.pivot("validator", index="sample_id", values="score").sort("sample_id")
    return pl.concat([blank, found], how="diagonal").select(blank.columns)


def _scores(wide: pl.DataFrame, names: tuple[str, ...]) -> Floats:
    return wide.select(names).cast(pl.Float64).fill_null(np.nan).to_numpy()
