"""Proof of a release: every digest recomputed, every count recounted, every chain walked back to people."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from outcross.data.release.counts import generators, miscounted, overweight
from outcross.data.release.decided import Decisions, by_row, fits
from outcross.data.release.pairs import pairs
from outcross.data.release.table import Tables, load, rebuild
from outcross.data.release.versions import MANIFEST, Release, file_digest
from outcross.data.release.witnesses import Witnesses, hear
from outcross.data.samples import Origin, Sample, digest
from outcross.data.stores.home import Home
from outcross.data.stores.rows import from_row
from outcross.errors import VerificationFailed

ROOTS = {
    "rows_root": "a row's weight or class, or the set of rows,",
    "ancestors_root": "the set of ancestors",
    "decisions_root": "a decision, or the set of decisions,",
    "pairs_root": "a pair, or the set of pairs,",
}
"""What was changed where a root doesn't fit."""


@dataclass(frozen=True)
class Proof:
    """What held."""

    rows: int
    ancestors: int
    deepest: int
    """Links between the row furthest from people and the person it goes back to."""
    root: str
    imported: int
    """Rows and ancestors that models wrote elsewhere and that name nothing they were made from."""
    witnesses: Witnesses
    """What the vault and the warehouse add; the proof is weaker where one could not be consulted."""


def verify(home: Home, release: Release) -> Proof:
    """Check a release against itself, then against the vault and the warehouse of its home where they can be read.

    Nothing is written, so that a release on a read-only disk can be proved too.

    Raises:
        VerificationFailed: names the first row, in id order, that does not hold, or the file or count that doesn't.
        StoreBusy: a store stayed in use.
    """
    manifest = release.manifest()
    try:
        with duckdb.connect(str(release.table), read_only=True) as connection:
            tables = load(connection)
    except duckdb.Error as error:
        raise VerificationFailed(f"{release.table} can't be read: {error}") from error
    ancestors = dict(_ancestors(tables.ancestors))
    with _blaming(f"table `decisions` of {release.table}"):
        decisions = by_row(tables.decisions)
    rows = dict(_rows(tables.samples, decisions))
    known = ancestors | rows
    reach: dict[str, int] = {}
    deepest = max((_walk(sample, known, reach, ()) for sample in rows.values()), default=0)
    with _blaming(str(release.folder / MANIFEST)):
        _rooted(manifest, tables)
    with _blaming(f"table `pairs` of {release.table}"):
        _paired(manifest, tables, rows, ancestors)
    with _blaming(str(release.folder / MANIFEST)):
        _described(manifest, release, tables, rows, ancestors)
        _filed(manifest, release)
    imported = sum(_is_imported(sample) and not sample.provenance.parents for sample in known.values())
    witnesses = hear(home, release, manifest, known.values(), tables)
    return Proof(len(rows), len(ancestors), deepest, str(manifest["rows_root"]), imported, witnesses)


def _ancestors(table: pa.Table) -> Iterator[tuple[str, Sample]]:
    for row in table.to_pylist():
        with _blaming(f"ancestor {row.get('sample_id')}"):
            sample = from_row(row["content"], row["provenance"])
            _holds(sample, row)
            _labelled(row, {"origin": sample.provenance.origin.value})
        yield row["sample_id"], sample


def _rows(table: pa.Table, decisions: Decisions) -> Iterator[tuple[str, Sample]]:
    last = None
    for batch in table.to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            with _blaming(f"row {row.get('sample_id')}"):
                sample = rebuild(row)
                _holds(sample, row)
                _agrees(sample, row)
                fits(sample, row["klass"], decisions)
                if row["sample_id"] == last:
                    raise ValueError("it is there twice")
            last = row["sample_id"]
            yield row["sample_id"], sample


@contextmanager
def _blaming(what: str) -> Iterator[None]:
    """Turn whatever goes wrong inside into a failure that names the row or the file."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, OSError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise VerificationFailed(f"{what} does not hold: {first}.") from error


def _holds(sample: Sample, row: Mapping[str, object]) -> None:
    if sample.sample_id != row["sample_id"]:
        raise ValueError("its content or its parents were changed: they no longer give its id")
    if sample.provenance_digest != row["provenance_digest"]:
        raise ValueError("its provenance was changed: it no longer gives its digest")


def _agrees(sample: Sample, row: Mapping[str, object]) -> None:
    said = sample.provenance
    truth = {"kind": sample.content.kind, "origin": said.origin.value, "depth": said.depth, "stratum": said.stratum}
    truth |= {"source": said.source, "licence": said.licence}
    _labelled(row, truth)
    weight = row["weight"]
    if not isinstance(weight, float) or not 0 < weight < math.inf:
        raise ValueError(f"its weight is {weight!r}, which is no number above 0")


def _labelled(row: Mapping[str, object], truth: Mapping[str, object]) -> None:
    for column, value in truth.items():
        if row[column] != value:
            raise ValueError(f"its column {column} says {row[column]!r}, and its provenance {value!r}")


def _walk(sample: Sample, known: Mapping[str, Sample], reach: dict[str, int], below: tuple[str, ...]) -> int:
    """Links from a sample to the furthest person behind it, each link checked against the parent itself.

    Args:
        reach: what was found before, by id; each sample is walked once.
        below: the ids that led here, the row first.
    """
    if sample.sample_id in reach:
        return reach[sample.sample_id]
    said = sample.provenance
    lengths, depths = [0], [0]
    with _blaming(f"row {(*below, sample.sample_id)[0]}"):
        for link in said.parents:
            parent = known.get(link.sample_id)
            if parent is None or link.sample_id in below:
                raise ValueError(f"its ancestor {link.sample_id} is not in the release")
            if parent.provenance_digest != link.provenance_digest:
                raise ValueError(f"its ancestor {link.sample_id} is not the one it was made from")
            lengths.append(1 + _walk(parent, known, reach, (*below, sample.sample_id)))
            depths.append(parent.provenance.depth)
        _is_linked(sample, max(depths))
    return reach.setdefault(sample.sample_id, max(lengths))


def _is_linked(sample: Sample, deepest: int) -> None:
    """Check a sample's depth against its parents', and that there are parents where there must be."""
    said = sample.provenance
    generation = said.generation
    expected = deepest if generation is None else 1 + max(deepest, generation.model_depth)
    if said.depth != expected:
        raise ValueError(f"its depth says {said.depth}, and its ancestors make it {expected}")
    if said.origin is not Origin.HUMAN and not said.parents and not _is_imported(sample):
        raise ValueError("nothing links it to the people it was made from")


def _is_imported(sample: Sample) -> bool:
    generation = sample.provenance.generation
    return generation is not None and generation.prompt_digest is None


def _paired(
    manifest: Mapping[str, Any], tables: Tables, rows: Mapping[str, Sample], ancestors: Mapping[str, Sample]
) -> None:
    """Check that the pairs are those that the rows, their drafts and the decisions give; older releases have none."""
    if "pairs_root" not in manifest:
        return
    expected = pairs(rows.values(), ancestors, tables.decisions).to_pylist()
    found = tables.pairs.to_pylist()
    if found != expected:
        odd = next((one for one in found if one not in expected), None) or next(
            (one for one in expected if one not in found), {}
        )
        raise ValueError(f"pair {odd.get('decision_id')} is not the one that its row, its draft and its decision give")


def _rooted(manifest: Mapping[str, Any], tables: Tables) -> None:
    for part, found in tables.roots().items():
        if part not in manifest and part == "pairs_root" and not tables.pairs.num_rows:
            continue
        if manifest[part] == found:
            continue
        named = overweight(manifest, tables.samples) if part == "rows_root" else None
        raise VerificationFailed(
            named
            or f"{part} of the manifest is {manifest[part]}, and the table gives {found}: {ROOTS[part]} was changed "
            f"after publication."
        )


def _described(
    manifest: Mapping[str, Any],
    release: Release,
    tables: Tables,
    rows: Mapping[str, Sample],
    ancestors: Mapping[str, Sample],
) -> None:
    """Check what the manifest says of the rows, which are found to hold, and of itself."""
    if (manifest["name"], manifest["version"]) != (release.name, release.version):
        raise ValueError(f"it is that of {manifest['name']} {manifest['version']}")
    if wrong := miscounted(manifest, tables.samples):
        raise ValueError(f"it says {wrong}")
    if manifest["generators"] != generators(rows.values(), ancestors):
        raise ValueError("the generators it lists are not those that the rows name")
    if manifest["digests"]["policy"] != digest(manifest["policy"]):
        raise ValueError("its policy was changed: it no longer gives its digest")


def _filed(manifest: Mapping[str, Any], release: Release) -> None:
    """Check the bytes of every file. A file that was added counts: DuckDB reads a `.wal` beside a table into it."""
    listed = manifest.get("files")
    said = listed if isinstance(listed, dict) else {}
    there = {path.name: path for path in release.folder.iterdir() if path.name != MANIFEST}
    for name in sorted(said.keys() | there.keys()):
        if name not in there:
            raise VerificationFailed(f"{release.folder / name} is missing, and the manifest lists it.")
        if name not in said:
            raise VerificationFailed(f"{there[name]} was not published with the release: the manifest doesn't list it.")
        found = file_digest(there[name])
        if said[name] != found:
            raise VerificationFailed(
                f"{there[name]} was changed after publication: its SHA-256 is {found}, and the manifest's {said[name]}."
            )


def summary(proof: Proof) -> str:
    """The proof in sentences; what could not be consulted is said."""
    if proof.witnesses.gaps:
        beside = f"This proof is weaker than it could be: {'; '.join(proof.witnesses.gaps)}."
    else:
        beside = "The vault holds all human rows, and the warehouse all others, the decisions and the publication."
    bar = f" but for imported drafts ({proof.imported:,})" if proof.imported else ""
    return (
        f"{proof.rows:,} rows and {proof.ancestors:,} ancestors hold; every chain ends with people{bar}, "
        f"at most {proof.deepest} link{'' if proof.deepest == 1 else 's'} away. {beside} Root {proof.root}."
    )
