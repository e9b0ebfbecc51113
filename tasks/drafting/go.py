"""A go at a slot: who speaks for it under which setup, and the requests that come of it."""

from dataclasses import dataclass, replace
from typing import Self

from outcross.data.recipe import Recipe
from outcross.data.samples import digest
from outcross.serving.chats import Chat
from outcross.serving.endpoint import Endpoint
from outcross.serving.fleet import Fleet
from outcross.tasks.drafting.plan import Slot
from outcross.tasks.drafting.prompts import setup_digest
from outcross.tasks.drafting.scripts.script import Call


@dataclass(frozen=True)
class Go:
    """One go at a slot."""

    recipe: Recipe
    slot: Slot
    voices: tuple[Endpoint, ...]
    """The models that its script may ask, the slot's own first."""
    setup: str
    retry: int = 0
    """How often the slot had been answered before."""

    @classmethod
    def first(cls, recipe: Recipe, slot: Slot, fleet: Fleet) -> Self:
        """The first go at a slot, by the models of a fleet."""
        voices = tuple(member.endpoint for member in fleet.voices(slot.rank)[: recipe.draft.voices])
        return cls(recipe, slot, voices, setup_digest(recipe, voices))

    def again(self, retry: int) -> Self:
        """Another go at the slot."""
        return replace(self, retry=retry)

    @property
    def model(self) -> str:
        """The name of the models, as one, whichever of them speaks first."""
        return " + ".join(sorted({voice.model for voice in self.voices}))

    def voice(self, call: Call) -> Endpoint:
        """The model that is asked; where a script wants more voices than there are, they begin again."""
        return self.voices[call.voice % len(self.voices)]

    def chat(self, call: Call, number: int) -> Chat:
        """A call as a request, named by all that decides its answer and by no address.

        Args:
            number: how many calls of the same script came before.
        """
        draft = self.recipe.draft
        # A text that comes back keeps the row it made first, a wrong depth with it; so another depth has another seed.
        told = [self.recipe.name, self.slot.rank, *([number, self.retry] if number or self.retry else [])]
        seed = (int(digest(told)[:8], 16) + self.voices[0].model_depth) % 2**31
        said = [message.model_dump() for message in call.messages]
        schema = None if call.schema is None else dict(call.schema)
        return Chat(
            key=digest([self.setup, *([call.voice] if call.voice else []), said, schema, seed]),
            messages=call.messages,
            schema=schema,
            temperature=draft.temperature,
            top_p=draft.top_p,
            max_tokens=draft.max_tokens,
            seed=seed,
        )
