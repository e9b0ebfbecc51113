"""A judge, and the model appointed to it: together they decide what a signal says and how it is stored."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, asdict, dataclass, replace
from typing import Any, ClassVar, NamedTuple, Protocol

from pydantic import TypeAdapter

from outcross.data.samples import digest
from outcross.data.stores.judgings import Appointed
from outcross.serving.chats import Chat
from outcross.serving.endpoint import Endpoint
from outcross.serving.wires.measures import Exchange, Need, Passage, offered
from outcross.validators.rule import Rule

Question = Chat | Passage | Exchange
Row = Mapping[str, str]
"""A row of the frame `SAMPLES`."""

_QUESTION: TypeAdapter[Question] = TypeAdapter(Question)

NEEDS: Mapping[Need, str] = {
    "chat": "chat completions",
    "likelihood": "prompt log-probabilities",
    "reward": "rewards",
}


class Verdict(NamedTuple):
    """What a judge makes of a model's answers."""

    score: float
    """In [0, 1]: 1 means nothing wrong."""
    reason: str
    """The numbers behind it."""


class Judge(Protocol):
    """A named, versioned judgement that a model makes: a frozen dataclass whose fields are its limits.

    It asks nobody itself. It says what to ask of a model, and what the answers mean; both depend on the sample, its
    limits and the answers alone.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    name: ClassVar[str]
    version: ClassVar[int]
    """Raised whenever a score could change for the same answers; those are kept and not asked for again."""
    rule: ClassVar[Rule]
    needs: ClassVar[Need]

    @property
    def longest(self) -> int:
        """Characters of a sample beyond which nothing is asked."""

    def prompt_digest(self, kind: str) -> str:
        """Names the prompt that samples of a kind are put into."""

    def questions(self, sample: Row) -> Sequence[Question] | str:
        """What to ask about a sample, or in a phrase why nothing can be; the keys are given later."""

    def settle(self, kind: str, answers: Sequence[str]) -> Verdict | str:
        """What the answers about a sample of a kind mean, in the order of the questions, or why they mean nothing."""


def judge_digest(judge: Judge, kind: str) -> str:
    """Names a judge's limits and its prompt for samples of a kind, whatever model is asked."""
    return digest([asdict(judge), judge.prompt_digest(kind)])


@dataclass(frozen=True, kw_only=True)
class Appointment:
    """A judge with the model that it asks."""

    judge: Judge
    kind: str
    """Of the recipe's samples."""
    model: str
    weights_digest: str | None
    means: str
    """The wire that its questions go by; empty where the server doesn't offer what the judge needs."""

    @classmethod
    def of(cls, judge: Judge, kind: str, endpoint: Endpoint) -> "Appointment":
        """Appoint the model behind an endpoint, which is asked once what it offers.

        Raises:
            ServerUnavailable: it doesn't answer.
        """
        return cls(
            judge=judge,
            kind=kind,
            model=endpoint.model,
            weights_digest=endpoint.weights_digest,
            means=offered(endpoint, judge.needs),
        )

    @property
    def record(self) -> Appointed:
        """What is stored of it; the params digest names all that a score depends on beside the sample."""
        limits = judge_digest(self.judge, self.kind)
        return Appointed(
            judge=self.judge.name,
            version=self.judge.version,
            judge_digest=limits,
            model=self.model,
            weights_digest=self.weights_digest,
            means=self.means,
            params_digest=digest([limits, self.model, self.weights_digest, self.means]),
        )

    @property
    def lacking(self) -> str:
        """Why nothing can be asked, or "" where it can."""
        return "" if self.means else f"the server gives no {NEEDS[self.judge.needs]}"

    def asked(self, sample: Row) -> tuple[Question, ...] | str:
        """The questions about a sample, each with the digest of all that decides its answer for a key."""
        size = sum(len(sample[part]) for part in ("prompt", "context", "response", "other"))
        if size > self.judge.longest:
            return f"longer than {self.judge.longest:,} characters: {size:,}"
        questions = self.judge.questions(sample)
        return questions if isinstance(questions, str) else tuple(self._keyed(questions))

    def _keyed(self, questions: Sequence[Question]) -> Iterator[Question]:
        for question in questions:
            said = _QUESTION.dump_python(question, mode="json")
            yield replace(question, key=digest([self.model, self.weights_digest, self.means, said]))
