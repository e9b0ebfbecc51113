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
from outcross.tasks.screen import Screen

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
    """What a release holds, with the place of its file and its page."""
    manifest = release.manifest()
    classes = manifest["by_class"]
    lines = [f"| {row['klass']} | {row['rows']:,} | {row['mass']:,.1f} |" for row in classes]  # type: ignore[attr-defined]
    text = "\n".join(
        [
            f"# {release.name} {release.version}",
            "",
            "| class | rows | mass |",
            "|---|--:|--:|",
            *lines,
            "",
            f"Table: `{release.table}`. Evidence: `{release.folder / PAGE}`.",
        ]
    )
    create_markdown_artifact(markdown=text, key=key("release", release.name))
