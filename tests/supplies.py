"""Supplies of a mixture: the example of the docs, and generated ones of every shape."""

import numpy as np

from outcross.mixture.policy import Policy
from outcross.mixture.supply import Supply

SHARES = np.array([0.5, 0.25, 0.15, 0.07, 0.03])


def example(rarest: int = 300) -> Supply:
    """10,000 human rows in five strata, of which the rarest, wanted at 3 %, may have fewer."""
    human = np.round(10_000 * SHARES)
    human[-1] = rarest
    edited = np.round(2_000 * SHARES)
    reviewed = np.array([1_900, 950, 570, 266, 54])
    accepted = np.array([20_000, 10_000, 6_000, 2_800, 236])
    return Supply(
        ("code", "prose", "mail", "law", "email"),
        np.stack([human, edited, reviewed, accepted], axis=1),
        kappa=np.array(0.8),
        bias=np.array([0, 0.005, 0.005, 0.02]),
        credit=np.array(0.5),
        target=SHARES,
    )


def of_size(strata: int, seed: int = 0) -> Supply:
    """A supply of many strata, a few large and most small, every class about as large as people's."""
    rng = np.random.default_rng(seed)
    human = np.maximum(1, 200 * strata * rng.dirichlet(np.ones(strata))).astype(np.int64)
    others = [rng.poisson(human * times) for times in (0.3, 1, 3)]
    return Supply(
        tuple(f"s{index:04}" for index in range(strata)),
        np.stack([human, *others], axis=1),
        kappa=rng.uniform(0.3, 0.95, strata),
        bias=np.array([0, 0.01, 0.01, 0.03]),
        credit=np.array(0.3),
    )


def any_supply(seed: int, *, fixed: bool) -> tuple[Supply, Policy]:
    """A small supply and a policy of any kind; with a fixed target, now and then a stratum without human rows."""
    rng = np.random.default_rng(seed)
    strata = int(rng.integers(1, 12))
    rows = rng.integers(0, 300, (strata, 4))
    rows[:, 0] += 1
    if fixed and strata > 1 and rng.random() < 0.2:
        rows[0, 0] = 0
    bias = rng.choice([0, 0.01, 0.05, 0.2, 1], (strata, 4))
    bias[:, 0] = 0
    supply = Supply(
        tuple(f"s{index}" for index in range(strata)),
        rows,
        kappa=rng.choice([0, 0.5, 0.8, 0.95], strata),
        bias=bias,
        credit=rng.choice([0, 0.3, 0.5], strata),
        target=rng.dirichlet(np.ones(strata)) if fixed else None,
    )
    policy = Policy(
        retention=rng.choice([0.5, 0.75, 0.9, 1]),
        human_floor=rng.choice([0, 0.3, 0.5]),
        synthetic_cap=rng.choice([0, 0.2, 0.5, 1]),
        unreviewed_cap=rng.choice([0, 0.1, 0.3, 1]),
        bias_budget=rng.choice([0, 0.1, 1]),
        epoch_cap=rng.choice([1, 4]),
        pinning=rng.choice([0, 0.02, 0.2]),
        temperature=rng.choice([1, 1, 1.5]),
    )
    return supply, policy
