"""The engine: scripts of many slots driven over a fleet, each answer kept before the next is asked for."""

import asyncio
import gc
import itertools
import math
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from outcross.data.recipe import Recipe
from outcross.data.stores import journal
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Turn
from outcross.data.stores.lease import lock
from outcross.data.stores.spool import Spool
from outcross.errors import InputError, OutcrossError, ServerUnavailable, ServingError, StoreError
from outcross.serving.asking.client import Client
from outcross.serving.endpoint import Endpoint
from outcross.serving.fleet import Fleet
from outcross.tasks.drafting.blocks import BLOCK, blocks
from outcross.tasks.drafting.budget import Limits, Purse
from outcross.tasks.drafting.driver import Driver
from outcross.tasks.drafting.go import Go
from outcross.tasks.drafting.plan import Slot, slots
from outcross.tasks.drafting.telemetry import STATES, Meters

FLUSH_SECONDS = 0.9
"""Answers are in the warehouse about this long after they came. A lease on it takes a tenth of a second."""
COLLECT_AFTER = 50_000
"""New containers after which Python looks for cycles among the newest."""


@dataclass(frozen=True)
class Drafted:
    """What slots came to that were asked for, each counted by its last go."""

    drafted: int = 0
    invalid: int = 0
    failed: int = 0
    missed: int = 0
    passed_over: int = 0
    """Slots that came to nothing in a run before and were not asked for again."""
    stopped: str = ""
    """Why slots were left that nobody asked for, as a sentence; empty where there are none."""

    @property
    def left(self) -> int:
        """Slots without a draft."""
        return self.invalid + self.failed + self.missed + self.passed_over


@contextmanager
def alone(home: Home, recipe: str) -> Iterator[None]:
    """Draft for a recipe as the only one in its home, after waiting for whoever does now: two would pay twice."""
    home.root.mkdir(parents=True, exist_ok=True)
    with lock(home.root / f"drafting-{recipe}", wait=math.inf):
        yield


def draft(
    home: Home,
    recipe: Recipe,
    fleet: Fleet,
    wanted: int | Sequence[Slot],
    *,
    retry_failed: bool = False,
    limits: Limits | None = None,
) -> Drafted:
    """Draft slots of the plan; those that have an outcome already are not asked for again.

    What stops it stops the asking only: what is in flight by then is waited for and kept, for it is paid; except where
    the disk has no room to keep it.

    Args:
        wanted: the slots, or how many of the plan's first ones.
        retry_failed: ask once more for those of them whose answers made no sample, or that were refused.
        limits: after which nothing more is asked for; the recipe's own, from now on, where None.

    Raises:
        ServerUnavailable: a model's server went away, once the others are done; the rest can be asked for later.
        InputError, RecipeError: the plan can't be made, or a template doesn't render.
        StoreError: the disk refuses; what was answered until then is kept.
    """
    with _rare_collections():
        run = _Run(home, recipe, fleet, wanted, limits or Limits.begin(recipe.budget), retry_failed=retry_failed)
        return asyncio.run(run.all())


def require_drafts(home: Home, recipe: str, came: Drafted) -> None:
    """Let a run that got nothing at all end as one that failed.

    The last few slots of a plan may well come to nothing; with drafts from before, the job goes on without them.

    Raises:
        ServingError: slots were asked for and none was answered, or the recipe is left without any draft.
    """
    answered = came.drafted or came.invalid or not came.failed + came.missed
    drafted = came.drafted or (answered and journal.tally(home, recipe).get("drafted"))
    if came.left and not drafted:
        raise ServingError(
            f"not one request came to a draft: {came.failed:,} were refused, {came.missed:,} got no answer, "
            f"{came.invalid:,} answers were no sample, and {came.passed_over:,} slots had come to nothing before. The "
            "view `dead_letter` of the warehouse gives each one's reason; `--retry-failed` asks once more."
        )


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let Python look for cycles seldom: nothing here makes many, and looking took a fifth of a request's time."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


Line = asyncio.Queue[tuple[Go, Mapping[str, Turn]] | None]
"""Goes on their way to the workers of a crew; a None sends one of them home."""


class _Run:
    """One run over a plan."""

    def __init__(
        self,
        home: Home,
        recipe: Recipe,
        fleet: Fleet,
        wanted: int | Sequence[Slot],
        limits: Limits,
        *,
        retry_failed: bool,
    ) -> None:
        self.home, self.recipe, self.fleet, self.wanted = home, recipe, fleet, wanted
        self.limits, self.retry_failed = limits, retry_failed
        self.spool = Spool(home, recipe.name)
        self.clients: dict[Endpoint, Client] = {}
        self.meters = Meters(fleet, self.clients)
        self.driver = Driver(recipe, self.spool, self.clients, self.meters)
        self.errors: dict[Endpoint, OutcrossError] = {}
        """What ended the asking of a model."""
        self.stopped = ""

    async def all(self) -> Drafted:
        await asyncio.to_thread(self.spool.flush)  # what an interrupted run left
        self.purse = Purse.open(self.home, self.recipe.name, self.fleet, self.limits, self.meters)
        with self.meters.recorded(self.home, self.recipe.name) as why:
            await self._all()
            why.extend([self.stopped] if self.stopped else [])
        counts = {state: self.driver.states[state] for state in (*STATES, "passed_over")}
        return Drafted(**counts, stopped=self.stopped)

    async def _all(self) -> None:
        async with AsyncExitStack() as stack:
            for member in self.fleet.members:
                self.clients[member.endpoint] = await stack.enter_async_context(Client(member.endpoint))
            ended = asyncio.Event()
            await _together(self._members(ended), self._flush_until(ended))
        for error in self.errors.values():
            raise error

    async def _members(self, ended: asyncio.Event) -> None:
        """Draft with all models, each until it is done or its server is gone."""
        await _together(*(self._crew(member.endpoint) for member in self.fleet.members))
        ended.set()

    async def _flush_until(self, ended: asyncio.Event) -> None:
        """Take what was spooled into the warehouse every moment, and all of it at the end."""
        last = False
        while not last:
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), FLUSH_SECONDS)
            last = ended.is_set()  # asked before the flush: what comes during one is for the next
            self.meters.tell()
            try:
                await asyncio.to_thread(self.spool.flush)
            except StoreError as error:
                self._end(error, *self.clients)
                last = True

    def _end(self, error: OutcrossError, *endpoints: Endpoint) -> None:
        """Ask models no more because of an error; what they have in flight is waited for, and kept in the spool."""
        for endpoint in endpoints:
            self.errors.setdefault(endpoint, error)

    async def _crew(self, endpoint: Endpoint) -> None:
        """Draft all slots of one model, so many at once as its client may have in flight."""
        line: Line = asyncio.Queue(maxsize=BLOCK)
        await _together(self._feed(endpoint, line), *(self._work(endpoint, line) for _ in range(endpoint.concurrency)))

    async def _feed(self, endpoint: Endpoint, line: Line) -> None:
        try:
            looked = blocks(self.home, self.recipe, self.fleet, endpoint, self._slots(), retry_failed=self.retry_failed)
            while not self._ended(endpoint) and (block := await asyncio.to_thread(next, looked, None)):
                self.driver.states["passed_over"] += block.passed_over
                for go in block.wanted:
                    await line.put((go, block.turns))
        except OutcrossError as error:
            self._end(error, *self.clients)
        for _ in range(endpoint.concurrency):
            await line.put(None)

    async def _work(self, endpoint: Endpoint, line: Line) -> None:
        while (got := await line.get()) is not None:
            try:
                if await self._goes_on(endpoint):
                    await self.driver.draft(*got)
            except ServerUnavailable as error:
                self._end(error, endpoint)
            except InputError as error:
                self._end(error, *self.clients)

    async def _goes_on(self, endpoint: Endpoint) -> bool:
        """Whether a model is asked for another slot, which would be left out else."""
        if not self._ended(endpoint) and not await self.purse.admits():
            self.stopped = self.purse.reason
        return not self._ended(endpoint)

    def _ended(self, endpoint: Endpoint) -> bool:
        """Whether a model is asked for nothing more."""
        return endpoint in self.errors or bool(self.stopped)

    def _slots(self) -> Iterator[Slot]:
        """All slots that are asked for, whichever model drafts them."""
        if isinstance(self.wanted, int):
            return itertools.islice(slots(self.home, self.recipe, self.wanted), self.wanted)
        return iter(self.wanted)


async def _together(*works: Coroutine[Any, Any, None]) -> None:
    """Do all at once; the first that fails ends the others, and its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
