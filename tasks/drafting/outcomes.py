"""Outcomes: what the answers for a slot come to in the journal."""

import math
from collections.abc import Sequence

from outcross.data.recipe import Recipe
from outcross.data.samples import Content, Generation, Origin, Provenance, Sample
from outcross.data.stores.journal import Draft, Miss, Turn
from outcross.serving.chats import Answer, Chat, Failure
from outcross.serving.endpoint import Endpoint
from outcross.tasks.drafting.environments import LICENCE, Task
from outcross.tasks.drafting.go import Go
from outcross.tasks.drafting.plan import Slot
from outcross.tasks.drafting.prompts import drafts_stratum, prompt_digest
from outcross.tasks.drafting.scripts.script import NoSample


def turn(go: Go, voice: Endpoint, chat: Chat, answer: Answer) -> Turn:
    """An answer on the way, as the journal keeps it."""
    return Turn(
        request_key=chat.key,
        setup=go.setup,
        rank=go.slot.rank,
        model=voice.model,
        text=answer.text,
        finish_reason=answer.finish_reason,
        attempts=answer.attempts,
        tokens_in=answer.tokens_in,
        tokens_out=answer.tokens_out,
        mean_logprob=answer.mean_logprob,
        seconds=answer.seconds,
    )


def answer(kept: Turn) -> Answer:
    """The answer that was kept."""
    return Answer(key=kept.request_key, **kept.model_dump(exclude={"request_key", "setup", "rank", "model"}))


def drafted(go: Go, answers: Sequence[Answer], chat: Chat, content: Content) -> Draft:
    """The sample that the answers make."""
    return _draft(go, answers, chat, state="drafted", sample=_sample(go, content))


def invalid(go: Go, answers: Sequence[Answer], chat: Chat, why: NoSample) -> Draft:
    """Answers that make no sample."""
    return _draft(go, answers, chat, state="invalid", reason=str(why), raw=why.raw)


def failed(go: Go, answers: Sequence[Answer], chat: Chat, failure: Failure) -> Draft | Miss:
    """A call that brought no answer: for good, or for the moment."""
    if failure.final:
        entry = _draft(go, answers, chat, state="failed", reason=failure.reason, raw=failure.raw)
        return entry.model_copy(update={"attempts": entry.attempts + failure.attempts})
    return Miss(
        request_key=chat.key,
        setup=go.setup,
        rank=go.slot.rank,
        reason=failure.reason,
        attempts=failure.attempts,
        model=go.model,
        raw=failure.raw,
    )


def _draft(go: Go, answers: Sequence[Answer], chat: Chat, **more: object) -> Draft:
    measured = [(one.mean_logprob, max(1, one.tokens_out)) for one in answers if one.mean_logprob is not None]
    tokens = sum(weight for _, weight in measured)
    return Draft.model_validate(
        {
            "request_key": chat.key,
            "setup": go.setup,
            "rank": go.slot.rank,
            "retry": go.retry,
            "model": go.model,
            "seed": chat.seed,
            "attempts": sum(one.attempts for one in answers),
            "tokens_in": sum(one.tokens_in for one in answers),
            "tokens_out": sum(one.tokens_out for one in answers),
            "mean_logprob": math.fsum(mean * weight for mean, weight in measured) / tokens if tokens else None,
            "seconds": math.fsum(one.seconds for one in answers),
            **more,
        }
    )


def _sample(go: Go, content: Content) -> Sample:
    stratum, source, licence = _place(go.recipe, go.slot)
    depth = max(voice.model_depth for voice in go.voices)
    draft = go.recipe.draft
    return Sample(
        content=content,
        provenance=Provenance(
            origin=Origin.SYNTHETIC,
            depth=1 + depth,
            stratum=stratum,
            source=source,
            licence=licence,
            parents=tuple(parent.as_parent for parent in go.slot.parents),
            generation=Generation(
                model=go.model,
                weights_digest=go.voices[0].weights_digest if len(go.voices) == 1 else None,
                model_depth=depth,
                prompt_digest=prompt_digest(go.recipe),
                temperature=draft.temperature,
                top_p=draft.top_p,
                max_tokens=draft.max_tokens,
            ),
        ),
    )


def _place(recipe: Recipe, slot: Slot) -> tuple[str, str, str]:
    """Stratum, source and licence of what is drafted for a slot."""
    anchor = slot.anchor
    if isinstance(anchor, Task):
        return recipe.environment.stratum if recipe.environment else anchor.stratum, anchor.source, LICENCE
    said = anchor.provenance
    return drafts_stratum(recipe, slot, said.stratum), said.source, said.licence
