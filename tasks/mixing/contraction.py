"""Contraction of a recipe: by stratum, by gate and by generator, with what else a mixture is solved from."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.samples import Origin
from outcross.data.stores import warehouse
from outcross.data.stores.home import Home
from outcross.mixture.text.contraction import CUTS, LEAST_ROWS, Kappa, Measured
from outcross.mixture.text.counts import Keep
from outcross.mixture.text.tilt import features, tilt
from outcross.tasks.mixing import kept
from outcross.tasks.mixing.bias import biases, klass
from outcross.tasks.mixing.candidates import Candidates
from outcross.tasks.mixing.kept import Kept
from outcross.tasks.mixing.texts import texts

STRATA = {
    "stratum": pl.String,
    "kappa": pl.Float64,
    "credit": pl.Float64,
    "hybrid_bias": pl.Float64,
    "reviewed_bias": pl.Float64,
    "unreviewed_bias": pl.Float64,
    "kappa_point": pl.Float64,
    "rows": pl.Int64,
}
MEASURES = {"kappa": pl.Float64, "low": pl.Float64, "high": pl.Float64, "rows": pl.Int64, "documents": pl.Int64}
GATES = {
    "validator": pl.String,
    "origin": pl.String,
    **MEASURES,
    "judged": pl.Int64,
    "diversity": pl.Float64,
    "flagged": pl.Boolean,
}
GENERATORS = {"model": pl.String, **MEASURES}
TILTS = {"sample_id": pl.String, "tilt": pl.Float64}


@dataclass(frozen=True, eq=False)
class Contraction:
    """What was measured; kappa is 1 where no rare words are lost and 0 where all are, with a 90 % interval.

    A kappa is null where either side has fewer than 30 rows, and its interval where one document is all there is.
    """

    strata: pl.DataFrame
    """The columns `STRATA`, ordered by stratum: `kappa` is the lower bound, 1 at most, for the candidates that models
    wrote or drafted, end to end; `kappa_point` the estimate, `rows` their number; for the others see `biases`."""
    gates: pl.DataFrame
    """The columns `GATES`: what each validator alone keeps of the rows `judged`, drafts or people's; `rows` and
    `documents` are those kept. `flagged` says that it cuts more than 5 % of people's own rare words, so that it narrows
    the data whatever the generator."""
    generators: pl.DataFrame
    """The columns `GENERATORS`, ordered by model: its drafts as they came, stratum by stratum."""
    tilts: pl.DataFrame
    """The columns `TILTS`: for each candidate that people didn't write, a factor > 0 with mean 1 in its class and
    stratum that brings rare words, length and entropy nearer to people's; 1 where there are too few rows."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for each gate that is flagged."""
        return tuple(
            f"The validator `{row['validator']}` leaves rare words {1 - row['kappa']:.0%} rarer in what it keeps of "
            f"people's own rows (kappa {row['kappa']:.2f}{_interval(row)}): it narrows the data whatever the "
            f"generator. Lower `accept_from` in [screen.{row['validator']}]."
            for row in self.gates.filter("flagged").iter_rows(named=True)
        )


def measure(home: Home, recipe: Recipe, found: Candidates, *, seed: int = 0) -> Contraction:
    """Measure what the generators and the screen leave of people's rare words.

    Args:
        home: holds the drafts and what validators said of them.
        recipe: says what a model writes, and what the screen is.
        found: the candidates of a release; the human rows among them are what all is compared with.
        seed: of all that is drawn, so that the same rows give the same numbers.
    """
    drafts = warehouse.samples(home, recipe.name, warehouse.drafted(home, recipe.name)["sample_id"].to_list())
    rows = found.rows | {key: one for key, one in drafts.items() if key not in found.rows}
    frame = texts(recipe, rows.values())
    human = (frame["origin"] == Origin.HUMAN).to_numpy()
    measured = Measured.of(frame, human, seed=seed)
    people = [one for one in found.rows.values() if one.provenance.origin is Origin.HUMAN]
    gates = chain(kept.of_drafts(home, recipe), kept.of_people(home, recipe, people, seed=seed))
    candidates = measured.take(np.flatnonzero(_among(measured, found.rows)))
    return Contraction(
        strata=_strata(candidates, biases(home, recipe, found), seed),
        gates=pl.DataFrame([_gate(measured, one, seed) for one in gates], schema=GATES, orient="row"),
        generators=pl.DataFrame(_generators(measured, seed), schema=GENERATORS, orient="row"),
        tilts=pl.DataFrame(_tilts(candidates, found), schema=TILTS, orient="row").sort("sample_id"),
    )


def _strata(measured: Measured, known: pl.DataFrame, seed: int) -> pl.DataFrame:
    found = []
    for stratum, part in _parts(measured, "stratum"):
        human = _human(part)
        kappa = part.kappa(human, ~human, seed=seed)
        # More rare words than people's are no gain: a model's noise is rare too.
        low = None if kappa.low is None else min(1.0, kappa.low)
        found.append((stratum, low, kappa.tail, int((~human).sum())))
    schema = {name: STRATA[name] for name in ("stratum", "kappa", "kappa_point", "rows")}
    strata = pl.DataFrame(found, schema=schema, orient="row")
    return known.join(strata, on="stratum", how="left", maintain_order="left").select(STRATA.keys())


def _gate(measured: Measured, gate: Kept, seed: int) -> tuple[object, ...]:
    judged = measured.take(np.flatnonzero(_among(measured, gate.judged)))
    kappa = judged.gate(np.ones(judged.rows.height, dtype=bool), _among(judged, gate.kept), seed=seed)
    flagged = gate.origin == Origin.HUMAN and kappa.cuts
    return gate.validator, gate.origin, *_measures(kappa), judged.rows.height, kappa.diversity, flagged


def _generators(measured: Measured, seed: int) -> Iterator[tuple[object, ...]]:
    human = _human(measured)
    models = measured.rows["generator"]
    for model in models.drop_nulls().unique().sort():
        kappa = measured.kappa(human, (models == model).fill_null(value=False).to_numpy(), seed=seed)
        yield model, *_measures(kappa)


def _tilts(measured: Measured, found: Candidates) -> Iterator[tuple[str, float]]:
    for _, part in _parts(measured, "stratum"):
        wanted, human = features(part), _human(part)
        ids = part.rows["sample_id"].to_list()
        classes = np.array([klass(found, found.rows[key]) for key in ids])
        for name in np.unique(classes[~human]):
            of_class = classes == name
            enough = min(int(human.sum()), int(of_class.sum())) >= LEAST_ROWS
            factors = tilt(wanted[of_class], wanted[human].mean(axis=0)) if enough else np.ones(int(of_class.sum()))
            yield from zip(np.array(ids)[of_class].tolist(), factors.tolist(), strict=True)


def _parts(measured: Measured, column: str) -> Iterator[tuple[str, Measured]]:
    """The measured rows by what a column says."""
    places = measured.rows.with_row_index("place").group_by(column, maintain_order=True).agg("place")
    for name, part in places.iter_rows():
        yield name, measured.take(np.array(part))


def _human(measured: Measured) -> Keep:
    return (measured.rows["origin"] == Origin.HUMAN).to_numpy()


def _among(measured: Measured, ids: Collection[str]) -> Keep:
    return measured.rows["sample_id"].is_in(list(ids)).to_numpy()


def _measures(kappa: Kappa) -> tuple[float | None, float | None, float | None, int, int]:
    return kappa.tail, kappa.low, kappa.high, kappa.rows, kappa.documents


def _interval(row: dict[str, float | None]) -> str:
    if row["low"] is None or row["high"] is None:
        return ", of one document"
    unsure = f", which doesn't exclude {CUTS}" if row["high"] >= CUTS else ""
    return f", {row['low']:.2f} to {row['high']:.2f}{unsure}"
