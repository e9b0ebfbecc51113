"""People's rows into the vault, and what can't come in into quarantine."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pydantic import JsonValue, ValidationError

from outcross.data.corpora import champ, stdlib
from outcross.data.corpora.candidates import Candidate, Refusal
from outcross.data.corpora.jsonl import JsonlReader
from outcross.data.recipe import Recipe
from outcross.data.recipe_tables import Source
from outcross.data.samples import CONTENT, Origin, Provenance, Sample, explain
from outcross.data.stores import keys, vault
from outcross.data.stores.home import Home
from outcross.errors import RecipeError
from outcross.tasks.intake import Intake, refusal, take_in


def ingest(home: Home, recipe: Recipe) -> Intake:
    """Read the recipe's corpus into the vault; rows already there stay as they are.

    Raises:
        InputError: the corpus can't be read, or not one row of it could come in.
        RecipeError: the recipe names no file for a reader that needs one.
    """
    source = recipe.source
    split = vault.Split(seed=source.seed_share, heldout=source.heldout_share, target=source.target_share)

    known: dict[str, Mapping[str, JsonValue]] = {}

    def parted(candidate: Candidate) -> tuple[str, Sample] | Refusal:
        sample = admit(candidate, recipe.source)
        if isinstance(sample, Refusal):
            return sample
        if candidate.key:
            known[sample.sample_id] = candidate.key
        part = split.part(candidate.document)
        # A target of a held-out document would bring that document's text into a prompt.
        return ("target" if candidate.target and part != "heldout" else part, sample)

    otherwise = 0

    def store(rows: list[tuple[str, Sample]]) -> int:
        nonlocal otherwise
        added = vault.add(home, recipe.name, rows)
        keys.add(home, recipe.name, {key: known.pop(key) for _, sample in rows if (key := sample.sample_id) in known})
        otherwise += added.otherwise
        return added.new

    return replace(take_in(home, recipe.name, _corpus(recipe), parted, store), otherwise=otherwise)


def _corpus(recipe: Recipe) -> Iterator[Candidate | Refusal]:
    source = recipe.source
    if source.reader == "stdlib":
        return stdlib.read()
    if source.reader == "champ":
        return champ.read()
    if source.path is None:
        raise RecipeError(
            f"recipe {recipe.name} reads a JSONL file and names none. Use `outcross run --human FILE.jsonl`, or set "
            "`path` in its [source]."
        )
    # Where the recipe names fields, a row without them must not come in with others: those may be a model's.
    guess = not source.fields
    return JsonlReader(source.path, recipe.kind, source.fields, source.stratum, source.document, source.key, guess)()


def admit(candidate: Candidate, source: Source) -> Sample | Refusal:
    """A candidate as a human sample, or why it can't be one: it is malformed, or nobody vouches for it."""
    licence = candidate.licence or source.licence
    attestation = candidate.attestation or source.attestation
    if candidate.origin not in (None, Origin.HUMAN):
        return refusal(candidate, f"says that its origin is {candidate.origin!r}: only people's rows enter the vault")
    for what, value in (("licence", licence), ("attestation", attestation)):
        if not value.strip():
            return refusal(candidate, f"has no {what}: give --{what}, or put it in the row or the recipe's [source]")
    try:
        return Sample(
            content=CONTENT.validate_python(candidate.content),
            provenance=Provenance(
                origin=Origin.HUMAN,
                depth=0,
                stratum=candidate.stratum,
                source=candidate.document,
                licence=licence,
                attestation=attestation,
            ),
        )
    except ValidationError as error:
        return refusal(candidate, explain(error))
