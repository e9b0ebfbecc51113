"""Drafts before judges: a home whose recipe names some, and what they said."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from outcross.data.recipe import Recipe
from outcross.data.samples import CONTENT, Content, Sample
from outcross.data.stores import journal
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft
from outcross.serving.endpoint import Endpoint
from tests import make
from tests.openai_server import MODEL, Running, openai_server

KINDS: dict[str, dict[str, object]] = {
    "instruction": {"instruction": "Add 2 and 3.", "context": "They are whole numbers.", "response": "2 and 3 make 5."},
    "preference": {"prompt": "Add 2 and 3.", "chosen": "2 and 3 make 5.", "rejected": "2 and 3 make 23, of course."},
    "reasoning": {"problem": "Add 2 and 3.", "steps": ["2 and 3 make 5."], "answer": "5"},
    "conversation": {"turns": [{"role": "user", "text": "Add 2 and 3."}, {"role": "assistant", "text": "It is 5."}]},
    "trajectory": {"turns": [{"role": "user", "text": "Add 2 and 3."}, {"role": "assistant", "text": "It is 5."}]},
    "text": {"text": "2 and 3 make 5, as every child knows."},
}


def content(kind: str = "instruction", **more: object) -> Content:
    """A content of a kind, with other fields where given."""
    return CONTENT.validate_python({"kind": kind} | KINDS[kind] | more)


def recipe(
    home: Home, *names: str, called: str = "mine", kind: str = "instruction", **limits: Mapping[str, float]
) -> Recipe:
    """A recipe whose screen names these judges, with limits by judge, and nothing else."""
    path = home.root.parent / f"{called}.jsonl"
    if not path.exists():
        make.write_jsonl(path, make.tasks(3))
    made = make.recipe(home, path, name=called)
    screen = {name: dict(limits.get(name, {})) for name in names}
    return made.model_copy(update={"screen": screen, "kind": kind})


def drafted(home: Home, recipe: Recipe, contents: Sequence[Content]) -> list[str]:
    """Put drafts into the warehouse; their ids in the order given."""
    samples = [make.imported(one) for one in contents]
    journal.write(home, recipe.name, [_draft(rank, one) for rank, one in enumerate(samples)])
    return [one.sample_id for one in samples]


def _draft(rank: int, sample: Sample) -> Draft:
    return Draft(request_key=f"k{rank}", setup="s", rank=f"{rank:06}", state="drafted", sample=sample, model="theirs")


def some(count: int) -> list[Content]:
    """Instructions that differ from each other."""
    return [content(instruction=row["question"], context="", response=row["answer"]) for row in make.tasks(count)]


@contextmanager
def asked(folder: Path, *offers: str, **more: object) -> Iterator[tuple[Endpoint, Running]]:
    """A stand-in that offers what is named, and where it answers."""
    with openai_server(folder / "served.log", offers=offers or ("chat",), **more) as server:
        yield Endpoint(base_url=server.base_url, model=MODEL, model_depth=0, concurrency=8), server


def said(home: Home, *columns: str, table: str = "signal") -> list[tuple[object, ...]]:
    """Rows of a table of the warehouse."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY ALL").fetchall()
