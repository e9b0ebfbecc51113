"""A small transformer that is fine-tuned each generation on what the last one wrote: the original protocol in small.

As Shumailov et al. (arXiv 2305.17493) do with OPT-125m: one base, trained on other prose, is fine-tuned afresh in
every generation, here on 3,000 rows. It needs torch and tokenizers, which nothing else here does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from outcross.data.corpora.prose import held_out
from outcross.mixture.collapse.language import Mix, matched, mixed, shown
from outcross.mixture.collapse.passages import Passages, claimed, distinct, marked, pooled, sections
from outcross.mixture.collapse.policies import DEPTH_ONE
from outcross.mixture.collapse.result import Result, curves, figure, survived
from outcross.mixture.text.neural import Pieces, Proxy
from outcross.mixture.text.tails import Tail
from outcross.mixture.text.tokens import Encoded, Vocabulary

ROWS, GENERATIONS = 3_000, 3
QUICK_ROWS, QUICK = 1_000, 2

BASE_EPOCHS, EPOCHS = 3, 2
"""Passes over the base's rows, and over each generation's."""

TEMPERATURES = {"": 0.8, ", at 1": 1.0}

REASONS = {
    "human": "nothing is compounded",
    "replace": "each generation is tuned to the habits of the last",
    "accumulate": "people's rows are an ever smaller part of what is read",
    "share": "a tenth of the human rows can't hold what all of them knew",
    "golden": "human rows hold the weight, and the rest thins a little further each time",
    "depth1": "what is written has thinned once, and never again",
    "ours": "sections keep their shares, and rows with rare words count for more",
}


@dataclass(frozen=True, eq=False)
class Ground:
    """Text in pieces and in words, and the base that every generation starts from."""

    pieces: Pieces
    passages: Passages
    """The same rows as words, which tails and sections are counted in."""
    base: Proxy
    human: Encoded
    """Pieces after the section's mark."""
    held: Encoded

    @classmethod
    def of(cls, texts: pl.DataFrame, rows: int, seed: int) -> "Ground":
        """Part the documents: held out, other prose for the base, and the human rows.

        Args:
            texts: document, stratum, text.
            rows: human rows; the base is trained on twice as many, and half as many are
                held out. Fewer where there are fewer.
            seed: of the draws and of the base.
        """
        rng = np.random.default_rng([seed, 0])
        rest, held = held_out(pooled(texts))
        human, other = held_out(rest, 0.5)
        human, other = human[rng.permutation(human.height)[:rows]], other[rng.permutation(other.height)[: 2 * rows]]
        held = held[rng.permutation(held.height)[: rows // 2]]
        pieces, names = Pieces.of(other["text"]), human["stratum"].unique().sort()
        read = [marked(pieces.encode(part["text"]), sections(part, names), len(pieces)) for part in (human, held)]
        vocabulary = Vocabulary.of(human["text"])
        words = [Passages.words(part, names, vocabulary) for part in (human, held, other)]
        base = Proxy.fit(pieces.encode(other["text"]), len(pieces) + names.len(), epochs=BASE_EPOCHS, seed=seed)
        return cls(pieces, Passages(vocabulary, names.len(), *words), base, *read)

    @cached_property
    def tail(self) -> Tail:
        """The rare words of the human rows."""
        return Tail.of(self.passages.counts(self.passages.human))

    def words(self, written: Encoded) -> Encoded:
        """Rows of pieces as rows of words, with the marks that they have."""
        texts = pl.Series(self.pieces.decode(written), dtype=pl.String)
        vocabulary = self.passages.vocabulary
        section = np.minimum(claimed(written, len(self.pieces)), self.passages.sections - 1)
        return marked(vocabulary.encode(texts), section, len(vocabulary))


@dataclass(frozen=True, eq=False)
class Generation:
    """A model and what it wrote, in pieces and in words."""

    model: Proxy
    written: Encoded
    words: Encoded


def run(
    policy: str, texts: pl.DataFrame, *, seed: int = 0, generations: int | None = None, quick: bool = False
) -> Result:
    """The models of all generations under one policy, at temperature 0.8 and at 1.

    Args:
        policy: a key of `POLICIES`.
        texts: document, stratum, text: what people wrote.
        seed: of the whole experiment; the base and the human rows are the same under all policies.
        generations: how many; 3 where None, or 2 for a quick run.
        quick: see `generations`; with fewer rows, and at temperature 0.8 alone.

    Raises:
        InputError: the texts have fewer than three documents.
    """
    last = generations or (QUICK if quick else GENERATIONS)
    ground = Ground.of(texts, QUICK_ROWS if quick else ROWS, seed)
    found: dict[str, list[float]] = {}
    pictures = []
    for habit, temperature in list(TEMPERATURES.items())[: 1 if quick else None]:
        lines = []
        for number, generation in enumerate(chain(policy, ground, seed=seed, generations=last, cool=temperature)):
            lines.append(measured(ground, generation))
            if not habit:
                some = ground.pieces.decode(generation.written.take(np.arange(2)))
                pictures.append(shown(policy, number, some))
        found |= {f"{name}{habit}": [line[name] for line in lines] for name in lines[0]}
    left = {name: values[-1] for name, values in found.items()}
    said = (
        f"After {last} generations the perplexity of people’s text is {figure(left['perplexity'])} after "
        f"{figure(found['perplexity'][0])}, and what is written holds {left['tail mass']:.0%} of the rare words’ mass "
        f"after {found['tail mass'][0]:.0%}: {REASONS[policy]}."
    )
    table = curves(policy, np.arange(last + 1), found)
    return Result("transformer", table, survived(policy, left), pl.concat(pictures), {policy: said})


def chain(policy: str, ground: Ground, *, seed: int, generations: int, cool: float) -> Iterator[Generation]:
    """Each generation in turn, generation 0 first, which is tuned on the human rows alone.

    Args:
        cool: the temperature at which all of them write.
    """
    rng = np.random.default_rng([seed, 1])
    n_rows = ground.human.lengths.size
    mix = Mix(ground.human, np.ones(n_rows))
    first: Proxy | None = None
    for _ in range(generations + 1):
        model = Proxy.fit(mix.rows, ground.base.n_types, mix.weights, base=ground.base, epochs=EPOCHS, seed=seed)
        first = first or model
        written = (first if policy in DEPTH_ONE else model).sample(n_rows, rng, cool)
        words = ground.words(written)
        yield Generation(model, written, words)
        if policy != "human":
            factors = matched(ground.passages, ground.tail, words) if policy == "ours" else np.ones(n_rows)
            mix = mixed(policy, ground.human, mix, Mix(written, factors))


def measured(ground: Ground, generation: Generation) -> dict[str, float]:
    """What a generation can do and what it writes, a value a measure.

    `perplexity` is of held-out rows, per piece; `tail mass` compares what is written with them, for both are strangers
    to the rows that the tail was chosen on.
    """
    passages = ground.passages
    people, written = (passages.counts(rows) for rows in (passages.held, generation.words))
    return {
        "perplexity": generation.model.perplexity(ground.held),
        "tail mass": float(ground.tail.mass(written) / ground.tail.mass(people)),
        "distinct-2": distinct(generation.words, 2),
        "distinct-4": distinct(generation.words, 4),
    }
