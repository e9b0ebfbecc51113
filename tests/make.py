"""Samples, recipes and files that tests are made of."""

import json
from collections.abc import Iterable
from pathlib import Path

from outcross.data import recipe as recipes
from outcross.data.recipe import Recipe
from outcross.data.samples import Content, Generation, Instruction, Origin, Provenance, Sample
from outcross.data.stores.home import Home


def human(response: str = "It adds two numbers.", *, stratum: str = "sums", source: str = "book.txt") -> Sample:
    """A row that a person wrote."""
    return Sample(
        content=Instruction(instruction="What does it do?", response=response),
        provenance=Provenance(
            origin=Origin.HUMAN,
            depth=0,
            stratum=stratum,
            source=source,
            licence="CC0-1.0",
            attestation="the author of the book",
        ),
    )


def synthetic(parents: Iterable[Sample], response: str = "It sums two numbers.", *, stratum: str = "sums") -> Sample:
    """A row that a model drafted from others."""
    return Sample(
        content=Instruction(instruction="What does it do?", response=response),
        provenance=Provenance(
            origin=Origin.SYNTHETIC,
            depth=1,
            stratum=stratum,
            source="book.txt",
            licence="CC0-1.0",
            parents=tuple(parent.as_parent for parent in parents),
            generation=Generation(model="tiny", weights_digest="a" * 64, prompt_digest="b" * 64),
        ),
    )


def imported(content: Content) -> Sample:
    """A row that somebody brought in as a model's; nothing links it to what it was made from."""
    said = synthetic([]).provenance
    generation = Generation(model="theirs", weights_digest=None)
    return Sample(content=content, provenance=said.model_copy(update={"generation": generation}))


def hybrid(draft: Sample, response: str, *, editor: str = "ada") -> Sample:
    """A draft that a person edited."""
    return Sample(
        content=Instruction(instruction="What does it do?", response=response),
        provenance=Provenance(
            origin=Origin.HYBRID,
            depth=1,
            stratum=draft.provenance.stratum,
            source=draft.provenance.source,
            licence=draft.provenance.licence,
            parents=(draft.as_parent,),
            editor=editor,
        ),
    )


SUBJECTS = ["apples", "tickets", "marbles", "pages", "coins", "miles", "eggs", "stamps"]


def tasks(count: int) -> list[dict[str, object]]:
    """Rows as a user's own JSONL would hold them; made for tests, so nobody's authorship is claimed of them."""
    return [
        {
            "question": f"Person {n} has {n + 2} {SUBJECTS[n % 8]} and finds {n * 3 + 1} more. How many?",
            "answer": f"There are {n + 2} {SUBJECTS[n % 8]} at first, and {n * 4 + 3} with {n * 3 + 1} more.",
            "topic": SUBJECTS[n % 8],
        }
        for n in range(count)
    ]


def write_jsonl(path: Path, rows: Iterable[object]) -> Path:
    """Write one JSON value a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def recipe(home: Home, path: Path, *, name: str = "mine", **source: object) -> Recipe:
    """A recipe for a JSONL file of rows."""
    table = {"path": str(path), "licence": "CC0-1.0", "attestation": "the tests", "stratum": "topic", **source}
    said = {
        "base": "jsonl",
        "about": "Rows of a test.",
        "source": table,
        # Most tests are about rows that nobody read, and few about what is proven of these.
        "certificate": {"without": "weigh anyway"},
    }
    return recipes.write(home, name, said)
