"""The decisions that a release rests on: an approval behind each reviewed row, an edit behind each hybrid one."""

from collections.abc import Collection, Iterable, Mapping

import pyarrow as pa

from outcross.data.samples import Origin, Sample
from outcross.data.stores.home import Home
from outcross.data.stores.warehouse import opened

ORIGIN = {
    "human": Origin.HUMAN,
    "hybrid": Origin.HYBRID,
    "reviewed": Origin.SYNTHETIC,
    "unreviewed": Origin.SYNTHETIC,
}
"""The one origin that rows of each class have."""

COLUMNS = ["decision_id", "sample_id", "edited_id", "verdict", "reviewer", "reviewed_at"]
"""The columns of a release's `decisions`, all of them text."""

TIMED = "* REPLACE (strftime(make_timestamp(epoch_us(reviewed_at)), '%Y-%m-%dT%H:%M:%S.%fZ') AS reviewed_at)"
"""The warehouse's columns with the time as text in UTC, so that it reads the same everywhere."""


def decided(home: Home, recipe: str, ids: Collection[str]) -> pa.Table:
    """All decisions on these rows, or that made them, ordered by id; columns as in `COLUMNS`."""
    with opened(home) as connection:
        connection.register("released", pa.table({"sample_id": pa.array(ids, pa.string())}))
        return connection.execute(
            f"SELECT {', '.join(COLUMNS)} FROM (SELECT {TIMED} FROM decision) WHERE recipe = ?"
            " AND (sample_id IN (FROM released) OR edited_id IN (FROM released)) ORDER BY decision_id",
            [recipe],
        ).to_arrow_table()


Decisions = Mapping[str, list[dict[str, str | None]]]


def by_row(decisions: pa.Table) -> Decisions:
    """Decisions by the rows that they are about: what was judged, and what an edit made of it.

    Raises:
        ValueError: the table isn't one that `decided` gives.
    """
    if decisions.column_names != COLUMNS or not all(map(pa.types.is_string, decisions.schema.types)):
        raise ValueError(f"its columns are not {', '.join(COLUMNS)}, all of them text")
    found: dict[str, list[dict[str, str | None]]] = {}
    for decision in decisions.to_pylist():
        for key in {decision["sample_id"], decision["edited_id"]} - {None}:
            found.setdefault(key, []).append(decision)
    return found


def fits(sample: Sample, klass: object, decisions: Decisions) -> None:
    """Check a row's class against its origin and the decisions on it.

    Raises:
        ValueError: the class is not the origin's, or no decision says what the class claims.
    """
    said = sample.provenance
    if ORIGIN.get(str(klass)) is not said.origin:
        raise ValueError(f"its class is {klass!r}, and its origin {said.origin.value!r}")
    own = decisions.get(sample.sample_id, [])
    if klass == "reviewed" and not any(one["verdict"] == "approve" for one in own):
        raise ValueError("its class is 'reviewed', and no decision in the release approves it")
    if klass == "hybrid" and not _edited(sample, own):
        raise ValueError(f"its class is 'hybrid', and no decision in the release is {said.editor}'s edit of its draft")
    if klass in ("human", "unreviewed") and own:
        raise ValueError(f"its class is {klass!r}, and decision {own[0]['decision_id']} is about it")


def _edited(sample: Sample, decisions: Iterable[Mapping[str, str | None]]) -> bool:
    drafts = {link.sample_id for link in sample.provenance.parents}
    return any(
        one["verdict"] == "edit"
        and one["edited_id"] == sample.sample_id
        and one["sample_id"] in drafts
        and one["reviewer"] == sample.provenance.editor
        for one in decisions
    )
