"""Drafts that somebody already has, through the same door as our own: labelled synthetic, under the maker's name."""

from collections.abc import Collection
from pathlib import Path

from pydantic import ValidationError

from outcross.data.corpora.candidates import Candidate, Refusal
from outcross.data.corpora.jsonl import JsonlReader
from outcross.data.recipe import Recipe
from outcross.data.samples import CONTENT, Generation, Origin, Provenance, Sample, digest
from outcross.data.stores import journal, vault
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft
from outcross.errors import InputError
from outcross.tasks.intake import Intake, explain, refusal, take_in


def import_drafts(home: Home, recipe: Recipe, path: Path, generator: str) -> Intake:
    """Take a JSONL file of drafts into the warehouse; the same row again adds nothing.

    Args:
        path: one draft a line, fields as for people's rows.
        generator: the name of the model that wrote them; it becomes part of their provenance.

    Raises:
        InputError: no generator was named, the file can't be read, or not one row could come in.
    """
    if not generator.strip():
        raise InputError(f"who wrote {path}? Name the model with --generator NAME: a draft without a maker is refused.")
    source = recipe.source
    written = set(vault.table(home, recipe.name, *vault.PARTS)["sample_id"]) if home.vault.exists() else set()
    # The file may follow the recipe's own field names, or the usual ones.
    reader = JsonlReader(path, recipe.kind, source.fields, source.stratum if source.reader == "jsonl" else "stratum")
    return take_in(
        home,
        recipe.name,
        reader(),
        lambda candidate: admit(candidate, recipe, generator, written),
        lambda drafts: journal.write(home, recipe.name, drafts),
    )


def admit(candidate: Candidate, recipe: Recipe, generator: str, written: Collection[str]) -> Draft | Refusal:
    """A row of somebody's drafts as a synthetic draft, or why it can't be one; `written` are the ids of people's."""
    if candidate.origin not in (None, Origin.SYNTHETIC):
        return refusal(candidate, f"claims the origin {candidate.origin!r} among drafts: people's rows go to --human")
    try:
        sample = Sample(
            content=CONTENT.validate_python(candidate.content),
            provenance=Provenance(
                origin=Origin.SYNTHETIC,
                depth=1,
                stratum=candidate.stratum,
                source=candidate.document,
                licence=candidate.licence or recipe.source.licence or "unknown",
                generation=Generation(model=generator, weights_digest=None),
            ),
        )
    except ValidationError as error:
        return refusal(candidate, explain(error))
    if sample.sample_id in written:
        return refusal(candidate, "is a row of people's in the vault, word for word: it stands as theirs")
    setup = digest(["imported", generator])
    # Letters sort after digits: of two drafts that are alike, the plan's own, which has ancestors, is kept.
    rank = f"import-{sample.sample_id[:24]}"
    return Draft(
        request_key=digest([setup, rank]), setup=setup, rank=rank, state="drafted", sample=sample, model=generator
    )
