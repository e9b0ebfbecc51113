"""Watching a release: what its comparisons say, with the chance of a false alarm shared among them."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from outcross.errors import InputError
from outcross.mixture.monitor.alarms import Alarm, Watch, found, untested
from outcross.mixture.monitor.comparisons import Compared, Kind, compare
from outcross.mixture.monitor.corpus import Corpus
from outcross.mixture.monitor.measures import Measure
from outcross.mixture.monitor.spending import BLOCKING, alpha, holm


def watch(
    release: pl.DataFrame,
    human: pl.DataFrame,
    heldout: pl.DataFrame,
    *,
    number: int,
    retention: float,
    seed: int = 0,
    resamples: int = 200,
) -> Watch:
    """Look for collapse in a release.

    Two comparisons are made. All rows of the release, by weight, are held against people's; and the rows that models
    wrote against people's of the same strata, together and stratum by stratum, for there the power is: a shift isn't
    diluted by rows that are known to be human. Each comparison has half of the release's `alpha` (all of it where
    only one can be made), and shares it among its alarms by Holm's rule.

    What is compared is measured against the held-out rows, which neither side has: their rarest types, their cells,
    their likelihood. Where a stratum has too few of them, all held-out rows serve.

    What is expected is what people's rows give: sets of their documents (never rows: these would cry wolf at every
    release) of as many words, in as many documents. Each set has the tested strata's shares. A warning is a shift
    towards harm, one-sided, for more tail than people's is what a tilted mixture is meant to have. Blocking takes a
    tenth of the chance, and that the release keeps less than `retention` of what people's rows have; significance
    alone doesn't block.

    A set has at most 1,000,000 words, of which the pairs and the proxy take 60,000. Where the release has more, its
    alarms are of random sets of it.

    Args:
        release: document (the source that a row was written from), stratum, text, weight > 0 and origin ("human",
            "hybrid" or "synthetic") of each row.
        human: document, stratum and text of people's training rows: what the spread is taken from.
        heldout: the same of the vault's held-out rows: whole documents, in no prompt and no release.
        number: which release this is, from 1: later ones may spend less.
        retention: the share of people's tail and diversity that the release has to keep, in (0, 1).
        seed: decides all draws; the order of rows doesn't matter.
        resamples: sets of people's documents, at least 40.

    Raises:
        InputError: an argument is out of its range, or a frame isn't as said.
    """
    if not 0 < retention < 1:
        raise InputError(f"the retention target is {retention:g}; it must lie between 0 and 1, such as 0.9.")
    if resamples < 40:
        raise InputError(f"{resamples} resamples say too little about how people's documents differ; take 40 or more.")
    spent = alpha(number)
    corpus = Corpus.of(release, human, heldout, seed)
    compared = compare(corpus, resamples, seed)
    level = spent / max(len({one.kind for one in compared if one.calibrated}), 1)
    groups = [[one for one in compared if one.kind is kind] for kind in Kind]
    alarms = tuple(alarm for group in groups for alarm in _alarms(group, level, retention))
    return Watch(number=number, alpha=spent, retention=retention, alarms=alarms)


def _alarms(group: list[Compared], level: float, retention: float) -> Iterator[Alarm]:
    """The alarms of all comparisons of one kind, which share a level."""
    pairs = [(one, one.calibrated.get(measure), measure) for one in group for measure in Measure]
    chances = np.array([measured.chance for _, measured, _ in pairs if measured and measured.tested])
    verdicts = zip(*holm(chances, level), holm(chances, level * BLOCKING)[0], strict=True)
    for one, measured, measure in pairs:
        if measured and measured.tested:
            warned, alpha_held, blocked = next(verdicts)
            yield found(one, measured, alpha_held, warned=warned, blocked=blocked, retention=retention)
        else:
            yield untested(one, measure)
