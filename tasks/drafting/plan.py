"""The drafting plan: which drafts are wanted, in an order that no interruption changes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import count, islice

from outcross.data.recipe import Recipe
from outcross.data.recipe_tables import Environment
from outcross.data.samples import Sample, digest
from outcross.data.stores import keys, vault
from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.tasks.drafting.environments import Task, make
from outcross.tasks.screening.leaks import leaking


@dataclass(frozen=True)
class Slot:
    """One draft that is wanted."""

    rank: str
    """Its place in the plan, as text that sorts; it doesn't depend on how many slots there are."""
    anchor: Sample | Task
    """What it is drafted for: a human row, which is a target, or a seed where there are none; or a task of the
    recipe's environment."""
    examples: tuple[Sample, ...]
    """Seed rows shown to the model."""

    @property
    def parents(self) -> tuple[Sample, ...]:
        """All human rows that the model sees."""
        first = (self.anchor,) if isinstance(self.anchor, Sample) else ()
        return (*first, *(example for example in self.examples if example != self.anchor))


def plan(home: Home, recipe: Recipe, wanted: int) -> list[Slot]:
    """The first slots of a recipe's plan; see `slots`."""
    return list(islice(slots(home, recipe, wanted), wanted))


def slots(home: Home, recipe: Recipe, most: int) -> Iterator[Slot]:
    """A recipe's plan, which has no end: whoever reads it stops when there is enough.

    Anchors come in the order of their ids' hashes, again and again; so asking for more later only adds, and a plan is
    the same however often it was interrupted. Strata without human rows in the mixture are left out: a release could
    not use what is drafted for them. So are seeds and targets that repeat a held-out text, as anchors and as examples.

    Args:
        most: how many slots will be read at most; a recipe's environment makes no more tasks than that.

    Raises:
        InputError: the vault holds nothing to draft for.
    """
    seeds, targets = (
        [sample for sample in vault.samples(home, recipe.name, part) if _fits(sample, recipe)]
        for part in ("seed", "target")
    )
    leaks = leaking(home, recipe, (*seeds, *targets))
    seeds, targets = ([sample for sample in part if sample.sample_id not in leaks] for part in (seeds, targets))
    mixed = set(vault.table(home, recipe.name, "mixture")["stratum"])
    if recipe.environment:
        return _posed(home, recipe, recipe.environment, seeds, mixed, most)
    anchors = [sample for sample in targets or seeds if sample.provenance.stratum in mixed]
    if not anchors:
        raise InputError(
            f"the vault has nothing to draft for in recipe {recipe.name}: no seed or target in a stratum with "
            f"human rows in the mixture; {len(leaks)} repeat held-out texts and were passed over. Ingest more rows, or "
            "change `seed_share` or raise `max_prompt` in the recipe."
        )
    return _anchored(recipe, anchors, seeds, own=not targets)


def _anchored(recipe: Recipe, anchors: Sequence[Sample], seeds: Sequence[Sample], *, own: bool) -> Iterator[Slot]:
    """Slots for people's rows; `own` says that each is shown to the model as its first example."""
    order = sorted(anchors, key=lambda anchor: digest([recipe.name, anchor.sample_id]))
    names = [digest([recipe.name, anchor.sample_id])[:24] for anchor in order]
    kin = _by_stratum(seeds)
    for turn in count():
        for name, anchor in zip(names, order, strict=True):
            # Targets of a stratum share their examples, so that a server computes the common beginning only once.
            stratum = anchor.provenance.stratum
            key, shown = (anchor.sample_id, (anchor,)) if own else (stratum, ())
            yield Slot(f"{turn:06d}-{name}", anchor, _examples(recipe, key, stratum, turn, kin, seeds, shown))


def _posed(
    home: Home, recipe: Recipe, environment: Environment, seeds: Sequence[Sample], mixed: Set[str], most: int
) -> Iterator[Slot]:
    """Slots for tasks of an environment, whose keys are stored; see `slots`."""
    if environment.stratum not in mixed:
        raise InputError(
            f"recipe {recipe.name}: [environment] `stratum` is {environment.stratum!r}, in which people have no row of "
            f"the mixture. Name one of: {', '.join(sorted(mixed)) or 'none, so ingest rows first'}."
        )
    tasks = make(environment.families, min(most, environment.count), environment.seed)
    keys.add(home, recipe.name, {task.task_id: task.key for task in tasks})
    kin = _by_stratum(seeds)
    return (
        Slot(task.rank(turn), task, _examples(recipe, task.task_id, environment.stratum, turn, kin, seeds))
        for turn in (count() if tasks else ())
        for task in tasks
    )


def _fits(sample: Sample, recipe: Recipe) -> bool:
    return len(sample.content.model_dump_json()) <= recipe.draft.max_prompt


def _by_stratum(seeds: Sequence[Sample]) -> dict[str, list[Sample]]:
    groups = defaultdict(list)
    for seed in seeds:
        groups[seed.provenance.stratum].append(seed)
    return groups


def _examples(
    recipe: Recipe,
    key: str,
    stratum: str,
    turn: int,
    kin: Mapping[str, list[Sample]],
    seeds: Sequence[Sample],
    shown: tuple[Sample, ...] = (),
) -> tuple[Sample, ...]:
    """Seeds to show: first those given, then some of the stratum, then of all; chosen by hashes of the key."""
    chosen = list(shown)
    for pool in (kin.get(stratum, []), seeds):
        for nth in range(4 * recipe.draft.examples if pool else 0):
            pick = pool[int(digest([key, turn, nth])[:15], 16) % len(pool)]
            if len(chosen) < max(recipe.draft.examples, len(shown)) and pick not in chosen:
                chosen.append(pick)
    return tuple(chosen)
