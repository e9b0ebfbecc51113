"""Anchors: people's rows that drafts are made for, those left out that would be paid for in vain."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from outcross.data.reading import read
from outcross.data.recipe import Recipe
from outcross.data.samples import Sample, digest
from outcross.data.stores import vault
from outcross.data.stores.home import Home
from outcross.tasks.drafting.near import repeating
from outcross.tasks.drafting.rounds import rounds
from outcross.tasks.results import stamp
from outcross.tasks.screening.leaks import leaking


@dataclass(frozen=True)
class Anchors:
    """What the vault has for a recipe's drafts."""

    seeds: tuple[Sample, ...]
    """Rows that models may be shown, by id."""
    own: bool
    """Whether the anchors are seeds, each shown to the model as its first example, for want of targets."""
    strata: Mapping[str, tuple[Sample, ...]]
    """The anchors of each stratum, in the order of their ids' hashes; the smallest strata first."""
    people: Mapping[str, int]
    """Rows in the mixture, by stratum."""
    counts: Mapping[str, Counter[str]]
    """By stratum, the seeds and targets there are (`seed`, `target`), and how many of them were passed over because
    they are too long (`long`), repeat a held-out text (`leak`) or nearly repeat an earlier anchor (`near`)."""

    def passed(self, why: str) -> int:
        """How many were passed over for a reason."""
        return sum(counts[why] for counts in self.counts.values())


def anchors(home: Home, recipe: Recipe) -> Anchors:
    """What the vault has for a recipe's drafts; looked at again only once the vault or an evaluation set has changed.

    Strata without human rows in the mixture have no anchors: a release could not use what is drafted for them.
    """
    changed = tuple(stamp(path) for path in (home.vault, *recipe.evaluation))
    return _anchors(home.root.absolute(), recipe.model_dump_json(), changed)


@lru_cache(maxsize=1)
def _anchors(root: Path, said: str, _changed: tuple[tuple[int, int], ...]) -> Anchors:
    home, recipe = Home(root), Recipe.model_validate_json(said)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    fit: dict[str, list[Sample]] = {}
    for part in ("seed", "target"):
        there = vault.samples(home, recipe.name, part)
        short = [sample for sample in there if not _long(sample, recipe)]
        leaks = leaking(home, recipe, short)
        fit[part] = [sample for sample in short if sample.sample_id not in leaks]
        for what, samples in {part: there, "short": short, "fit": fit[part]}.items():
            for sample in samples:
                counts[sample.provenance.stratum][what] += 1
    for of in counts.values():
        of.update(long=of["seed"] + of["target"] - of["short"], leak=of["short"] - of["fit"])
    people = Counter(vault.table(home, recipe.name, "mixture")["stratum"].to_list())
    own = not fit["target"]
    strata = _by_stratum(recipe, (one for one in fit["target"] or fit["seed"] if one.provenance.stratum in people))
    near = _near(strata, own=own)
    for stratum, group in strata.items():
        counts[stratum]["near"] = sum(one.sample_id in near for one in group)
    kept = {name: tuple(one for one in group if one.sample_id not in near) for name, group in strata.items()}
    return Anchors(tuple(fit["seed"]), own, _smallest_first(kept), people, counts)


def _long(sample: Sample, recipe: Recipe) -> bool:
    return len(sample.content.model_dump_json()) > recipe.draft.max_prompt


def _by_stratum(recipe: Recipe, samples: Iterable[Sample]) -> dict[str, tuple[Sample, ...]]:
    groups: dict[str, list[Sample]] = defaultdict(list)
    for sample in sorted(samples, key=lambda sample: place(recipe, sample)):
        groups[sample.provenance.stratum].append(sample)
    return _smallest_first({stratum: tuple(group) for stratum, group in groups.items()})


def _smallest_first(strata: Mapping[str, tuple[Sample, ...]]) -> dict[str, tuple[Sample, ...]]:
    return dict(sorted(strata.items(), key=lambda item: (len(item[1]), item[0])))


def place(recipe: Recipe, anchor: Sample) -> str:
    """An anchor's place in its stratum, as text that sorts."""
    return digest([recipe.name, anchor.sample_id])[:24]


def _near(strata: Mapping[str, Sequence[Sample]], *, own: bool) -> set[str]:
    """Ids of anchors that nearly repeat one that the plan comes to before."""
    sizes = {stratum: len(group) for stratum, group in strata.items()}
    order = [strata[stratum][number] for stratum, number in rounds(sizes)]
    passed = repeating([_task(anchor, own=own) for anchor in order])
    return {anchor.sample_id for anchor, again in zip(order, passed, strict=True) if again}


def _task(anchor: Sample, *, own: bool) -> str:
    """What a model is given of an anchor: its task, or all of it where it is shown whole or poses none."""
    reading = read(anchor.content)
    posed = "\n".join(filter(None, (reading.prompt, reading.context)))
    return "\n".join(filter(None, reading)) if own or not posed else posed
