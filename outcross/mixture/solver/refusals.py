"""Why a mixture is refused, and what would help, in words that a data engineer can act on."""

import numpy as np

from outcross.errors import MixtureRefused
from outcross.mixture.solver.missing import fewest
from outcross.mixture.solver.prices import Largest
from outcross.mixture.solver.programme import Programme
from outcross.mixture.solver.wording import below, percent, quoted, shopping, some
from outcross.mixture.supply import Counts, Supply

CAPS = ("synthetic cap", "unreviewed cap", "bias budget")


def without_people() -> MixtureRefused:
    """There is no human row at all."""
    return MixtureRefused(
        "no human row is at hand, and human rows define the strata's shares. Ingest human data first.",
        rule="human floor",
    )


def unanchored(programme: Programme, size: float) -> MixtureRefused:
    """The target wants strata in which there is no human row."""
    supply = programme.supply
    bare = (supply.human == 0) & (programme.shares > 0)
    many = "they have" if bare.sum() > 1 else "it has"
    return _refused(
        programme,
        size,
        rule="target",
        largest=0.0,
        why=f"the target wants {some(supply.strata, bare, programme.shares)}, and {many} no human row",
    )


def too_large(programme: Programme, most: Largest, size: float) -> MixtureRefused:
    """The size asked for is above the largest that the rules allow."""
    rule, stratum = _binding(programme, most)
    return _refused(programme, size, rule=rule, largest=most.size, why=_why(programme, rule, stratum, size))


def _refused(programme: Programme, size: float, *, rule: str, largest: float, why: str) -> MixtureRefused:
    supply = programme.supply
    needed = fewest(supply, programme.policy, size)
    lacking = _most_first(supply, needed)
    wanted = f"{size:,.10g}"
    many = "together they" if len(lacking) > 1 else ""
    bought = shopping(lacking, dict(zip(supply.strata, supply.shares, strict=True)))
    return MixtureRefused(
        f"a mixture of {wanted} rows breaks the policy ({rule}): {why}. At most {below(largest)} rows are possible. "
        f"{bought}{'; ' * bool(many)}{many} would allow {wanted} rows.",
        rule=rule,
        largest=largest,
        missing=lacking,
    )


def _most_first(supply: Supply, needed: Counts) -> dict[str, int]:
    order = np.argsort(-needed, kind="stable")
    return {supply.strata[index]: int(needed[index]) for index in order if needed[index]}


def _binding(programme: Programme, most: Largest) -> tuple[str, int]:
    """The rule that loosening by one part in a hundred would help most, and the stratum that it binds in most.

    The largest size is homogeneous in the rows at hand: it is the sum of all rows times their prices. Where no rule
    has a price of its own, the rows themselves are what is missing.
    """
    mass = programme.masses(most.z).sum(axis=1) / np.where(programme.shares > 0, programme.shares, 1)
    floor = programme.rule == "human floor"
    over = np.zeros(len(programme.rule))
    over[floor] = (programme.floors * mass)[programme.stratum[floor]]
    capped = np.isin(programme.rule, CAPS)
    over[capped] = -programme.least[capped] * most.size
    helps = most.loosened * over
    by_rule = {name: float(helps[programme.rule == name].sum()) for name in ("human floor", *CAPS)}
    rule = max(by_rule, key=by_rule.__getitem__)
    if by_rule[rule] <= 1e-6 * most.size:
        return "supply", int(np.argmax((most.raised * programme.supply.rows).sum(axis=1)))
    worst = np.argmax(np.where(floor, helps, -1))
    return rule, int(programme.stratum[worst]) if rule == "human floor" else -1


def _why(programme: Programme, rule: str, stratum: int, size: float) -> str:
    """What the rule demands at this size, and what is there."""
    policy, supply = programme.policy, programme.supply
    return {
        "human floor": lambda: _short_of_people(programme, stratum, size),
        "supply": lambda: _short_of_rows(programme, stratum, size),
        "synthetic cap": lambda: (
            f"reviewed and unreviewed rows may hold at most {policy.synthetic_cap:g} of it, and "
            "human and hybrid rows, counted as often as they may, don't fill the rest"
        ),
        "unreviewed cap": lambda: (
            f"rows accepted without a person may hold at most {policy.unreviewed_cap:g} of it, "
            "and human, hybrid and reviewed rows, counted as often as they may, don't fill the rest"
        ),
        "bias budget": lambda: (
            f"beside {supply.human.sum():,} human rows the shares of other rows times their "
            f"biases may come to {-programme.least[programme.rule == rule].sum():.3g} at most, and that leaves too few"
        ),
    }[rule]()


def _short_of_people(programme: Programme, stratum: int, size: float) -> str:
    supply, policy, floor = programme.supply, programme.policy, programme.floors[stratum]
    human, credit = int(supply.human[stratum]), float(supply.credit[stratum])
    counted = policy.epoch_cap * human + credit * policy.hybrid_epoch_cap * float(supply.rows[stratum, 1])
    name, wanted = quoted(supply.strata[stratum]), float(programme.shares[stratum]) * size
    if counted >= floor * wanted:
        return "the human rows that every stratum must hold, counted as often as they may, and the others don't fill it"
    edited = f" and {supply.rows[stratum, 1]:,} hybrid ones at a credit of {credit:g}" if credit else ""
    return (
        f"human rows must hold {floor:.3g} of {percent(programme.shares[stratum])} stratum {name}, "
        f"{floor * wanted:,.1f} rows of mass, and its {human:,}, counted at most {policy.epoch_cap:g} times{edited}, "
        f"come to {counted:,.1f}"
    )


def _short_of_rows(programme: Programme, stratum: int, size: float) -> str:
    held = programme.masses(programme.most).sum(axis=1)
    if held.sum() < size or held[stratum] >= float(programme.shares[stratum]) * size:
        return f"all rows at hand, counted as often as they may, come to {held.sum():,.1f}"
    name = quoted(programme.supply.strata[stratum])
    return (
        f"the rows of {percent(programme.shares[stratum])} stratum {name}, counted as often as they may, come to "
        f"{held[stratum]:,.1f}, and {float(programme.shares[stratum]) * size:,.1f} are wanted there"
    )
