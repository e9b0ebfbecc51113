"""What a model drafts of each kind: a recipe's first three drafts as they come, and what the screen says of each.

    PYTHONPATH=. python benchmarks/kinds.py seed_tasks.jsonl --licence Apache-2.0 jsonl rewrite conversation languages
    PYTHONPATH=. python benchmarks/kinds.py grade_school_math.jsonl --licence MIT reasoning

reads a JSONL file that people wrote, drafts by each of the recipes in a home that is gone afterwards, and prints the
Markdown that stands in `docs/drafting.md`. The built-in model drafts, or the one of `OUTCROSS_BASE_URL`.
"""

import argparse
import sys
import tempfile
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from outcross.data import recipe as recipes
from outcross.data.recipe import Recipe
from outcross.data.samples import Action, Content, Sample, Turn
from outcross.data.stores import screening, vault, warehouse
from outcross.data.stores.home import Home
from outcross.serving.endpoint import Endpoint, connect
from outcross.serving.fleet import Fleet, Member
from outcross.settings import from_environment
from outcross.tasks.drafting.engine import Drafted, draft
from outcross.tasks.ingest import ingest
from outcross.tasks.screening.screen import screen, unjudged
from outcross.tasks.screening.suite import Screen

SHOWN = 3
LONGEST = 240
"""Characters of a text that are printed."""
FIRST, LAST = 5, 2
"""Of a row's texts, such as steps, these are printed."""
WIDTH = 120


def texts(content: Content) -> Iterator[tuple[str, str]]:
    """The texts of a content under their names, in the order in which they are read."""
    for name, value in content:
        if isinstance(value, str) and value and name != "kind":
            yield name, value
        for number, part in enumerate(value, 1) if isinstance(value, tuple) else ():
            yield (part.role, part.text) if isinstance(part, Turn | Action) else (f"step {number}", str(part))


def lines(told: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Texts under their names, wrapped, and cut where they are long or many."""
    told = list(told)
    left_out = told[FIRST:-LAST]
    for name, text in [*told[:FIRST], *([("…", f"[{len(left_out)} more]")] if left_out else []), *told[FIRST:][-LAST:]]:
        shown = text if len(text) <= LONGEST else f"{text[:LONGEST]} [and {len(text) - LONGEST:,} characters more]"
        for line in f"{name}: {shown}".splitlines():
            yield from textwrap.wrap(line, WIDTH, subsequent_indent="  ") or [""]


def block(draft: Sample, row: Sample, outcome: str, reasons: list[str]) -> str:
    """A draft below the row that it was made for, and the screen's word, in a fence that no text of theirs ends.

    What the draft has from the row as it stands isn't printed again.
    """
    peoples = list(texts(row.content))
    new = (text for text in texts(draft.content) if text not in peoples)
    said = [f"the screen: {outcome}", *(f"  {line}" for reason in reasons for line in textwrap.wrap(reason, WIDTH - 2))]
    parts = [f"PEOPLE ({row.provenance.source})", *lines(peoples), "", "DRAFT", *lines(new), "", *said]
    return "\n".join(["~~~~~~~~text", *parts, "~~~~~~~~"])


def section(home: Home, recipe: Recipe, came: Drafted) -> str:
    """What a recipe's slots came to, and its first drafts."""
    verdicts = screening.verdicts(home, recipe.name, Screen.of(recipe).ruleset)
    outcomes = Counter(verdicts["outcome"])
    counts = ", ".join(f"{outcomes[outcome]} {outcome}" for outcome in ("accepted", "borderline", "rejected"))
    asked = came.drafted + came.left
    head = f"Of {asked} slots {came.drafted} came to a draft; the screen said {counts}."
    people = {one.sample_id: one for part in vault.PARTS for one in vault.samples(home, recipe.name, part)}
    first = warehouse.drafted(home, recipe.name)["sample_id"].unique(maintain_order=True).head(SHOWN).to_list()
    made = warehouse.samples(home, recipe.name, first)
    found = {key: row for key, *row in verdicts.select("sample_id", "outcome", "reasons").iter_rows()}
    blocks = [block(made[key], people[made[key].provenance.parents[0].sample_id], *found[key]) for key in first]
    return "\n\n".join([head, *blocks])


def drafted(home: Home, base: str, file: Path, licence: str, endpoint: Endpoint, count: int) -> str:
    """Draft by a recipe from a file's rows, and say what came of it."""
    source = {"licence": licence, "attestation": "the file's authors"}
    recipe = recipes.for_file(home, f"{base}-trial", file, source, base)
    ingest(home, recipe)
    came = draft(home, recipe, Fleet(members=(Member(endpoint=endpoint),)), count)
    screen(home, recipe, unjudged(home, recipe))
    return section(home, recipe, came)


def main() -> None:
    """Draft by each recipe, and print a section of each."""
    parser = argparse.ArgumentParser(description="Drafts of each kind, as Markdown.")
    parser.add_argument("file", type=Path, help="JSONL that people wrote")
    parser.add_argument("recipes", nargs="+", help="built-in recipes to draft by")
    parser.add_argument("--licence", required=True, help="of the file's rows")
    parser.add_argument("--count", type=int, default=20, help="drafts wanted by each")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        with connect(from_environment(), home) as endpoint:
            for name in given.recipes:
                said = drafted(home, name, given.file, given.licence, endpoint, given.count)
                sys.stdout.write(f"## `{name}`\n\n{said}\n\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
