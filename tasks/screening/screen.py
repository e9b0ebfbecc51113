"""The screen: validators over drafts, rules over their signals, and the audit slice drawn from the accepted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.samples import CONTENT
from outcross.data.stores import screening, warehouse
from outcross.data.stores.home import Home
from outcross.progress import advance
from outcross.tasks.screening.frames import Seen, frame
from outcross.tasks.screening.leaks import heldout, people
from outcross.validators import rules
from outcross.validators.references import References
from outcross.validators.registry import build
from outcross.validators.repeats.near_duplicate import NearDuplicate
from outcross.validators.routing import audited
from outcross.validators.rule import Rule
from outcross.validators.signals import Validator, params_digest, run


@dataclass(frozen=True)
class Screen:
    """A recipe's validators with the rules over them."""

    validators: tuple[Validator, ...]
    rules: dict[str, Rule]

    @classmethod
    def of(cls, recipe: Recipe) -> "Screen":
        """Build what the recipe's `[screen]` tables name.

        Raises:
            RecipeError: a name, a limit or a rule doesn't hold.
        """
        made = build(recipe.screen)
        return cls(made, rules.from_settings(recipe.screen, made))

    @property
    def ruleset(self) -> str:
        """Names everything that decides a verdict."""
        return rules.ruleset_digest(self.validators, self.rules)

    @property
    def keys(self) -> set[tuple[str, int, str]]:
        """Name, version and limits of each validator, as signals are stored under."""
        return {(one.name, one.version, params_digest(one)) for one in self.validators}


def unjudged(home: Home, recipe: Recipe) -> list[str]:
    """Ids of drafts without a verdict under the present rule set, in the order of the plan."""
    judged = screening.verdicts(home, recipe.name, Screen.of(recipe).ruleset)
    return warehouse.drafted(home, recipe.name).join(judged, on="sample_id", how="anti")["sample_id"].to_list()


def screen(home: Home, recipe: Recipe, ids: list[str]) -> int:
    """Judge some drafts: the signals that are missing, then a verdict each; return how many verdicts were new.

    A rule that changed decides again from the stored signals; a validator that changed runs alone.
    """
    made = Screen.of(recipe)
    bench = _bench(home, recipe, made, ids)
    for validator in made.validators:
        missing = bench.batch.filter(~pl.col("sample_id").is_in(bench.known.get(validator.name, [])))
        if not missing.is_empty():
            screening.add_signals(home, recipe.name, run(validator, missing, bench.references))
    signals = screening.signals(home, recipe.name, made.keys).filter(pl.col("sample_id").is_in(ids))
    verdicts = rules.decide(signals, made.rules)
    accepted = verdicts.filter(pl.col("outcome") == rules.ACCEPTED)["sample_id"]
    drawn = audited(accepted, home.audit_key(), recipe.review.audit_share)
    asked = pl.col("outcome").replace_strict(
        {rules.BORDERLINE: 1.0, rules.ACCEPTED: recipe.review.audit_share, rules.REJECTED: 0.0}
    )
    verdicts = verdicts.with_columns(
        pl.col("sample_id").is_in(list(drawn)).alias("audited"), asked.cast(pl.Float64).alias("incl_prob")
    )
    counts = dict(verdicts.group_by("outcome").len().iter_rows())
    advance("screen", len(ids), **counts)
    return screening.add_verdicts(home, recipe.name, made.ruleset, verdicts)


@dataclass(frozen=True)
class Bench:
    """All that judging some drafts takes, read once."""

    batch: pl.DataFrame
    """The drafts to judge, as validators see them."""
    known: dict[str, list[str]]
    """By validator, the recipe's drafts that it has judged."""
    references: References


def _bench(home: Home, recipe: Recipe, made: Screen, ids: list[str]) -> Bench:
    signals = screening.signals(home, recipe.name, made.keys).select("validator", "sample_id")
    known = dict(signals.group_by("validator").agg("sample_id").iter_rows())
    rows = people(home, recipe)
    read_first = rows.filter(~pl.col("also"))
    shown = read_first.filter(pl.col("part") == "seed").select("sample_id", "response")
    drafts = _frame(warehouse.drafted(home, recipe.name), dict(shown.iter_rows()))
    # A draft that was judged may be released by now, so it stays ahead of all that come later, whatever their
    # rank. In a run from beginning to end drafts are judged by rank, batch after batch, and each validator's
    # signals on a batch are stored together. So those judged are at any moment the first by rank, and the order
    # here is that of the ranks: a run that was killed and resumed compares every draft with the same others.
    judged = pl.col("sample_id").is_in(known.get(NearDuplicate.name, []))
    drafts = drafts.with_columns(rank=pl.when(judged).then(pl.lit("0")).otherwise(pl.lit("1")) + pl.col("rank"))
    human = read_first.filter(pl.col("part").is_in(["seed", "mixture"]) & (pl.col("response") != ""))
    references = replace(
        heldout(rows),
        human=human.select("sample_id", "prompt", "response"),
        earlier=drafts.select("sample_id", "rank", "prompt", "response"),
    )
    return Bench(drafts.filter(pl.col("sample_id").is_in(ids)), known, references)


def _frame(drafts: pl.DataFrame, seeds: dict[str, str]) -> pl.DataFrame:
    """Drafts as validators see them, with the answers of the examples that each was shown."""
    return frame(_seen(seeds, *row) for row in drafts.iter_rows())


def _seen(seeds: Mapping[str, str], sample_id: str, rank: str, content: str, provenance: str) -> Seen:
    said = json.loads(provenance)
    shown = [seeds[parent["sample_id"]] for parent in said["parents"] if parent["sample_id"] in seeds]
    return Seen(sample_id, said["stratum"], CONTENT.validate_json(content), shown="\n\n".join(shown), rank=rank)
