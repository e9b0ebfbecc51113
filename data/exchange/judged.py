"""What passes between Outcross and other tools: samples that people judged, and the records that they came from."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from outcross.data.corpora.dotted import find
from outcross.data.corpora.forms import PAIRS, best
from outcross.data.review.answers import WORDS, Label, stored
from outcross.data.samples import (
    CONTENT,
    KINDS,
    Content,
    Conversation,
    Filled,
    Prose,
    Reasoning,
    Record,
    Sample,
    Trajectory,
    explain,
)

VERDICTS: Mapping[str, tuple[str, ...]] = {
    kind: (*(stored(word, swapped=False) for word in words), "broken") for kind, words in WORDS.items()
}
"""By kind, the verdicts as they are stored: of a pair, which of the sample's own answers won, however it was shown."""

USUAL: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "instruction": PAIRS,
    "preference": ({"prompt": "prompt", "chosen": "text1", "rejected": "text2"},),
}
"""By kind, names that others give to our fields, beside our own."""

MILLION = 10**6


class Judgement(Record):
    """What one reviewer decided of a sample."""

    verdict: str
    reasons: tuple[Filled, ...] = ()
    note: Prose = ""
    edit: Filled | None = None
    """The whole corrected text: of the response, the first bad step, the turn, or the better answer of a pair."""
    labels: tuple[Label, ...] = ()
    """One for each step or turn, or none at all."""
    strength: Literal[1, 2] | None = None
    reviewer: Filled = "unknown"
    at: float | None = Field(default=None, ge=0, lt=253_402_300_000, allow_inf_nan=False)
    """Seconds since the epoch, up to the year 9999; None where the record doesn't say."""
    active_ms: int | None = Field(default=None, ge=0)


class Judged(Record):
    """A sample with what was decided of it, the last word last."""

    sample: Sample
    decisions: tuple[Judgement, ...] = ()
    settled: Judgement | None = None
    """The answer that stands, for formats that have one a sample; None while reviewers differ or are too few."""


class Imported(Record):
    """A record of another tool as ours: what it holds, and what people said of it there."""

    content: Content
    """Without labels of its own: a draft is shown to reviewers as nobody has judged it."""
    answers: tuple[Judgement, ...] = ()
    labels: tuple[Label, ...] = ()
    """One for each step or turn, where the record has some that are part of no answer."""
    beside: Mapping[str, object] = {}
    """What else the record says, such as its licence, under the record's own names."""

    @model_validator(mode="after")
    def _answers_fit_the_content(self) -> Self:
        units, words = parts(self.content), VERDICTS[self.content.kind]
        for labels in (self.labels, *(answer.labels for answer in self.answers)):
            if labels and len(labels) != units:
                raise ValueError(f"has {len(labels)} labels for {units} steps or turns")
        for answer in self.answers:
            if answer.verdict not in words:
                raise ValueError(f"has the verdict {answer.verdict!r}, where one of {', '.join(words)} is wanted")
        return self


class Refused(Record):
    """A record that can't be read, or a sample that a format can't hold, and why."""

    reason: str


UNSETTLED = Refused(reason="its reviewers haven't settled it yet, and the format holds what stands alone")


class Theirs(BaseModel):
    """A shape of another tool's: fields that we don't know are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Unfit(ValueError):
    """Says in a phrase why a record can't be read."""


def loaded(records: Iterable[object], read: Callable[[dict[str, object]], Imported]) -> Iterator[Imported | Refused]:
    """Read records one by one; one that doesn't hold is refused with the first thing that is wrong with it."""
    for record in records:
        try:
            if not isinstance(record, dict):
                raise Unfit(f"a JSON {type(record).__name__} where an object is wanted")
            yield read(record)
        except ValidationError as error:
            yield Refused(reason=explain(error))
        except Unfit as error:
            yield Refused(reason=str(error))


def content_of(fields: Mapping[str, object]) -> Content:
    """The content that a record's fields make: of the kind that they name, or of the first one whose fields are there.

    Raises:
        Unfit: they are no kind's.
        ValidationError: they are one's, and don't hold.
    """
    named = fields.get("kind")
    if named is not None and named not in [*KINDS]:
        raise Unfit(f"names the kind {str(named)[:40]!r}, and there are {', '.join(KINDS)}")
    for kind in KINDS if named is None else (str(named),):
        own = {name: name for name in KINDS[kind].model_fields if name not in ("kind", "labels")}
        names = best(kind, fields, (own, *USUAL.get(kind, ())))
        if names or named is not None:
            found = {ours: find(fields, theirs) for ours, theirs in (names or own).items()}
            said = {ours: value for ours, value in found.items() if value is not None}
            return CONTENT.validate_python({"kind": kind} | said)
    raise Unfit(f"has the fields {', '.join(sorted(map(repr, fields)))[:200]}, which are those of no kind")


def fields_of(sample: Sample) -> dict[str, object]:
    """A content's fields as plain JSON, its kind among them, its labels left to the decisions."""
    return sample.content.model_dump(mode="json", exclude={"labels"})


def facts(sample: Sample) -> dict[str, str]:
    """What other tools may carry along with a sample, and bring back: see `Imported.beside`."""
    said = sample.provenance
    return {
        "sample_id": sample.sample_id,
        "origin": said.origin.value,
        "stratum": said.stratum,
        "source": said.source,
        "licence": said.licence,
    }


def parts(content: Content) -> int:
    """How many steps or turns a content has; 0 where its kind has none."""
    match content:
        case Reasoning():
            return len(content.steps)
        case Conversation() | Trajectory():
            return len(content.turns)
    return 0


def moment(at: float | None) -> str | None:
    """A time as ISO 8601 in UTC, to the microsecond."""
    if at is None:
        return None
    # Whole microseconds, because `fromtimestamp` and `timestamp` round each its own way; of the exact value, because
    # a product of floats may fall half between two.
    micro = round(Fraction(at) * MILLION)
    return datetime.fromtimestamp(micro // MILLION, UTC).replace(microsecond=micro % MILLION).isoformat()


def seconds(moment: str | None) -> float | None:
    """Seconds since the epoch of an ISO 8601 time, which is in UTC where it names no zone.

    Raises:
        Unfit: it is none.
    """
    if moment is None:
        return None
    try:
        found = datetime.fromisoformat(moment)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise Unfit(f"{moment[:40]!r} is no time") from None
