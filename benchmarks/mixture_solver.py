"""How long a mixture's plan takes, how exact it is, and whether refusals ask for enough.

    PYTHONPATH=. python benchmarks/mixture_solver.py

Medians of seven runs in CPU-milliseconds. `best` is the quadratic programme from its matrix to the exact masses,
`largest` the linear programme of the largest size with its prices, `fewest` the one for the human rows that a third
more than that takes, with a fixed target; `refusal` is all that it takes to find them in whole rows and to try them.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from outcross.errors import MixtureRefused
from outcross.mixture.plan import plan
from outcross.mixture.policy import Policy
from outcross.mixture.solver.missing import fewest, fewest_parts
from outcross.mixture.solver.optimum import optimum
from outcross.mixture.solver.prices import largest
from outcross.mixture.solver.programme import Programme
from tests.supplies import any_supply, of_size

RUNS = 7


def milliseconds(work: Callable[[], object]) -> float:
    """Median CPU time of a call, in milliseconds."""
    spent = []
    for _ in range(RUNS):
        begin = time.process_time()
        work()
        spent.append(1000 * (time.process_time() - begin))
    return statistics.median(spent)


def line(strata: int) -> str:
    """Times and exactness for so many strata."""
    supply = of_size(strata)
    programme = Programme.of(supply, Policy(), exact=True)
    most, size = largest(programme), float(supply.human.sum())
    fixed, wanted = replace(supply, target=supply.shares), 4 / 3 * most.size
    target = Programme.of(fixed, Policy())
    spent = [
        milliseconds(lambda: optimum(programme, size, most)),
        milliseconds(lambda: optimum(programme, most.size, most)),
        milliseconds(lambda: largest(programme)),
        milliseconds(lambda: fewest_parts(target, wanted, 0)),
        milliseconds(lambda: plan(supply, Policy())),
        milliseconds(lambda: fewest(fixed, Policy(), wanted)),
    ]
    off = [optimum(programme, at, most).residual for at in (size, most.size)]
    return " | ".join([f"| {strata:,}", *(f"{one:,.1f}" for one in spent), *(f"{one:.0e}" for one in off)]) + " |"


def refusals() -> None:
    """200 cases that can't be: all refused, and all possible with the rows that the refusals ask for."""
    refused = mended = 0
    begin = time.process_time()
    for seed in range(200):
        supply, policy = any_supply(seed, fixed=seed % 2 == 0)
        size = np.ceil(max(1, largest(Programme.of(supply, policy)).size) * (1.01 + 3 * (seed % 100) / 100))
        policy = policy.model_copy(update={"size": float(size)})
        try:
            plan(supply, policy)
        except MixtureRefused as refusal:
            refused += 1
            more = np.array([refusal.missing.get(name, 0) for name in supply.strata])
            plan(supply.with_human(more), policy)
            mended += 1
    spent = time.process_time() - begin
    print(f"\n{refused} of 200 impossible mixtures refused; {mended} possible with the rows asked for ({spent:.1f} s)")


if __name__ == "__main__":
    print("| strata | best | best at the largest | largest | fewest | plan | refusal | residual | at the largest |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for count in (5, 50, 500, 2000):
        print(line(count), flush=True)
    refusals()
