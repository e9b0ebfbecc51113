"""What a run leaves for people to look at in Prefect: tables, links and progress, as artifacts."""

import re
from uuid import UUID

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
)

from outcross.data.recipe import Recipe
from outcross.data.release.versions import PAGE, Release
from outcross.data.stores import journal, screening
from outcross.data.stores.home import Home
from outcross.tasks.evidence.facts import Evidence
from outcross.tasks.pages import cut
from outcross.tasks.screening.suite import Screen

REVIEW_PAGE = "http://127.0.0.1:8787/"


def key(*parts: str) -> str:
    """An artifact's key: small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")


def drafting(recipe: str) -> UUID:
    """A progress bar for a drafting run; update it by the id returned."""
    made = create_progress_artifact(progress=0.0, key=key("drafting", recipe), description=f"Drafting {recipe}")
    return made if isinstance(made, UUID) else UUID(str(made))


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
