"""Proof of a release: every digest recomputed, every chain walked back to people."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from outcross.data.release.table import ancestors_root, rebuild, rows_root
from outcross.data.release.versions import Release, file_digest, recorded
from outcross.data.samples import Origin, Sample, canonical
from outcross.data.stores.home import Home
from outcross.data.stores.rows import from_row
from outcross.errors import VerificationFailed


@dataclass(frozen=True)
class Proof:
    """What held."""

    rows: int
    ancestors: int
    deepest: int
    """Links between the row furthest from people and the person it goes back to."""
    root: str


def verify(home: Home, release: Release) -> Proof:
    """Check a release against itself, and against the warehouse's note of it where there is one.

    Raises:
        VerificationFailed: names the first row, in id order, that does not hold, or the file that doesn't.
    """
    manifest = release.manifest()
    try:
        with duckdb.connect(str(release.table), read_only=True) as connection:
            ancestors = dict(_ancestors(connection))
            rows = dict(_rows(connection))
            deepest = max((_walk(sample, ancestors | rows, ()) for sample in rows.values()), default=0)
            weighed = connection.execute("SELECT * FROM samples").to_arrow_table()
            _expect(manifest, "rows_root", rows_root(weighed), "a row's weight or class, or the set of rows,")
            ancestry = connection.execute("SELECT * FROM ancestors").to_arrow_table()
            _expect(manifest, "ancestors_root", ancestors_root(ancestry), "the set of ancestors")
    except duckdb.Error as error:
        raise VerificationFailed(f"{release.table} can't be read: {error}") from error
    _expect(manifest, "table_sha256", file_digest(release.table), "the table's file")
    _noted(home, release, manifest)
    return Proof(len(rows), len(ancestors), deepest, str(manifest["rows_root"]))


def _ancestors(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Sample]]:
    found = connection.execute("SELECT sample_id, content, provenance, provenance_digest FROM ancestors ORDER BY 1")
    for shown_id, content, provenance, provenance_digest in found.fetchall():
        with _blaming(f"ancestor {shown_id}"):
            sample = from_row(content, provenance)
            _holds(sample, shown_id, provenance_digest)
        yield shown_id, sample


def _rows(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Sample]]:
    found = connection.execute("SELECT * FROM samples ORDER BY sample_id")
    names = [column[0] for column in found.description or ()]
    while batch := found.fetchmany(10_000):
        for values in batch:
            row = dict(zip(names, values, strict=True))
            with _blaming(f"row {row['sample_id']}"):
                sample = rebuild(row)
                _holds(sample, row["sample_id"], row["provenance_digest"])
                _agrees(sample, row)
            yield row["sample_id"], sample


@contextmanager
def _blaming(what: str) -> Iterator[None]:
    """Turn whatever goes wrong inside into a failure that names the row."""
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise VerificationFailed(f"{what} does not hold: {first}.") from error


def _holds(sample: Sample, shown_id: str, provenance_digest: str) -> None:
    if sample.sample_id != shown_id:
        raise ValueError("its content or its parents were changed: they no longer give its id")
    if sample.provenance_digest != provenance_digest:
        raise ValueError("its provenance was changed: it no longer gives its digest")


def _agrees(sample: Sample, row: Mapping[str, object]) -> None:
    said = sample.provenance
    truth = {"kind": sample.content.kind, "origin": said.origin.value, "depth": said.depth, "stratum": said.stratum}
    truth |= {"source": said.source, "licence": said.licence}
    for column, value in truth.items():
        if row[column] != value:
            raise ValueError(f"its column {column} says {row[column]!r}, and its provenance {value!r}")
    if (row["klass"] == "human") != (said.origin is Origin.HUMAN):
        raise ValueError(f"its class is {row['klass']!r}, and its origin {said.origin.value!r}")


def _walk(sample: Sample, known: Mapping[str, Sample], below: tuple[str, ...]) -> int:
    """Links from a sample to the furthest person behind it, each link checked against the parent itself."""
    said = sample.provenance
    lengths, depths = [0], [0]
    with _blaming(f"row {(*below, sample.sample_id)[0]}"):
        for link in said.parents:
            parent = known.get(link.sample_id)
            if parent is None or link.sample_id in below:
                raise ValueError(f"its ancestor {link.sample_id} is not in the release")
            if parent.provenance_digest != link.provenance_digest:
                raise ValueError(f"its ancestor {link.sample_id} is not the one it was made from")
            lengths.append(1 + _walk(parent, known, (*below, sample.sample_id)))
            depths.append(parent.provenance.depth)
        generation = said.generation
        expected = max(depths) if generation is None else 1 + max(*depths, generation.model_depth)
        if said.depth != expected:
            raise ValueError(f"its depth says {said.depth}, and its ancestors make it {expected}")
        imported = generation is not None and generation.prompt_digest is None
        if said.origin is not Origin.HUMAN and not said.parents and not imported:
            raise ValueError("nothing links it to the people it was made from")
    return max(lengths)


def _expect(manifest: Mapping[str, object], part: str, found: str, what: str) -> None:
    if manifest.get(part) != found:
        raise VerificationFailed(
            f"{part} of the manifest is {manifest.get(part)}, and the table gives {found}: {what} was changed after "
            f"publication."
        )


def _noted(home: Home, release: Release, manifest: Mapping[str, object]) -> None:
    noted = recorded(home, release.name).get(release.version)
    if noted and noted != hashlib.sha256(canonical(manifest).encode("utf-8")).hexdigest():
        raise VerificationFailed(
            f"{release.folder / 'manifest.json'} is not the one that was published: it was changed."
        )


def summary(proof: Proof) -> str:
    """The proof in a sentence."""
    return (
        f"{proof.rows:,} rows and {proof.ancestors:,} ancestors hold; every chain ends with people, "
        f"{proof.deepest} links away at most. Root {proof.root}."
    )
