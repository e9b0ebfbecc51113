"""Telemetry: what a run takes of each model, told while it goes on and kept when it ends."""

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from outcross.data.stores import runs
from outcross.data.stores.home import Home
from outcross.data.stores.runs import Run
from outcross.errors import OutcrossError
from outcross.progress import advance
from outcross.serving.asking.client import Client, Tally
from outcross.serving.chats import Answer, Failure
from outcross.serving.endpoint import Endpoint
from outcross.serving.fleet import Fleet, Member

STATES = ("drafted", "invalid", "failed", "missed")
"""What a slot comes to."""
LONGEST = 1_000
"""Characters of what ended a run that its row keeps."""


@dataclass
class Meter:
    """One model's part of a run."""

    member: Member
    requests: int = 0
    """Those that have come to an answer or to none."""
    attempts: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    slots: Counter[str] = field(default_factory=Counter)
    """The model's own slots by what they came to."""

    @property
    def cost(self) -> float | None:
        """In money; None where the price isn't known."""
        return self.member.cost(self.tokens_in, self.tokens_out)

    def add(self, outcome: Answer | Failure) -> None:
        self.requests += 1
        self.attempts += outcome.attempts
        if isinstance(outcome, Answer):
            self.tokens_in += outcome.tokens_in
            self.tokens_out += outcome.tokens_out

    def counts(self, tally: Tally) -> dict[str, Any]:
        """What a run's row counts of the model.

        Args:
            tally: of the model's client, which alone knows how long requests stood in line.
        """
        return {
            "requests": self.requests,
            "attempts": self.attempts,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "waited": tally.waited,
            "queued": tally.queued,
            "peak": tally.peak,
            **{state: self.slots[state] for state in STATES},
        }

    def flying(self, client: Client) -> int:
        """Requests in flight: all that were asked and have no outcome, as far as the limit lets them go."""
        return min(client.tally.asked - self.requests, client.limit)


class Meters:
    """What a run takes of all its models. For one thread."""

    def __init__(self, fleet: Fleet, clients: Mapping[Endpoint, Client]) -> None:
        self._by_model = {member.endpoint: Meter(member) for member in fleet.members}
        self._clients = clients
        self._told: dict[str, float] = {}
        self.open = 0
        """Slots that were begun and have come to nothing yet."""

    def __getitem__(self, endpoint: Endpoint) -> Meter:
        return self._by_model[endpoint]

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Count a slot as begun for as long as the block runs."""
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    @property
    def done(self) -> int:
        """Slots that have come to something."""
        return sum(meter.slots.total() for meter in self._by_model.values())

    @property
    def expected(self) -> float:
        """How many times what it took so far the run will have taken when all begun slots are done; from 1 on."""
        done = self.done
        return 1 + self.open / done if done else 1.0

    @property
    def tokens(self) -> int:
        """In and out, of all models."""
        return sum(meter.tokens_in + meter.tokens_out for meter in self._by_model.values())

    @property
    def cost(self) -> float:
        """In money, of the models whose price is known."""
        return sum(meter.cost or 0.0 for meter in self._by_model.values())

    def tell(self) -> None:
        """Tell whoever watches what has changed: counts are added up there, so that differences are told."""
        pairs = [(self._by_model[endpoint], client) for endpoint, client in self._clients.items()]
        now = {
            "tokens": sum(meter.tokens_out for meter in self._by_model.values()),
            "flying": sum(meter.flying(client) for meter, client in pairs),
            "limit": sum(client.limit for _, client in pairs),
            "cost": self.cost,
        }
        changed = {name: value - self._told.get(name, 0) for name, value in now.items()}
        self._told = now
        if any(changed.values()):
            advance("draft", 0, **changed)

    @contextmanager
    def recorded(self, home: Home, recipe: str) -> Iterator[list[str]]:
        """Leave a row for each model when the block ends, however it ends.

        Yields a list for the sentence that says why the run stopped, if it did; an error says so by itself.
        """
        run_id, started, stopped = secrets.token_hex(16), datetime.now(UTC), list[str]()
        try:
            yield stopped
        except BaseException as error:
            with suppress(OutcrossError):  # the error that there is comes first
                said = str(error) or type(error).__name__
                runs.add(home, recipe, self._rows(run_id, started, said[:LONGEST]))
            raise
        runs.add(home, recipe, self._rows(run_id, started, " ".join(stopped) or None))

    def _rows(self, run_id: str, started: datetime, stopped: str | None) -> list[Run]:
        ended = datetime.now(UTC)
        whole = sum(meter.member.share for meter in self._by_model.values())
        return [
            Run(
                run_id=run_id,
                model=endpoint.model,
                weights_digest=endpoint.weights_digest,
                licence=meter.member.licence,
                share=meter.member.share / whole,
                started_at=started,
                ended_at=ended,
                **meter.counts(self._clients[endpoint].tally if endpoint in self._clients else Tally()),
                price_in=meter.member.price_in,
                price_out=meter.member.price_out,
                cost=meter.cost,
                stopped=stopped,
            )
            for endpoint, meter in self._by_model.items()
        ]
