"""Drafts that somebody already has, through the same door as our own: labelled synthetic, under the maker's name."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from outcross.data.corpora import champ
from outcross.data.corpora.candidates import Author, Candidate, Refusal
from outcross.data.corpora.champ import Solution
from outcross.data.corpora.jsonl import JsonlReader
from outcross.data.recipe import Recipe
from outcross.data.samples import CONTENT, Generation, Origin, Provenance, Sample, digest, explain
from outcross.data.stores import generators, journal, vault
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft
from outcross.errors import InputError
from outcross.settings import from_environment
from outcross.tasks.intake import Intake, refusal, take_in


def import_drafts(home: Home, recipe: Recipe, path: Path, generator: str) -> Intake:
    """Take a JSONL file of drafts into the warehouse; the same row again adds nothing.

    Args:
        path: one draft a line, fields as for people's rows.
        generator: the name of the model that wrote them; it becomes part of their provenance.

    Raises:
        InputError: no generator was named, nothing says what it was trained on, the file can't be read, or not one row
            could come in.
    """
    source = recipe.source
    # The file may follow the recipe's own field names, or the usual ones.
    reader = JsonlReader(path, recipe.kind, source.fields, source.stratum if source.reader == "jsonl" else "stratum")
    return take_in_drafts(home, recipe, reader(), generator)


def import_solutions(home: Home, recipe: Recipe) -> Intake:
    """Take in the models' solutions that a recipe's own corpus brings, each under its model's name.

    Those to held-out problems stay out: no release could use them, and reviewers are measured by them (see `gold`).

    Raises:
        InputError: the corpus brings none, or isn't installed.
    """
    if recipe.source.reader != "champ":
        raise InputError(
            f"the corpus of {recipe.name} brings no drafts of its own. Give a file of them: outcross import "
            f"{recipe.name} FILE --format FORMAT --generator NAME."
        )
    split = vault.Split(seed=recipe.source.seed_share, heldout=recipe.source.heldout_share)
    drafts = (one.draft if isinstance(one, Solution) else one for one in champ.solutions())
    return take_in_drafts(
        home,
        recipe,
        (one for one in drafts if isinstance(one, Refusal) or split.part(one.document) != "heldout"),
    )


def take_in_drafts(
    home: Home, recipe: Recipe, found: Iterator[Candidate | Refusal], generator: str | None = None
) -> Intake:
    """Pass drafts through the door; the same row again adds nothing.

    Args:
        generator: the model that wrote those which name none themselves; None where all of them do.

    Raises:
        InputError: the generator has no name, nothing says what it was trained on, or not one row could come in.
    """
    writer = None if generator is None else author(home, generator)
    written = set(vault.table(home, recipe.name, *vault.PARTS)["sample_id"]) if home.vault.exists() else set()
    return take_in(
        home,
        recipe.name,
        found,
        lambda candidate: admit(replace(candidate, author=candidate.author or writer), recipe, written),
        lambda drafts: journal.write(home, recipe.name, drafts),
    )


def author(home: Home, generator: str) -> Author:
    """The model of that name, with the depth that the environment or else the home's records give it.

    Raises:
        InputError: it has no name, or nothing says what it was trained on.
    """
    if not generator.strip():
        raise InputError(
            "who wrote these drafts? Name the model with --generator NAME: one without a maker is refused."
        )
    return Author(generator, generators.model_depth(home, generator, said=from_environment().model_depth))


def admit(candidate: Candidate, recipe: Recipe, written: Collection[str]) -> Draft | Refusal:
    """A row of somebody's drafts as a synthetic draft, or why it can't be one; `written` are the ids of people's."""
    sample = as_synthetic(candidate, recipe)
    if isinstance(sample, Refusal):
        return sample
    if sample.sample_id in written:
        return refusal(candidate, "is a row of people's in the vault, word for word: it stands as theirs")
    generation = sample.provenance.generation
    assert generation is not None  # noqa: S101  # a synthetic sample has one
    setup = digest(["imported", generation.model])
    # Letters sort after digits: of two drafts that are alike, the plan's own, which has ancestors, is kept.
    rank = f"import-{sample.sample_id[:24]}"
    return Draft(
        request_key=digest([setup, rank]),
        setup=setup,
        rank=rank,
        state="drafted",
        sample=sample,
        model=generation.model,
    )


def as_synthetic(candidate: Candidate, recipe: Recipe) -> Sample | Refusal:
    """A row as a model's sample without ancestors, or why it can't be one."""
    if candidate.origin not in (None, Origin.SYNTHETIC):
        return refusal(candidate, f"claims the origin {candidate.origin!r} among drafts: people's rows go to --human")
    if candidate.author is None:
        return refusal(candidate, "names no model that wrote it")
    try:
        return Sample(
            content=CONTENT.validate_python(candidate.content),
            provenance=Provenance(
                origin=Origin.SYNTHETIC,
                depth=1 + candidate.author.depth,
                stratum=candidate.stratum,
                source=candidate.document,
                licence=candidate.licence or recipe.source.licence or "unknown",
                generation=Generation(
                    model=candidate.author.model, weights_digest=None, model_depth=candidate.author.depth
                ),
            ),
        )
    except ValidationError as error:
        return refusal(candidate, explain(error))
