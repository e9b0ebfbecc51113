"""The driver: the script of one slot, call by call, to what it comes to."""

from collections import Counter
from collections.abc import Mapping
from typing import cast

from outcross.data.recipe import Recipe
from outcross.data.stores.journal import Draft, Miss, Turn
from outcross.data.stores.spool import Spool
from outcross.errors import OutcrossError
from outcross.progress import advance
from outcross.serving.asking.client import Client
from outcross.serving.chats import Answer, Chat, Failure
from outcross.serving.endpoint import Endpoint
from outcross.tasks.drafting import outcomes
from outcross.tasks.drafting.go import Go
from outcross.tasks.drafting.scripts.registry import SCRIPTS
from outcross.tasks.drafting.scripts.script import NoSample, Script, Use
from outcross.tasks.drafting.telemetry import Meters
from outcross.tasks.drafting.tools.registry import use


class _Unanswered(Exception):
    def __init__(self, failure: Failure) -> None:
        self.failure = failure


class Driver:
    """Drafts slots of one recipe; for any number of them at a time, in one event loop."""

    def __init__(self, recipe: Recipe, spool: Spool, clients: Mapping[Endpoint, Client], meters: Meters) -> None:
        self.states: Counter[str] = Counter()
        """Slots by what they came to."""
        self._recipe, self._spool, self._clients, self._meters = recipe, spool, clients, meters

    async def draft(self, go: Go, turns: Mapping[str, Turn]) -> None:
        """Draft a slot, and again with another seed as long as the answer is no sample and a go is left.

        Args:
            turns: answers from before, by their request's key.

        Raises:
            ServerUnavailable, RecipeError, StoreError: it came to nothing; what was answered on the way is kept.
        """
        with self._meters.slot():
            while True:
                entry = await self._script(go, turns)
                self._spool.put(entry)
                state = entry.state if isinstance(entry, Draft) else "missed"
                if state != "invalid" or go.retry + 1 >= self._recipe.draft.tries:
                    break
                go = go.again(go.retry + 1)
        self.states[state] += 1
        self._meters[go.voices[0]].slots[state] += 1
        advance("draft", **({state: 1} if state != "drafted" else {}))

    async def _script(self, go: Go, turns: Mapping[str, Turn]) -> Draft | Miss:
        """Drive the script of a slot to its end."""
        script: Script = SCRIPTS[self._recipe.draft.script](self._recipe, go.slot)
        answers: list[Answer] = []
        chat: Chat | None = None
        voice = go.voices[0]
        came: Answer | str | None = None
        fresh: Answer | None = None
        try:
            while True:
                asked = script.send(came)
                if fresh:  # only what comes before another step has a row of its own; the last makes the draft
                    self._keep(go, voice, cast("Chat", chat), fresh, turns)
                    fresh = None
                if isinstance(asked, Use):
                    came = await use(asked.tool, asked.arguments)
                    continue
                chat, voice = go.chat(asked, len(answers)), go.voice(asked)
                came = fresh = await self._answer(chat, voice, turns)
                answers.append(fresh)
                self._require_whole(fresh)
        except OutcrossError:
            if fresh:
                self._keep(go, voice, cast("Chat", chat), fresh, turns)
            raise
        except StopIteration as end:
            return outcomes.drafted(go, answers, cast("Chat", chat), end.value)
        except NoSample as why:
            return outcomes.invalid(go, answers, cast("Chat", chat), why)
        except _Unanswered as none:
            return outcomes.failed(go, answers, cast("Chat", chat), none.failure)

    def _keep(self, go: Go, voice: Endpoint, chat: Chat, answer: Answer, turns: Mapping[str, Turn]) -> None:
        if chat.key not in turns:
            self._spool.put(outcomes.turn(go, voice, chat, answer))

    def _require_whole(self, answer: Answer) -> None:
        if answer.finish_reason == "length":
            raise NoSample(f"truncated at {self._recipe.draft.max_tokens} tokens", answer.text)

    async def _answer(self, chat: Chat, voice: Endpoint, turns: Mapping[str, Turn]) -> Answer:
        if kept := turns.get(chat.key):
            return outcomes.answer(kept)
        outcome = await self._clients[voice].ask(chat)
        self._meters[voice].add(outcome)
        if isinstance(outcome, Failure):
            raise _Unanswered(outcome)
        return outcome
