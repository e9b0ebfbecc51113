"""A language model of word trigrams that learns from its own writing: what readers of real text would lose.

The protocol of Shumailov et al. (arXiv 2305.17493), with a model that is trained in a second: each generation is fitted
to a mixture, writes as many rows as there are human ones, and its writing goes into the next mixture.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from outcross.mixture.collapse.passages import RARE, Passages, distinct
from outcross.mixture.collapse.policies import DEPTH_ONE, WEIGHTS
from outcross.mixture.collapse.result import Result, curves, figure, survived
from outcross.mixture.text.counts import Floats
from outcross.mixture.text.ngram import Trigram
from outcross.mixture.text.tails import Tail
from outcross.mixture.text.tilt import tilt
from outcross.mixture.text.tokens import Encoded

ROWS, GENERATIONS = 12_000, 10
QUICK_ROWS, QUICK = 6_000, 5

COOLER = 0.9
"""The temperature of the second habit: below 1 a model prefers what it has seen often."""

WORST = 0.95
"""Quantile of the held-out rows' perplexities."""

DRAWN = (0, 1, 5, 10)
"""Generations whose writing is shown, and how many rows of it."""
SAMPLES = 2

REASONS = {
    "human": "nothing is compounded, and there is nothing to gain",
    "replace": "each generation forgets the words and the turns that the last one happened not to write",
    "accumulate": "no word is lost, but people’s own are an ever smaller part of what is read",
    "share": "a tenth of the human rows can’t hold what all of them knew",
    "golden": "human rows hold the weight, and the rest thins a little further each time",
    "depth1": "the rest is thinned once, and never again on its own leavings",
    "ours": "sections keep their shares, and rows with rare words count for more where they had thinned",
}


class Mix(NamedTuple):
    """What one generation learns from."""

    rows: Encoded
    weights: Floats
    """Shape (n_rows,), > 0; a row that counts as often as it stands there has 1."""


@dataclass(frozen=True, eq=False)
class Generation:
    """A model, what it learned from, and what it wrote."""

    mix: Mix
    model: Trigram
    written: Encoded


def run(
    policy: str,
    texts: pl.DataFrame,
    *,
    seed: int = 0,
    generations: int | None = None,
    rows: int | None = None,
    quick: bool = False,
) -> Result:
    """The models of all generations under one policy, at temperature 1 and at 0.9.

    Args:
        policy: a key of `POLICIES`.
        texts: document, stratum, text: what people wrote. A fifth is held out, by whole documents.
        seed: of the whole experiment; the human rows are the same under all policies.
        generations: how many; 10 where None, or 5 for a quick run.
        rows: human rows, and rows that each generation writes; 12,000 where None, 6,000 for a quick run, and fewer
            where the texts have fewer.
        quick: see `generations` and `rows`; at temperature 1 alone.

    Raises:
        InputError: the texts have fewer than three documents.
    """
    last = generations or (QUICK if quick else GENERATIONS)
    rows = rows or (QUICK_ROWS if quick else ROWS)
    passages = Passages.of(texts, rows, np.random.default_rng([seed, 0]))
    found: dict[str, Floats] = {}
    pictures = []
    for habit, temperature in (("", 1.0),) if quick else (("", 1.0), (f", at {COOLER}", COOLER)):
        lines = []
        for number, generation in enumerate(chain(policy, passages, seed=seed, generations=last, cool=temperature)):
            lines.append(measured(passages, generation))
            if not habit and number in DRAWN:
                pictures.append(shown(policy, number, passages.read(generation.written.take(np.arange(SAMPLES)))))
        found |= {f"{name}{habit}": np.array([line[name] for line in lines]) for name in lines[0]}
    left = {name: float(values[-1]) for name, values in found.items()}
    said = (
        f"After {last} generations the perplexity of people’s text is {figure(left['perplexity'])}, "
        f"{figure(left['perplexity'] / found['perplexity'][0])} times what human rows give, and "
        f"{left['tail mass']:.0%} of the rare words’ mass is left: {REASONS[policy]}."
    )
    return Result(
        "language",
        curves(policy, np.arange(last + 1), found),
        survived(policy, left),
        pl.concat(pictures),
        {policy: said},
    )


def chain(policy: str, passages: Passages, *, seed: int, generations: int, cool: float = 1.0) -> Iterator[Generation]:
    """Each generation in turn, generation 0 first, which is fitted to the human rows alone.

    Args:
        cool: the temperature at which all of them write.
    """
    rng = np.random.default_rng([seed, 1])
    human = passages.human
    tail = Tail.of(passages.counts(human))
    mix = Mix(human, np.ones(human.lengths.size))
    first: Trigram | None = None
    for number in range(generations + 1):
        model = Trigram.fit(mix.rows, passages.n_types, mix.weights)
        first = first or model
        written = (first if policy in DEPTH_ONE else model).sample(human.lengths.size, rng, cool)
        yield Generation(mix, model, written)
        if number < generations and policy != "human":
            factors = matched(passages, tail, written) if policy == "ours" else np.ones(human.lengths.size)
            mix = mixed(policy, human, mix, Mix(written, factors))


def mixed(policy: str, human: Encoded, before: Mix, written: Mix) -> Mix:
    """What the next generation learns from.

    Under `accumulate` all rows count once; under the others the weights together are as many as the human rows.

    Args:
        policy: a key of `POLICIES`, not `human`.
        human: the human rows.
        before: what the last generation learned from.
        written: as many rows as the human ones, by the last generation, or under depth 1 by generation 0; with weights
            of mean 1. Those with weight 0 are left out.
    """
    n_rows = human.lengths.size
    share = WEIGHTS.get(policy, 0.0)
    if policy == "accumulate":
        return _joined(before, written)
    if policy == "share":
        few = round(share * n_rows)
        some, rest = np.arange(few) * n_rows // few, np.arange(n_rows - few)
        written = Mix(written.rows.take(rest), written.weights[rest])
        return _joined(Mix(human.take(some), np.ones(few)), written)
    kept = np.flatnonzero(written.weights)
    new = Mix(written.rows.take(kept), (1 - share) * written.weights[kept])
    return _joined(Mix(human, np.full(n_rows, share)), new) if share else new


def matched(passages: Passages, tail: Tail, written: Encoded) -> Floats:
    """Factors by which written rows have people's sections, and in each of them people's rare words.

    Sections are pinned to their shares of the human rows; inside each, rows are tilted towards the rare words and the
    words that a human row has in the mean. Rows without a section's mark get 0. Shape (n_rows,), mean 1.
    """
    theirs, ours = passages.section(passages.human), passages.section(written)
    wanted, have = passages.features(passages.human, tail), passages.features(written, tail)
    factors = np.zeros(ours.size)
    for section in range(passages.sections):
        place, human = np.flatnonzero(ours == section), theirs == section
        if place.size:
            factors[place] = tilt(have[place], wanted[human].mean(axis=0)) * human.mean() / place.size
    return np.asarray(factors * ours.size / factors.sum())


def measured(passages: Passages, generation: Generation) -> dict[str, float]:
    """What a generation can do, what it learned from and what it writes, a value a measure.

    `perplexity` and `worst rows` (the 95th percentile over rows) are of held-out human text under the discount 0.75,
    `tuned perplexity` under the one that suits the mixture best. `tail mass` and `rare sections` are of the mixture,
    as shares of the human rows' own; `types` counts the mixture's words, and `distinct-4` judges the writing.
    """
    mix, model = generation.mix, generation.model
    nats, words = model.nll(passages.held)
    human, counts = passages.counts(passages.human), passages.counts(*mix)
    tail = Tail.of(human)
    shares = passages.shares(passages.human)
    rare = shares < RARE
    return {
        "perplexity": float(np.exp(nats.sum() / words.sum())),
        "tuned perplexity": model.tuned(passages.dev).perplexity(passages.held),
        "worst rows": float(np.quantile(np.exp(nats / words), WORST)),
        "tail mass": float(tail.mass(counts) / tail.mass(human)),
        "types": float(np.count_nonzero(counts)),
        "distinct-4": distinct(generation.written),
        "rare sections": float(passages.shares(*mix)[rare].sum() / shares[rare].sum()) if rare.any() else 1.0,
    }


def _joined(one: Mix, other: Mix) -> Mix:
    return Mix(Encoded.concatenated([one.rows, other.rows]), np.concatenate([one.weights, other.weights]))


def shown(policy: str, generation: int, rows: list[str]) -> pl.DataFrame:
    """What a generation writes, for the page."""
    return pl.DataFrame(
        {"policy": policy, "generation": generation, "text": rows}, schema_overrides={"generation": pl.Int64}
    )
