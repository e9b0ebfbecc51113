"""The engine: scripts of many slots driven over a fleet, each answer kept before the next is asked for."""

import asyncio
import gc
import itertools
import math
from collections import Counter
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from outcross.data.recipe import Recipe
from outcross.data.stores import journal
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft, Miss, Turn
from outcross.data.stores.lease import lock
from outcross.data.stores.spool import Spool
from outcross.errors import OutcrossError, ServerUnavailable, ServingError
from outcross.progress import advance
from outcross.serving.chats import Answer, Chat, Failure
from outcross.serving.client import Client
from outcross.serving.endpoint import Endpoint
from outcross.serving.fleet import Fleet
from outcross.tasks.drafting import outcomes
from outcross.tasks.drafting.budget import Limits, Purse
from outcross.tasks.drafting.go import Go
from outcross.tasks.drafting.plan import Slot, slots
from outcross.tasks.drafting.scripts.registry import SCRIPTS
from outcross.tasks.drafting.scripts.script import Call, NoSample, Script, Use
from outcross.tasks.drafting.telemetry import STATES, Meters
from outcross.tasks.drafting.tools.registry import use

FLUSH_SECONDS = 0.5
"""Answers are in the warehouse about this long after they came. A lease on it takes a tenth of a second."""
BLOCK = 500
"""Slots that are looked up in the journal at once; those of them with a common beginning come one after another."""
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

    What stops it stops the asking only: what is in flight by then is waited for and kept, for it is paid.

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


def next_go(go: Go, before: journal.Standing | None, *, retry_failed: bool = False) -> Go | None:
    """The next go at a slot, of which the first is given; None where it has come to what it will come to."""
    if before is None:
        return go
    open_still = before.state == "invalid" and before.answers < go.recipe.draft.tries
    if before.state != "drafted" and (open_still or retry_failed):
        return go.again(before.retry + 1)
    return None


class _Unanswered(Exception):
    def __init__(self, failure: Failure) -> None:
        self.failure = failure


class _Block(NamedTuple):
    """Some slots of one model."""

    wanted: list[Go]
    turns: dict[str, Turn]
    """What was answered on the way to their drafts, by the request's key."""
    passed_over: int


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
        self.states: Counter[str] = Counter()
        self.errors: dict[Endpoint, OutcrossError] = {}
        """What ended the asking of a model."""
        self.stopped = ""

    async def all(self) -> Drafted:
        await asyncio.to_thread(self.spool.flush)  # what an interrupted run left
        self.purse = Purse.open(self.home, self.recipe.name, self.fleet, self.limits, self.meters)
        with self.meters.recorded(self.home, self.recipe.name) as why:
            await self._all()
            why.extend([self.stopped] if self.stopped else [])
        return Drafted(**{state: self.states[state] for state in (*STATES, "passed_over")}, stopped=self.stopped)

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
        with self._ending(*self.clients):
            last = False
            while not last:
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), FLUSH_SECONDS)
                last = ended.is_set()  # asked before the flush: what comes during one is for the next
                self.meters.tell()
                await asyncio.to_thread(self.spool.flush)

    @contextmanager
    def _ending(self, *endpoints: Endpoint) -> Iterator[None]:
        """Let an error end the asking of models; one that is no server's ends that of all."""
        try:
            yield
        except OutcrossError as error:
            for endpoint in endpoints if isinstance(error, ServerUnavailable) else self.clients:
                self.errors.setdefault(endpoint, error)

    async def _crew(self, endpoint: Endpoint) -> None:
        """Draft all slots of one model, so many at once as its client may have in flight."""
        line: asyncio.Queue[tuple[Go, Mapping[str, Turn]] | None] = asyncio.Queue(maxsize=BLOCK)

        async def feed() -> None:
            blocks = self._blocks(endpoint)
            with self._ending(endpoint):
                while not self._ended(endpoint) and (block := await asyncio.to_thread(next, blocks, None)):
                    self.states["passed_over"] += block.passed_over
                    for go in block.wanted:
                        await line.put((go, block.turns))
            for _ in range(endpoint.concurrency):
                await line.put(None)

        async def work() -> None:
            while (got := await line.get()) is not None:
                with self._ending(endpoint):
                    if await self._goes_on(endpoint):
                        with self.meters.slot():
                            await self._slot(*got)

        await _together(feed(), *(work() for _ in range(endpoint.concurrency)))

    async def _goes_on(self, endpoint: Endpoint) -> bool:
        """Whether a model is asked for another slot, which would be left out else."""
        if not self._ended(endpoint) and not await self.purse.admits():
            self.stopped = self.purse.reason
        return not self._ended(endpoint)

    def _ended(self, endpoint: Endpoint) -> bool:
        """Whether a model is asked for nothing more."""
        return endpoint in self.errors or bool(self.stopped)

    def _blocks(self, endpoint: Endpoint) -> Iterator[_Block]:
        """The slots of a model that are still to be drafted, block by block, with what was answered on their way."""
        mine = (go for slot in self._slots() if (go := Go.first(self.recipe, slot, self.fleet)).voices[0] == endpoint)
        while block := list(itertools.islice(mine, BLOCK)):
            ranks = [go.slot.rank for go in block]
            standing = journal.standing(self.home, self.recipe.name, ranks)
            before = [(go, standing.get((go.setup, go.slot.rank))) for go in block]
            wanted = [again for go, stood in before if (again := next_go(go, stood, retry_failed=self.retry_failed))]
            drafted = sum(stood is not None and stood.state == "drafted" for _, stood in before)
            several = self.recipe.draft.script != "write"
            turns = journal.turns(self.home, self.recipe.name, ranks) if several and wanted else {}
            advance("draft", len(block) - len(wanted))
            wanted.sort(key=lambda go: [example.sample_id for example in go.slot.examples])
            yield _Block(wanted, turns, len(block) - len(wanted) - drafted)

    def _slots(self) -> Iterator[Slot]:
        """All slots that are asked for, whichever model drafts them."""
        if isinstance(self.wanted, int):
            return itertools.islice(slots(self.home, self.recipe, self.wanted), self.wanted)
        return iter(self.wanted)

    async def _slot(self, go: Go, turns: Mapping[str, Turn]) -> None:
        """Draft a slot, and again with another seed as long as the answer is no sample and a go is left."""
        while True:
            entry = await self._script(go, turns)
            self.spool.put(entry)
            state = entry.state if isinstance(entry, Draft) else "missed"
            if state != "invalid" or go.retry + 1 >= self.recipe.draft.tries:
                break
            go = go.again(go.retry + 1)
        self.states[state] += 1
        self.meters[go.voices[0]].slots[state] += 1
        advance("draft", **({state: 1} if state != "drafted" else {}))

    async def _script(self, go: Go, turns: Mapping[str, Turn]) -> Draft | Miss:
        """Drive the script of a slot to its end."""
        script: Script = SCRIPTS[self.recipe.draft.script](self.recipe, go.slot)
        answers: list[Answer] = []
        chat: Chat | None = None
        came: Answer | str | None = None
        fresh: Answer | None = None
        try:
            while True:
                asked = script.send(came)
                if fresh:  # only what comes before another step has a row of its own; the last makes the draft
                    self._keep(go, cast("Chat", chat), fresh, turns)
                    fresh = None
                if isinstance(asked, Use):
                    came = await use(asked.tool, asked.arguments)
                    continue
                chat = go.chat(asked, len(answers))
                came = fresh = await self._answer(go, chat, asked, turns)
                answers.append(fresh)
                self._require_whole(fresh)
        except OutcrossError:
            if fresh:
                self._keep(go, cast("Chat", chat), fresh, turns)
            raise
        except StopIteration as end:
            return outcomes.drafted(go, answers, cast("Chat", chat), end.value)
        except NoSample as why:
            return outcomes.invalid(go, answers, cast("Chat", chat), why)
        except _Unanswered as none:
            return outcomes.failed(go, answers, cast("Chat", chat), none.failure)

    def _keep(self, go: Go, chat: Chat, answer: Answer, turns: Mapping[str, Turn]) -> None:
        if chat.key not in turns:
            self.spool.put(outcomes.turn(go, chat, answer))

    def _require_whole(self, answer: Answer) -> None:
        if answer.finish_reason == "length":
            raise NoSample(f"truncated at {self.recipe.draft.max_tokens} tokens", answer.text)

    async def _answer(self, go: Go, chat: Chat, asked: Call, turns: Mapping[str, Turn]) -> Answer:
        if kept := turns.get(chat.key):
            return outcomes.answer(kept)
        outcome = await self.clients[voice := go.voice(asked)].ask(chat)
        self.meters[voice].add(outcome)
        if isinstance(outcome, Failure):
            raise _Unanswered(outcome)
        return outcome


async def _together(*works: Coroutine[Any, Any, None]) -> None:
    """Do all at once; the first that fails ends the others, and its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
