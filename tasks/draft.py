"""Drafts: what a model writes for a slice of the plan, journaled as it arrives."""

import asyncio
import json
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import ValidationError

from outcross.data.recipe import Recipe
from outcross.data.samples import CONTENT, Generation, Origin, Provenance, Sample, explain
from outcross.data.stores import journal
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft, Miss
from outcross.data.stores.lease import lock
from outcross.errors import ServingError
from outcross.progress import advance
from outcross.serving.chats import Answer, Failure
from outcross.serving.client import complete
from outcross.serving.endpoint import Endpoint
from outcross.tasks.environments import LICENCE, Task
from outcross.tasks.plan import Slot, plan
from outcross.tasks.prompts import Request, prompt_digest, requests, setup_digest

FLUSH_SECONDS = 1.0
FLUSH_ROWS = 100
"""Answers reach the warehouse after this long or this many: what a kill can cost beside the requests in flight."""


def pending(home: Home, recipe: Recipe, endpoint: Endpoint, count: int) -> list[Slot]:
    """The slots of the plan's first `count` that this setup hasn't answered yet."""
    done = journal.answered(home, recipe.name, setup_digest(recipe, endpoint))
    return [slot for slot in plan(home, recipe, count) if slot.rank not in done]


@contextmanager
def alone(home: Home, recipe: str) -> Iterator[None]:
    """Draft for a recipe as the only one in its home, after waiting for whoever does now: two would pay twice."""
    home.root.mkdir(parents=True, exist_ok=True)
    with lock(home.root / f"drafting-{recipe}", wait=math.inf):
        yield


@dataclass(frozen=True)
class Drafted:
    """What a batch came to."""

    drafted: int = 0
    invalid: int = 0
    failed: int = 0
    missed: int = 0


def require_answers(home: Home, recipe: str, batches: Sequence[Drafted]) -> None:
    """Let a run that got nothing at all end as one that failed.

    The last few slots of a plan may well come to nothing; with drafts from before, the job goes on without them.

    Raises:
        ServingError: slots were asked for and none was answered, or the recipe is left without any draft.
    """
    failed = sum(batch.failed for batch in batches)
    missed = sum(batch.missed for batch in batches)
    invalid = sum(batch.invalid for batch in batches)
    drafted = any(batch.drafted for batch in batches) or (invalid and journal.tally(home, recipe).get("drafted"))
    if failed + missed + invalid and not drafted:
        raise ServingError(
            f"not one request came to a draft: {failed:,} were refused, {missed:,} got no answer, and {invalid:,} "
            "answers were no sample. The tables `draft` and `miss` of the warehouse give each one's reason."
        )


def draft(home: Home, recipe: Recipe, endpoint: Endpoint, slots: Sequence[Slot]) -> Drafted:
    """Ask the model for each slot that has no answer yet and journal what comes back; no answer ends the batch.

    Raises:
        ServerUnavailable: the server is gone; what had been answered is journaled, the rest can be asked later.
    """
    done = journal.answered(home, recipe.name, setup_digest(recipe, endpoint))
    return asyncio.run(_draft(home, recipe, endpoint, [slot for slot in slots if slot.rank not in done]))


async def _draft(home: Home, recipe: Recipe, endpoint: Endpoint, slots: Sequence[Slot]) -> Drafted:
    asked = {request.chat.key: request for request in requests(recipe, endpoint, slots)}
    waiting: list[Draft | Miss] = []
    count = {"drafted": 0, "invalid": 0, "failed": 0, "missed": 0}
    flushed = time.monotonic()

    async def flush() -> None:
        drafts = [entry for entry in waiting if isinstance(entry, Draft)]
        misses = [entry for entry in waiting if isinstance(entry, Miss)]
        waiting.clear()
        await asyncio.to_thread(journal.write, home, recipe.name, drafts, misses)

    try:
        async for result in complete(endpoint, [request.chat for request in asked.values()]):
            entry = outcome(recipe, endpoint, asked[result.key], result)
            state = entry.state if isinstance(entry, Draft) else "missed"
            count[state] += 1
            tokens = result.tokens_out if isinstance(result, Answer) else 0
            advance("draft", tokens=tokens, **({state: 1} if state != "drafted" else {}))
            waiting.append(entry)
            if len(waiting) >= FLUSH_ROWS or time.monotonic() - flushed > FLUSH_SECONDS:
                await flush()
                flushed = time.monotonic()
    finally:
        await flush()
    return Drafted(**count)


def outcome(recipe: Recipe, endpoint: Endpoint, request: Request, result: Answer | Failure) -> Draft | Miss:
    """What goes into the journal for one result: a draft with its sample, or the reason why there is none."""
    asked = {
        "request_key": result.key,
        "setup": setup_digest(recipe, endpoint),
        "rank": request.slot.rank,
        "attempts": result.attempts,
    }
    if isinstance(result, Failure) and not result.final:
        return Miss(**asked, reason=result.reason)
    named = {**asked, "model": endpoint.model, "seed": request.chat.seed}
    if isinstance(result, Failure):
        return Draft(**named, state="failed", reason=result.reason, raw=result.raw)
    measured = {
        "tokens_in": result.tokens_in,
        "tokens_out": result.tokens_out,
        "mean_logprob": result.mean_logprob,
        "seconds": result.seconds,
    }
    made = sample(recipe, endpoint, request, result)
    if isinstance(made, Sample):
        return Draft(**named, **measured, state="drafted", sample=made)
    return Draft(**named, **measured, state="invalid", reason=made, raw=result.text)


def sample(recipe: Recipe, endpoint: Endpoint, request: Request, answer: Answer) -> Sample | str:
    """The sample that an answer makes, or in a phrase why it makes none."""
    if answer.finish_reason == "length":
        return f"truncated at {recipe.draft.max_tokens} tokens"
    try:
        written = json.loads(answer.text)
        if not isinstance(written, dict):
            return f"a JSON {type(written).__name__} where an object is wanted"
        content = CONTENT.validate_python({"kind": recipe.kind, **request.given, **written})
    except ValidationError as error:
        return explain(error)
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    stratum, source, licence = _place(recipe, request.slot.anchor)
    return Sample(
        content=content,
        provenance=Provenance(
            origin=Origin.SYNTHETIC,
            depth=1 + endpoint.model_depth,
            stratum=stratum,
            source=source,
            licence=licence,
            parents=tuple(parent.as_parent for parent in request.slot.parents),
            generation=Generation(
                model=endpoint.model,
                weights_digest=endpoint.weights_digest,
                model_depth=endpoint.model_depth,
                prompt_digest=prompt_digest(recipe),
                temperature=recipe.draft.temperature,
                top_p=recipe.draft.top_p,
                max_tokens=recipe.draft.max_tokens,
            ),
        ),
    )


def _place(recipe: Recipe, anchor: Sample | Task) -> tuple[str, str, str]:
    """Stratum, source and licence of what is drafted for an anchor."""
    if isinstance(anchor, Task):
        return recipe.environment.stratum if recipe.environment else anchor.stratum, anchor.source, LICENCE
    return anchor.provenance.stratum, anchor.provenance.source, anchor.provenance.licence
