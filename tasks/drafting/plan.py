"""The drafting plan: which drafts are wanted, in an order that no interruption changes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count, islice

from outcross.data.recipe import Recipe
from outcross.data.recipe_tables import Environment
from outcross.data.samples import Sample, digest
from outcross.data.stores import keys
from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.tasks.drafting.anchors import Anchors, anchors, place
from outcross.tasks.drafting.attributes import draw
from outcross.tasks.drafting.environments import Task, make
from outcross.tasks.drafting.rounds import rounds


@dataclass(frozen=True)
class Slot:
    """One draft that is wanted."""

    rank: str
    """Names it: how often its anchor came before, and the anchor. It doesn't depend on how many slots there are."""
    anchor: Sample | Task
    """What it is drafted for: a human row, which is a target, or a seed where there are none; or a task of the
    recipe's environment."""
    examples: tuple[Sample, ...]
    """Seed rows shown to the model."""
    vary: Mapping[str, str] = field(default_factory=dict)
    """The attributes drawn for it, by name; see `outcross.tasks.drafting.attributes`."""

    @property
    def parents(self) -> tuple[Sample, ...]:
        """All human rows that the model sees."""
        first = (self.anchor,) if isinstance(self.anchor, Sample) else ()
        seen = {one.sample_id: one for one in (*first, *self.examples)}
        return tuple(seen.values())


def plan(home: Home, recipe: Recipe, wanted: int) -> list[Slot]:
    """The first slots of a recipe's plan; see `slots`."""
    return list(islice(slots(home, recipe, wanted), wanted))


def slots(home: Home, recipe: Recipe, most: int) -> Iterator[Slot]:
    """A recipe's plan from its beginning; see `Plan` and `planned`."""
    return planned(home, recipe, most).slots()


@dataclass(frozen=True)
class Plan:
    """A recipe's slots, which have no end: whoever reads them stops when there is enough.

    All anchors have a slot, then all have another, again and again; in each turn the strata come one after the other,
    the smallest first, as long as they have anchors left. Within a stratum anchors come in the order of their ids'
    hashes. So asking for more later only adds, and a plan is the same however often it was interrupted.
    """

    recipe: Recipe
    anchors: Mapping[str, Sequence[Sample | Task]]
    """By stratum, the smallest first."""
    seeds: Sequence[Sample]
    own: bool = False
    """Whether the anchors are seeds, each shown to the model as its first example."""

    @cached_property
    def _kin(self) -> dict[str, list[Sample]]:
        """Seeds by stratum."""
        groups = defaultdict(list)
        for seed in self.seeds:
            groups[seed.provenance.stratum].append(seed)
        return groups

    @property
    def sizes(self) -> dict[str, int]:
        """Anchors by stratum."""
        return {stratum: len(group) for stratum, group in self.anchors.items()}

    @cached_property
    def strata(self) -> dict[str, str]:
        """The stratum of each anchor, by what names it in the ranks of its slots, after the number of the turn."""
        return {self._name(anchor): stratum for stratum, group in self.anchors.items() for anchor in group}

    def slots(self) -> Iterator[Slot]:
        """All slots."""
        for turn in count() if self.anchors else ():
            for stratum, number in rounds(self.sizes):
                yield self._slot(stratum, self.anchors[stratum][number], turn)

    def of(self, stratum: str) -> Iterator[Slot]:
        """The slots of one stratum, in the same order."""
        for turn in count() if self.anchors[stratum] else ():
            for anchor in self.anchors[stratum]:
                yield self._slot(stratum, anchor, turn)

    def _name(self, anchor: Sample | Task) -> str:
        return anchor.task_id[:24] if isinstance(anchor, Task) else place(self.recipe, anchor)

    def _slot(self, stratum: str, anchor: Sample | Task, turn: int) -> Slot:
        rank = f"{turn:06d}-{self._name(anchor)}"
        # Targets of a stratum share their examples, so that a server computes the common beginning only once.
        key = anchor.task_id if isinstance(anchor, Task) else anchor.sample_id if self.own else stratum
        shown = (anchor,) if self.own and isinstance(anchor, Sample) else ()
        kin = self._kin.get(stratum, [])
        return Slot(rank, anchor, self._examples(key, kin, turn, shown), draw(self.recipe, rank, kin or self.seeds))

    def _examples(self, key: str, kin: Sequence[Sample], turn: int, shown: tuple[Sample, ...]) -> tuple[Sample, ...]:
        """Seeds to show: first those given, then some of the stratum, then of all; chosen by hashes of the key."""
        wanted = self.recipe.draft.examples
        chosen = list(shown)
        for pool in (kin, self.seeds):
            for nth in range(4 * wanted if pool else 0):
                pick = pool[int(digest([key, turn, nth])[:15], 16) % len(pool)]
                if len(chosen) < max(wanted, len(shown)) and pick not in chosen:
                    chosen.append(pick)
        return tuple(chosen)


def planned(home: Home, recipe: Recipe, most: int) -> Plan:
    """A recipe's plan; see `outcross.tasks.drafting.anchors` for what it leaves out.

    Args:
        most: how many slots will be read at most; a recipe's environment makes no more tasks than that.

    Raises:
        InputError: the vault holds nothing to draft for.
    """
    there = anchors(home, recipe)
    if recipe.environment:
        return _posed(home, recipe, recipe.environment, there, most)
    if not there.strata:
        raise InputError(
            f"the vault has nothing to draft for in recipe {recipe.name}: no seed or target in a stratum with human "
            f"rows in the mixture; {there.passed('leak')} repeat held-out texts and {there.passed('long')} are longer "
            "than `max_prompt`, and were passed over. Ingest more rows, or change `seed_share` or raise `max_prompt` "
            "in the recipe."
        )
    return Plan(recipe, there.strata, there.seeds, own=there.own)


def _posed(home: Home, recipe: Recipe, environment: Environment, there: Anchors, most: int) -> Plan:
    """A plan for tasks of an environment, whose keys are stored."""
    if environment.stratum not in there.people:
        raise InputError(
            f"recipe {recipe.name}: [environment] `stratum` is {environment.stratum!r}, in which people have no row of "
            f"the mixture. Name one of: {', '.join(sorted(there.people)) or 'none, so ingest rows first'}."
        )
    tasks = make(environment.families, min(most, environment.count), environment.seed)
    keys.add(home, recipe.name, {task.task_id: task.key for task in tasks})
    return Plan(recipe, {environment.stratum: tasks} if tasks else {}, there.seeds)
