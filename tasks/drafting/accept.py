"""Accepted drafts, just as many as are wanted: which slots are drafted next, and when there is nothing left to do."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from outcross.data.recipe import Recipe
from outcross.data.stores import accepted, journal
from outcross.data.stores.home import Home
from outcross.progress import advance
from outcross.serving.fleet import Fleet
from outcross.tasks.drafting.blocks import next_go
from outcross.tasks.drafting.go import Go
from outcross.tasks.drafting.plan import Slot, planned
from outcross.tasks.drafting.rounds import shares
from outcross.tasks.screening.suite import Screen

BARREN = 50
"""Candidates in a row of which none is accepted, after which a stratum is given up: where one in ten is accepted, that
happens by chance to one stratum in 194."""
ROUND = 5_000
"""Slots of a round at most, so that what a model does wrong is known before all is paid for."""
AHEAD = 50
"""Slots of a stratum that are looked up in the journal at once."""


@dataclass(frozen=True)
class Ending:
    """Why no more is drafted, and how far it got."""

    wanted: int
    accepted: int
    waiting: int
    """Borderline drafts that no expert has decided."""
    candidates: int
    """Slots that were answered under the present setup, those of earlier runs included."""
    rounds: int
    """Of this run."""
    why: str
    barren: tuple[str, ...] = ()
    """Strata that were given up; the others took their share."""

    @property
    def reached(self) -> bool:
        """Whether as many are accepted as were wanted."""
        return self.accepted >= self.wanted


@dataclass
class _Lane:
    """The slots of one stratum, and what became of those that were answered."""

    slots: Iterator[Slot]
    open: deque[Slot] = field(default_factory=deque)
    """The next ones, which have no outcome yet."""
    used: int = 0
    accepted: int = 0
    barren: int = 0
    """Candidates since the last accepted one."""

    def count(self, *, accepted: bool) -> None:
        self.used += 1
        self.accepted += accepted
        self.barren = 0 if accepted else self.barren + 1

    def room(self, wanted: int) -> int:
        """How many may be asked for now; until something is accepted, no more than it takes to give the stratum up."""
        return wanted if self.accepted else min(wanted, BARREN - self.barren)


class Refill:
    """Chooses slots round by round, never more than accepted drafts are missing, so that none is too many.

    What is wanted of each stratum is its share of the plan's first slots. All that is known comes from the stores, so
    that a run that was killed goes on where it was.
    """

    def __init__(self, home: Home, recipe: Recipe, fleet: Fleet, wanted: int, at_most: int) -> None:
        self._home, self._recipe, self._fleet = home, recipe, fleet
        self._wanted, self._at_most = wanted, at_most
        self._ruleset = Screen.of(recipe).ruleset
        plan = planned(home, recipe, at_most)
        self._sizes, self._strata = plan.sizes, plan.strata
        self._lanes = {stratum: _Lane(plan.of(stratum)) for stratum in plan.anchors}
        self._asked: dict[str, int] = {}
        self._rounds = self._told = 0
        self._look_back()

    def next(self, gone: str = "") -> Sequence[Slot] | Ending:
        """The slots to draft next; all drafts must have been screened.

        Args:
            gone: why the model can't be asked any more, as a sentence, where that is so.
        """
        asked, unanswered = sum(self._asked.values()), self._settle()
        there = self._there()
        total, used = there.total(), sum(lane.used for lane in self._lanes.values())
        advance("accept", total - self._told)
        self._told = total
        barren = tuple(stratum for stratum, lane in self._lanes.items() if lane.barren >= BARREN)
        sizes = {stratum: size for stratum, size in self._sizes.items() if stratum not in barren}
        if total >= self._wanted:
            why = ""
        elif gone:
            why = f"{gone} All answers are kept, and the same command goes on from there."
        elif asked and asked == unanswered:
            why = f"Not one of the last {asked:,} requests was answered; the view `dead_letter` has the reasons."
        elif used >= self._at_most:
            why = f"All {self._at_most:,} candidates are used up; `--at-most` allows more."
        elif not any(sizes.values()):
            why = "No stratum is left that brings any."
        else:
            return self._take(shares(sizes, there, min(self._wanted, total + min(self._at_most - used, ROUND))))
        waiting = accepted.by_stratum(self._home, self._recipe.name, self._ruleset)["waiting"].sum()
        return Ending(self._wanted, total, int(waiting), used, self._rounds, why, barren)

    def _there(self) -> Counter[str]:
        """Accepted drafts by the stratum that they were drafted for, whichever they came to be of; "" of no anchor."""
        there: Counter[str] = Counter()
        for anchor, count in accepted.by_anchor(self._home, self._recipe.name, self._ruleset).items():
            there[self._strata.get(anchor, "")] += count
        return there

    def _take(self, wanted: Mapping[str, int]) -> list[Slot]:
        self._rounds += 1
        self._asked = {stratum: self._lanes[stratum].room(count) for stratum, count in wanted.items()}
        while short := [name for name, count in self._asked.items() if len(self._lanes[name].open) < count]:
            self._read_on({name: max(AHEAD, self._asked[name]) for name in short})
        return [slot for name, count in self._asked.items() for slot in islice(self._lanes[name].open, count)]

    def _settle(self) -> int:
        """Count what became of the slots that were asked for last; return how many have come to nothing yet."""
        asked = {name: [self._lanes[name].open.popleft() for _ in range(n)] for name, n in self._asked.items()}
        left = self._read(asked)
        for stratum, slots in left.items():
            self._lanes[stratum].open.extendleft(reversed(slots))
        self._asked = {}
        return sum(map(len, left.values()))

    def _look_back(self) -> None:
        """Count what became of slots in earlier runs: they lie at the beginning of each stratum."""
        names: Iterable[str] = list(self._lanes)
        while names:
            before = {name: self._lanes[name].used for name in names}
            self._read_on(dict.fromkeys(names, AHEAD))
            names = [name for name, used in before.items() if self._lanes[name].used > used]

    def _read_on(self, counts: Mapping[str, int]) -> None:
        ahead = {name: list(islice(self._lanes[name].slots, count)) for name, count in counts.items()}
        for name, slots in self._read(ahead).items():
            self._lanes[name].open.extend(slots)

    def _read(self, slots: Mapping[str, Sequence[Slot]]) -> dict[str, list[Slot]]:
        """Look some slots up, by stratum, and count those that were answered; return the others."""
        goes = {name: [Go.first(self._recipe, slot, self._fleet) for slot in group] for name, group in slots.items()}
        ranks = [go.slot.rank for group in goes.values() for go in group]
        if not ranks:
            return {}
        standing = journal.standing(self._home, self._recipe.name, ranks)
        good = accepted.among(self._home, self._recipe.name, self._ruleset, ranks)
        left: dict[str, list[Slot]] = {name: [] for name in goes}
        for name, group in goes.items():
            for go in group:
                known = go.setup, go.slot.rank
                if next_go(go, standing.get(known)):
                    left[name].append(go.slot)
                else:
                    self._lanes[name].count(accepted=known in good)
        return left
