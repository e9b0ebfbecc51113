"""Words drawn again and again from their own counts: what population genetics calls drift (Wright and Fisher).

Shares of words are those of alleles, a generation's tokens are its population, and fresh human tokens are migrants.
"""

import numpy as np
from numpy.typing import ArrayLike

from outcross.mixture.retention import Array


def redrawn(
    shares: ArrayLike, tokens: int, generations: int, runs: int, rng: np.random.Generator, fresh: float = 0.0
) -> Array:
    """Shares of words after so many generations, each `tokens` draws from the last one's shares.

    Args:
        shares: people's shares of the words, summing to 1, shape (words,); generation 0 is drawn from them.
        tokens: draws a generation.
        generations: how many follow generation 0.
        runs: how many times.
        rng: the only source of chance.
        fresh: probability that a token is drawn from people's shares instead.

    Returns:
        Shape (runs, words).
    """
    human = np.asarray(shares, dtype=np.float64)
    drawn = rng.multinomial(tokens, human, size=runs) / tokens
    for _ in range(generations):
        drawn = rng.multinomial(tokens, fresh * human + (1 - fresh) * drawn) / tokens
    return drawn


def repeated(shares: ArrayLike) -> Array:
    """S, the probability that two draws are the same word: sum of p^2 over the last axis."""
    return np.asarray((np.asarray(shares) ** 2).sum(axis=-1))


def repeated_mean(start: float, tokens: int, generations: int) -> float:
    """Mean S of a generation drawn from shares with S = `start`, so many generations before: 1 - (1 - 1/n)^t (1 - S_0).

    Source:
        Seddik et al., arXiv 2404.05090.
    """
    return 1 - (1 - 1 / tokens) ** generations * (1 - start)


def settled(tokens: int, fresh: float) -> float:
    """F, where drift settles with fresh human tokens: S goes from S_0 towards 1 by this share of the way.

    1 / (n - (n-1) (1-b)^2), about 1 / (1 + 2 n b): the number n b of fresh tokens counts, not their share b. Ten hold
    F below 0.05.

    Source:
        Wright's island model ("Evolution in Mendelian populations", Genetics 16, 1931) with haploid migrants.
    """
    return 1 / (tokens - (tokens - 1) * (1 - fresh) ** 2)


def forgotten_after(count: int, tokens: int, runs: int, rng: np.random.Generator, longest: int) -> Array:
    """Generations until a word that was seen `count` times in `tokens` isn't seen any more.

    Returns:
        Shape (runs,); infinity for runs that still had it after `longest`.
    """
    counts, after = np.full(runs, count), np.full(runs, np.inf)
    for generation in range(1, longest + 1):
        counts = rng.binomial(tokens, counts / tokens)
        after[(counts == 0) & np.isinf(after)] = generation
    return after


def forgotten_median(count: int) -> float:
    """Median of `forgotten_after` in long texts, for all but the rarest words: 2 c / ln 2 = 2.89 c.

    Counts follow a branching process whose members have one child on average, and it has ended by generation t
    with probability exp(-2 c / t).

    Source:
        That it is linear in the count: Suresh et al., arXiv 2412.17646. The law: Feller, "Diffusion processes in
        genetics", Proceedings of the Second Berkeley Symposium (1951).
    """
    return float(2 * count / np.log(2))
