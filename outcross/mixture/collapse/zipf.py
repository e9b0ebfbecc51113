"""Symbols of a Zipf law counted and drawn again: how the rare ones die, of noise and of a generator's own habit.

The setting of Dohmatob et al. (arXiv 2402.07043) and Seddik et al. (arXiv 2404.05090): a generator is the frequencies
that it saw. Its habit is top-p: it writes only the commonest symbols that hold 95 % of the mass.
"""

import numpy as np
from numpy.typing import NDArray

from outcross.mixture.collapse.policies import DEPTH_ONE, SHARE, weight
from outcross.mixture.collapse.result import Result, curves, survived

SYMBOLS = 20_000
EXPONENT = 1.5
TOKENS = 100_000
"""Symbols in the human sample, and in what each generation writes."""

GENERATIONS = 100
TOP_P = 0.95
TAIL = 0.1
"""Share of the truth's mass that the rarest symbols hold which are called the tail."""

REASONS = {
    "human": "All that one sample of people’s text holds",
    "replace": "What falls below the cut once is gone for good",
    "accumulate": "Each symbol is still somewhere in the pool, and a count of survivors would say that all is well",
    "share": "No generator writes the tail, so that the human share of it is what stays",
    "golden": "The cut compounds, but only in the weight that is not human",
    "depth1": "The cut is made once, on the human sample, and never again on its own leavings",
    "ours": "The tail’s mass is pinned, though inside it thins towards its commoner symbols",
}

Floats = NDArray[np.float64]


def run(policy: str, *, seed: int = 0, generations: int | None = None, quick: bool = False) -> Result:  # noqa: ARG001
    """The frequencies of every generation under one policy, with top-p and without.

    Args:
        policy: a key of `POLICIES`.
        seed: of the whole experiment; the human sample is the same under all policies.
        generations: how many; 100 where None.
        quick: changes nothing, because it is quick.
    """
    last = GENERATIONS if generations is None else generations
    measures: dict[str, Floats] = {}
    for habit, top_p in (("", TOP_P), (", no cut", 1.0)):
        fits = chain(policy, seed=seed, generations=last, top_p=top_p)
        measures |= {f"{name}{habit}": values for name, values in measured(fits).items()}
    left = {name: float(values[-1]) for name, values in measures.items()}
    symbols = f"{left['symbols']:,.0f} of {measures['symbols'][0]:,.0f} symbols"
    said = f"{REASONS[policy]}: {100 * left['tail mass']:.0f} % of the tail’s mass, and {symbols}."
    return Result("zipf", curves(policy, np.arange(last + 1), measures), survived(policy, left), said={policy: said})


def truth() -> Floats:
    """The law that people write by, commonest symbol first, shape (SYMBOLS,)."""
    mass = np.arange(1, SYMBOLS + 1) ** -EXPONENT
    return np.asarray(mass / mass.sum())


def tail() -> NDArray[np.bool_]:
    """The rarest symbols that together hold a tenth of the truth."""
    return np.asarray(np.cumsum(truth()[::-1])[::-1] <= TAIL)


def chain(policy: str, *, seed: int, generations: int, top_p: float = 1.0) -> list[Floats]:
    """The frequencies that each generation was fitted to, generation 0's first.

    Args:
        top_p: mass of the commonest symbols that a generator writes at all.
    """
    rng, later = (np.random.default_rng([seed, part]) for part in (0, 1))
    few = round(SHARE * TOKENS)
    some = rng.multinomial(few, truth()) / few
    human = SHARE * some + (1 - SHARE) * rng.multinomial(TOKENS - few, truth()) / (TOKENS - few)
    rare = tail()
    fits = [human]
    for generation in range(1, generations + 1):
        source = cut(human if policy in DEPTH_ONE else fits[-1], top_p)
        rows = TOKENS - few if policy == "share" else TOKENS
        written = later.multinomial(rows, source) / rows
        kept = {"share": some, "accumulate": fits[-1]}.get(policy, human)
        share = weight(policy, generation)
        fit = share * kept + (1 - share) * written
        fits.append(pinned(fit, human, rare) if policy == "ours" else fit)
    return fits


def cut(mass: Floats, top_p: float) -> Floats:
    """What a generator writes: the fewest commonest symbols that hold `top_p` (nucleus sampling, arXiv 1904.09751)."""
    order = np.argsort(-mass, kind="stable")
    # Rounding must not keep the last symbol from being reached.
    held = np.cumsum(mass[order]) - mass[order] < top_p - 1e-12
    kept = np.zeros_like(mass)
    kept[order[held]] = mass[order[held]]
    return np.asarray(kept / kept.sum())


def pinned(mass: Floats, human: Floats, rare: NDArray[np.bool_]) -> Floats:
    """Both strata, the common and the rare symbols, with the mass that they have among human rows."""
    wanted = human[rare].sum()
    factors = np.where(rare, wanted / mass[rare].sum(), (1 - wanted) / mass[~rare].sum())
    return np.asarray(mass * factors)


def measured(fits: list[Floats]) -> dict[str, Floats]:
    """Symbols with any mass, the tail's mass as a share of the human sample's, and bits, a value a generation."""
    rare = tail()
    held = fits[0][rare].sum()
    return {
        "symbols": np.array([np.count_nonzero(fit) for fit in fits], dtype=np.float64),
        "tail mass": np.array([fit[rare].sum() / held for fit in fits]),
        "entropy": np.array([_bits(fit) for fit in fits]),
    }


def _bits(mass: Floats) -> float:
    some = mass[mass > 0]
    return float(-(some * np.log2(some)).sum())
