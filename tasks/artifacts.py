"""What a run leaves for people to look at in Prefect: tables, links and progress, as artifacts."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import polars as pl
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
)

from outcross.data.recipe import Recipe
from outcross.data.release.versions import PAGE, Release
from outcross.data.stores import journal, runs, screening
from outcross.data.stores.home import Home
from outcross.tasks.bar import moving
from outcross.tasks.evidence.facts import Evidence
from outcross.tasks.pages import cut
from outcross.tasks.screening.suite import Screen

REVIEW_PAGE = "http://127.0.0.1:8787/"


def key(*parts: str) -> str:
    """An artifact's key: small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")


@contextmanager
def drafting(home: Home, recipe: str, stage: str = "draft") -> Iterator[None]:
    """A progress bar that moves while a recipe is drafted for, and a table of the models after, however that ends."""
    title, began = f"Drafting {recipe}", datetime.now(UTC)
    made = create_progress_artifact(progress=0.0, key=key("drafting", recipe), description=title)
    try:
        with moving(UUID(str(made)), title, stage):
            yield
    finally:
        _models(home, recipe, began)


def _models(home: Home, recipe: str, since: datetime) -> None:
    """A table of what was taken of each model since, and what the model's slots came to."""
    if not home.warehouse.exists() or (taken := runs.totals(home, recipe, since)).is_empty():
        return
    stopped = runs.latest(home, recipe)[0].stopped
    create_table_artifact(
        table=_readable(taken),
        key=key("models", recipe),
        description=_plain(f"What drafting for {recipe} took of each model." + (f" {stopped}" if stopped else "")),
    )


def _readable(frame: pl.DataFrame) -> list[dict[str, object]]:
    """A frame's rows with plain names, and no more digits than anybody reads."""
    rounded = frame.with_columns(pl.selectors.float().round_sig_figs(4))
    return rounded.rename(lambda name: name.replace("_", " ")).to_dicts()


def outcomes(home: Home, recipe: Recipe) -> None:
    """A table of what drafting and screening came to so far, and a link to the review page."""
    drafted = journal.tally(home, recipe.name)
    judged = screening.outcomes(home, recipe.name, Screen.of(recipe).ruleset)
    rows = [{"what": f"requests {state}", "rows": count} for state, count in drafted.items()]
    rows += [
        {"what": "accepted", "rows": judged.accepted},
        {"what": "of these drawn for audit", "rows": judged.audited},
        {"what": "borderline", "rows": judged.borderline},
        {"what": "rejected", "rows": judged.rejected},
        *({"what": f"kept back by {validator}", "rows": count} for validator, count in judged.reasons),
    ]
    create_table_artifact(table=rows, key=key("outcomes", recipe.name), description=f"Drafts of {recipe.name}")
    create_table_artifact(
        table=_readable(runs.by_model(home, recipe.name, Screen.of(recipe).ruleset)),
        key=key("acceptance", recipe.name),
        description=f"What each model's drafts for {recipe.name} took in all, and came to",
    )
    create_link_artifact(
        link=REVIEW_PAGE,
        link_text="The review page (`outcross review` starts it and prints its key)",
        key=key("review", recipe.name),
    )


def published(release: Release) -> None:
    """What a release holds, what its rules came to, and its alarms, with the place of its file and its page."""
    create_markdown_artifact(markdown=_page(release), key=key("release", release.name))


def _page(release: Release) -> str:
    shown = Evidence.model_validate(release.manifest())
    lines = [f"# {release.name} {release.version}", ""]
    lines += _table(["class", "rows", "mass"], [(one.klass, one.rows, one.mass) for one in shown.by_class])
    if shown.plan:
        lines += ["", f"At most {shown.plan.largest:,.0f} rows of mass were possible."]
    lines += [f"- {_plain(words)}" for words in shown.binding]
    if shown.watch:
        loud = [one for one in shown.watch.alarms if one.level in ("warning", "blocking")]
        tested = sum(one.level != "too small" for one in shown.watch.alarms)
        lines += ["", f"Collapse alarms: {len(loud)} of the {tested} that could be tested warn."]
        lines += [f"- {_plain(one.sentence)}" for one in loud]
    if shown.contraction:
        lines += [f"- {_plain(words)}" for words in shown.contraction.warnings]
    lines += ["", f"Table: `{release.table}`. Page with the evidence: `{release.folder / PAGE}`."]
    return "\n".join(lines)


def _table(names: list[str], rows: list[tuple[str, int, float]]) -> list[str]:
    head = [f"| {' | '.join(names)} |", "|---|--:|--:|"]
    return [*head, *(f"| {name} | {count:,} | {mass:,.1f} |" for name, count, mass in rows)]


def _plain(text: str) -> str:
    """A text from outside as Markdown that is nothing but text."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~-])", r"\\\1", cut(text, 600))
