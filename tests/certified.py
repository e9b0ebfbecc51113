"""Homes with accepted drafts of which an audit drew some, for tests of what is proven of them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.recipe_tables import Certification
from outcross.data.samples import Sample
from outcross.data.stores import decisions, journal, screening
from outcross.data.stores.decisions import Decision
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft
from outcross.tasks.screening.suite import Screen
from outcross.validators.signals import params_digest
from tests import make

VERDICTS = {
    "sample_id": pl.String,
    "outcome": pl.String,
    "reasons": pl.List(pl.String),
    "audited": pl.Boolean,
    "incl_prob": pl.Float64,
}
SIGNALS = {
    "sample_id": pl.String,
    "validator": pl.String,
    "version": pl.Int64,
    "params_digest": pl.String,
    "score": pl.Float64,
    "reason": pl.String,
    "failure": pl.String,
}


def recipe(home: Home, **terms: object) -> Recipe:
    """A recipe that asks for a certificate on these terms."""
    made = make.recipe(home, Path("mine.jsonl"))
    return made.model_copy(update={"certificate": Certification.model_validate(terms)})


def drafts(count: int, *, stratum: str = "sums", word: str = "joins") -> list[Sample]:
    """Drafts of a seed each."""
    return [
        make.synthetic([make.human(f"It takes {n} from {n + 3}.")], f"It {word} {n} texts.", stratum=stratum)
        for n in range(count)
    ]


def accept(home: Home, recipe: Recipe, made: Iterable[Sample], *, setup: str = "test", share: float = 1.0) -> None:
    """Accept drafts, as a screen does that draws a share of them for audits."""
    samples = list(made)
    entries = [
        Draft(request_key=one.sample_id, setup=setup, rank=one.sample_id, state="drafted", sample=one, model="tiny")
        for one in samples
    ]
    journal.write(home, recipe.name, entries)
    rows = [(one.sample_id, "accepted", [], share > 0, share) for one in samples]
    verdicts = pl.DataFrame(rows, schema=VERDICTS, orient="row")
    screening.add_verdicts(home, recipe.name, Screen.of(recipe).ruleset, verdicts)


def signal(home: Home, recipe: Recipe, name: str, scores: dict[str, float]) -> None:
    """What a validator said, as if it had run."""
    (validator,) = [one for one in Screen.of(recipe).validators if one.name == name]
    rows = [(key, name, validator.version, params_digest(validator), score, "", None) for key, score in scores.items()]
    screening.add_signals(home, recipe.name, pl.DataFrame(rows, schema=SIGNALS, orient="row"))


def decide(
    home: Home, recipe: Recipe, made: Sequence[Sample], verdict: str | list[str] = "approve", *, start: int = 0
) -> None:
    """Decide drafts one after the other, from now on; all alike where there is one verdict."""
    now = datetime.now(UTC)
    verdicts = [verdict] * len(made) if isinstance(verdict, str) else verdict
    entries = [
        Decision(
            decision_id=f"d{start + place}",
            seq=start + place,
            sample_id=one.sample_id,
            recipe=recipe.name,
            verdict=word,
            reasons=(),
            edited_id=None,
            reviewer="ada",
            route="audit",
            incl_prob=1.0,
            shown_hash="0" * 64,
            reviewed_at=now + timedelta(microseconds=place),
        )
        for place, (one, word) in enumerate(zip(made, verdicts, strict=True))
    ]
    decisions.add(home, recipe.name, entries, [])
