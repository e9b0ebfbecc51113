"""Between the stores and other tools: what people decided goes out, drafts from elsewhere come in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from outcross.data.corpora.candidates import Candidate, Refusal
from outcross.data.corpora.dotted import find
from outcross.data.exchange import formats
from outcross.data.exchange.judged import Imported, Judged, Judgement, Refused
from outcross.data.recipe import Recipe
from outcross.data.review.answers import STANCES
from outcross.data.review.decisions import DecisionRow
from outcross.data.review.queue import Queue
from outcross.data.samples import Origin
from outcross.data.stores import warehouse
from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.tasks.imports import take_in_drafts
from outcross.tasks.intake import Intake


@dataclass(frozen=True)
class Outgo:
    """What went out."""

    samples: int
    records: int
    left_out: dict[str, int]
    """What the format can't hold, by reason, most frequent first."""
    loses: str
    """What it leaves out of every row."""


@dataclass(frozen=True)
class Income:
    """What came in."""

    taken: Intake
    answers: int
    """Of other tools' people, who are no reviewers of this home: read, and not taken for its decisions."""


def judged(home: Home, recipe: str) -> list[Judged]:
    """A recipe's drafts that experts decided on, in the order of the first decision on each.

    Decisions that later ones replaced are left out, and so are those on items whose answer was known.
    """
    rows = Queue(home.queue).decisions() if home.queue.exists() else []
    replaced = {row.supersedes for row in rows}
    decided: dict[str, list[DecisionRow]] = defaultdict(list)
    for row in rows:
        if row.recipe == recipe and row.source != "gold" and row.seq not in replaced:
            decided[row.sample_id].append(row)
    samples = warehouse.samples(home, recipe, list(decided)) if decided else {}
    return [
        Judged(sample=samples[sample_id], decisions=tuple(map(_said, decisions)), settled=_standing(decisions))
        for sample_id, decisions in decided.items()
        if sample_id in samples
    ]


def _said(row: DecisionRow) -> Judgement:
    return Judgement.model_validate(row.model_dump(include=set(Judgement.model_fields)))


def _standing(rows: Iterable[DecisionRow]) -> Judgement | None:
    """The answer that stands where an item is settled, as the warehouse's view `settled` has it."""
    words = [row for row in rows if row.settled]
    if not words:
        return None

    def weight(row: DecisionRow) -> tuple[object, ...]:
        # An adjudicator's word over the reviewers', who could tell over who could not, the later over the earlier.
        return (row.stage == "adjudication", STANCES[row.verdict] is not None, row.at, row.seq)

    return _said(max(words, key=weight))


def export(home: Home, recipe: Recipe, name: str, path: Path) -> Outgo:
    """Write what experts decided of a recipe's drafts to a file in another tool's format.

    Raises:
        InputError: the format can't hold the recipe's kind, or nothing was decided yet.
    """
    form = formats.FORMATS[name]
    if recipe.kind not in form.HOLDS:
        fitting = ", ".join(other for other, one in formats.FORMATS.items() if recipe.kind in one.HOLDS)
        raise InputError(f"{name} can't hold samples of kind {recipe.kind}. Choose one of: {fitting}.")
    rows = judged(home, recipe.name)
    if not rows:
        raise InputError(f"nobody has decided on a draft of {recipe.name} yet. Review some first: outcross review.")
    written = formats.write(name, path, form.dump(rows))
    return Outgo(len(rows), written.records, dict(written.left_out.most_common()), form.LOSES)


def import_file(home: Home, recipe: Recipe, path: Path, name: str, generator: str) -> Income:
    """Take another tool's records in as drafts, through the same door as any: the same record again adds nothing.

    Args:
        name: the format's.
        generator: the model that wrote the texts; it becomes part of their provenance.

    Raises:
        InputError: no generator was named, nothing says what it was trained on, the file can't be read, or not one
            record could come in.
    """
    answers = 0

    def found() -> Iterator[Candidate | Refusal]:
        nonlocal answers
        for number, record in formats.read(name, path):
            read = record if isinstance(record, Refusal) else _read(recipe, path.name, number, record, name)
            if isinstance(read, Imported):
                answers += len(read.answers) or any(label is not None for label in read.labels)
                yield _candidate(recipe, path.name, number, read)
            else:
                yield read

    return Income(take_in_drafts(home, recipe, found(), generator), answers)


def _read(recipe: Recipe, file: str, number: int, record: object, name: str) -> Imported | Refusal:
    (read,) = formats.FORMATS[name].load([record])
    if isinstance(read, Imported) and read.content.kind == recipe.kind:
        return read
    if isinstance(read, Refused):
        return Refusal.of(file, number, read.reason, record)
    reason = f"its kind is {read.content.kind}, and that of {recipe.name} {recipe.kind}"
    return Refusal.of(file, number, reason, record)


def _candidate(recipe: Recipe, file: str, number: int, read: Imported) -> Candidate:
    def said(*names: str | None) -> str | None:
        found = (find(read.beside, name) for name in names if name)
        return next((str(one) for one in found if isinstance(one, str | int | float) and str(one).strip()), None)

    origin = said("origin")
    return Candidate(
        file=file,
        line=number,
        document=said("source") or f"{file}#{number}",
        stratum=said("stratum", recipe.source.stratum) or "all",
        content=read.content.model_dump(mode="json"),
        licence=said("licence", "license"),
        # Others may call something else an origin, and none that they claim is believed: see `as_synthetic`.
        origin=origin if origin in [*Origin] else None,
    )
