"""The judges' stage: models are asked about drafts, and what they answer becomes signals."""

import asyncio
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.stores import judgings, screening, warehouse
from outcross.data.stores.home import Home
from outcross.data.stores.judgings import Judging
from outcross.data.stores.lease import lock
from outcross.progress import advance
from outcross.serving.asking.client import ask
from outcross.serving.chats import Answer, Chat, Failure
from outcross.serving.endpoint import Endpoint
from outcross.serving.wires.measures import WIRES
from outcross.tasks.judging.appointment import Appointment, Question, Row, Verdict, judge_digest
from outcross.tasks.judging.registry import judges
from outcross.tasks.screening.frames import Seen, frame
from outcross.validators.signals import SIGNALS

FLUSH_SECONDS = 1.0
FLUSH_ROWS = 100
"""Answers reach the warehouse after this long or this many: what a kill can cost beside the requests in flight."""

LONGEST = 300
"""Characters of a failure."""

FOUND = {name: SIGNALS[name] for name in ("sample_id", "score", "reason", "failure")}


def unsignalled(home: Home, recipe: Recipe, endpoint: Endpoint) -> list[str]:
    """Ids of drafts that lack a signal of one of the recipe's judges by this model, in the order of the plan."""
    ids = warehouse.drafted(home, recipe.name)["sample_id"].to_list()
    lacking: set[str] = set()
    for one in appointments(recipe, endpoint):
        lacking |= set(ids) - _signalled(home, recipe, one)
    return [sample_id for sample_id in ids if sample_id in lacking]


def judge(home: Home, recipe: Recipe, endpoint: Endpoint, ids: Sequence[str]) -> int:
    """Let the recipe's judges ask this model about some drafts; return how many signals were new.

    What any recipe has asked of the same model before is found in the warehouse, and what arrives is stored at once,
    so a run that was killed goes on where it stood. Runs take turns, because two at a time could pay twice. A sample
    whose question got no answer for the moment has no signal yet: the next run asks again.

    Raises:
        RecipeError: a judge's limits don't hold.
        ServerUnavailable: the server is gone; what it had answered is stored.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    with lock(home.root / "judging", wait=math.inf):
        return sum(_judge(home, recipe, endpoint, one, ids) for one in appointments(recipe, endpoint))


def appointments(recipe: Recipe, endpoint: Endpoint) -> list[Appointment]:
    """The recipe's judges, each with the model behind the endpoint.

    Raises:
        RecipeError: a judge's limits don't hold.
        ServerUnavailable: the server doesn't answer.
    """
    return [Appointment.of(one, recipe.kind, endpoint) for one in judges(recipe)]


def signal_keys(home: Home, recipe: Recipe) -> set[tuple[str, int, str]]:
    """Name, version and params digest that the recipe's judges' signals are stored under.

    Of several models the one appointed last counts, whoever else judged before. A judge that never ran has none.
    """
    wanted = {(one.name, one.version, judge_digest(one, recipe.kind)) for one in judges(recipe)}
    return {
        (one.judge, one.version, one.params_digest)
        for one in judgings.latest(home, recipe.name)
        if (one.judge, one.version, one.judge_digest) in wanted
    }


def _signalled(home: Home, recipe: Recipe, one: Appointment) -> set[str]:
    record = one.record
    key = (record.judge, record.version, record.params_digest)
    return set(screening.signals(home, recipe.name, [key])["sample_id"])


def _judge(home: Home, recipe: Recipe, endpoint: Endpoint, one: Appointment, ids: Sequence[str]) -> int:
    judgings.appoint(home, recipe.name, one.record)
    rows = _rows(home, recipe, set(ids) - _signalled(home, recipe, one))
    asked = {row["sample_id"]: one.lacking or one.asked(row) for row in rows}
    questions = {question.key: (row, question) for row, question in _questions(rows, asked)}
    known = judgings.outcomes(home, questions)
    missing = [pair for key, pair in questions.items() if key not in known]
    fresh = asyncio.run(_ask(home, recipe, endpoint, one, missing)) if missing else {}
    settled = [(row["sample_id"], _settled(one, asked[row["sample_id"]], known | fresh)) for row in rows]
    signals = _signals(one, [(sample_id, said) for sample_id, said in settled if said is not None])
    advance("judge", signals.height)
    return screening.add_signals(home, recipe.name, signals)


def _rows(home: Home, recipe: Recipe, ids: Iterable[str]) -> list[dict[str, str]]:
    samples = warehouse.samples(home, recipe.name, list(ids))
    seen = (Seen(sample_id, one.provenance.stratum, one.content) for sample_id, one in samples.items())
    return frame(seen).to_dicts()


def _questions(rows: Iterable[Row], asked: Mapping[str, tuple[Question, ...] | str]) -> Iterator[tuple[Row, Question]]:
    for row in rows:
        if not isinstance(questions := asked[row["sample_id"]], str):
            yield from ((row, question) for question in questions)


async def _ask(
    home: Home, recipe: Recipe, endpoint: Endpoint, one: Appointment, missing: Sequence[tuple[Row, Question]]
) -> dict[str, tuple[str, str]]:
    """Ask and store outcomes as they arrive; what got no answer for the moment is in none."""
    asked = {question.key: (row, question) for row, question in missing}
    waiting: list[Judging] = []
    known: dict[str, tuple[str, str]] = {}
    flushed = time.monotonic()

    async def flush() -> None:
        rows = waiting.copy()
        waiting.clear()
        await asyncio.to_thread(judgings.write, home, recipe.name, rows)

    try:
        async with aclosing(ask(endpoint, [question for _, question in missing], WIRES[one.means])) as results:
            async for result in results:
                if isinstance(result, Failure) and not result.final:
                    continue
                outcome = _outcome(one, *asked[result.key], result)
                known[result.key] = outcome.state, outcome.raw
                waiting.append(outcome)
                advance("judge", 0, tokens=outcome.tokens_in + outcome.tokens_out)
                if len(waiting) >= FLUSH_ROWS or time.monotonic() - flushed > FLUSH_SECONDS:
                    await flush()
                    flushed = time.monotonic()
    finally:
        await flush()
    return known


def _outcome(one: Appointment, row: Row, question: Question, result: Answer | Failure) -> Judging:
    asked = {
        "request_key": result.key,
        "sample_id": row["sample_id"],
        "judge": one.judge.name,
        "version": one.judge.version,
        "model": one.model,
        "weights_digest": one.weights_digest,
        "seed": question.seed if isinstance(question, Chat) else None,
    }
    if isinstance(result, Failure):
        return Judging(**asked, state="failed", raw=f"{result.reason} {result.raw or ''}".strip())
    measured = result.model_dump(include={"tokens_in", "tokens_out", "seconds"})
    cut = isinstance(question, Chat) and result.finish_reason == "length"
    return Judging(**asked, **measured, state="truncated" if cut else "answered", raw=result.text)


def _settled(
    one: Appointment, asked: tuple[Question, ...] | str, known: Mapping[str, tuple[str, str]]
) -> Verdict | str | None:
    """The verdict on a sample, the phrase that says why there is none, or None while an answer is missing."""
    if isinstance(asked, str):
        return asked
    if any(question.key not in known for question in asked):
        return None
    outcomes = [known[question.key] for question in asked]
    for state, raw in outcomes:
        if state != "answered":
            return f"an answer was {state}: {raw}"
    return one.judge.settle(one.kind, [raw for _, raw in outcomes])


def _signals(one: Appointment, settled: Iterable[tuple[str, Verdict | str]]) -> pl.DataFrame:
    """Signals as `validators.signals.run` makes them, but with the reason at a score of 1 too: it holds raw values."""
    record = one.record
    rows = [
        (sample_id, None, "", said[:LONGEST]) if isinstance(said, str) else (sample_id, said.score, said.reason, None)
        for sample_id, said in settled
    ]
    found = pl.DataFrame(rows, schema=FOUND, orient="row")
    return found.with_columns(
        validator=pl.lit(record.judge),
        version=pl.lit(record.version, dtype=pl.Int64),
        params_digest=pl.lit(record.params_digest),
    ).select(SIGNALS.names())
