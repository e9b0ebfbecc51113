"""Stores: leases between processes, migrations once each, and inserts that may be repeated."""

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.data.corpora.candidates import Refusal
from outcross.data.release.merkle import root
from outcross.data.stores import decisions, journal, migrate, quarantine, screening, warehouse
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft, Miss
from outcross.data.stores.lease import lease, lock
from outcross.data.stores.vault import Split
from outcross.errors import StoreBusy, StoreError
from tests import make

WRITER = """
import sys
from pathlib import Path
from outcross.data.stores.lease import lease
for number in range(25):
    with lease(Path(sys.argv[1])) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS entry (writer INT, number INT)")
        connection.execute("INSERT INTO entry VALUES (?, ?)", [int(sys.argv[2]), number])
"""


def test_processes_that_write_one_file_by_turns_lose_no_row(tmp_path):
    path = tmp_path / "store.duckdb"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path, str(number)]) for number in range(4)]
    assert [writer.wait(120) for writer in writers] == [0] * 4
    with lease(path, read_only=True) as connection:
        assert connection.execute("SELECT count(*), count(DISTINCT (writer, number)) FROM entry").fetchone() == (
            100,
            100,
        )


def test_a_lease_that_fails_undoes_all_of_it(tmp_path):
    path = tmp_path / "store.duckdb"
    with lease(path) as connection:
        connection.execute("CREATE TABLE entry (number INT)")
    with pytest.raises(duckdb.Error), lease(path) as connection:
        connection.execute("INSERT INTO entry VALUES (1)").execute("INSERT INTO nowhere VALUES (1)")
    with lease(path, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM entry").fetchone() == (0,)


def test_a_store_that_stays_in_use_says_where_to_look(tmp_path, monkeypatch):
    monkeypatch.setattr("outcross.data.stores.lease.WAIT", 0.05)
    path = tmp_path / "store.duckdb"
    with lock(path), pytest.raises(StoreBusy, match=r"fuser -v .*store\.duckdb\.lock"), lease(path):
        pass


def test_readers_share_and_a_missing_store_is_said(tmp_path):
    path = tmp_path / "store.duckdb"
    with pytest.raises(StoreError, match="Run `outcross ingest` first"), lease(path, read_only=True):
        pass
    with lease(path):
        pass
    with lock(path, shared=True), lease(path, read_only=True) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_file_that_is_no_database_is_said(tmp_path):
    path = tmp_path / "store.duckdb"
    path.write_text("not a database, but long enough to be looked at " * 100)
    with pytest.raises(StoreError, match="can't be opened"), lease(path):
        pass


@pytest.fixture
def numbered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "migrations" / "store"
    folder.mkdir(parents=True)
    monkeypatch.setattr(migrate, "FOLDER", folder.parent)
    (folder / "0001_first.sql").write_text("CREATE TABLE one (x INT);")
    return folder


def test_migrations_run_once_each_and_in_order(numbered, tmp_path):
    with lease(tmp_path / "s.duckdb") as connection:
        migrate.migrate_duckdb(connection, "store")
    (numbered / "0002_second.sql").write_text("ALTER TABLE one ADD COLUMN y INT; CREATE TABLE two (x INT);")
    for _ in range(2):
        with lease(tmp_path / "s.duckdb") as connection:
            migrate.migrate_duckdb(connection, "store")
            found = connection.execute("SELECT number, name FROM migration ORDER BY 1").fetchall()
    assert found == [(1, "first"), (2, "second")]


def test_a_migration_that_fails_leaves_nothing_and_stays_pending(numbered, tmp_path):
    (numbered / "0002_second.sql").write_text("CREATE TABLE two (x INT); CREATE TABLE one (x INT);")
    with pytest.raises(duckdb.CatalogException), lease(tmp_path / "s.duckdb") as connection:
        migrate.migrate_duckdb(connection, "store")
    with lease(tmp_path / "s.duckdb") as connection:
        connection.execute(migrate.RECORD)
        assert [path.name for path in migrate.pending(connection, "store")] == ["0001_first.sql", "0002_second.sql"]


def test_a_store_written_by_a_newer_version_is_refused(numbered, tmp_path):
    with lease(tmp_path / "s.duckdb") as connection:
        migrate.migrate_duckdb(connection, "store")
        connection.execute("INSERT INTO migration VALUES (7, 'future')")
    with pytest.raises(StoreError, match="newer Outcross"), lease(tmp_path / "s.duckdb") as connection:
        migrate.migrate_duckdb(connection, "store")


def entry(rank: str, **changes: object) -> Draft:
    sample = make.synthetic([make.human()], f"It sums {rank}.")
    fields = {"request_key": f"k{rank}", "setup": "s", "rank": rank, "state": "drafted", "sample": sample, "model": "m"}
    return Draft.model_validate(fields | changes)


def missed(rank: str) -> Miss:
    return Miss(request_key=f"k{rank}", setup="s", rank=rank, reason="timeout", attempts=4)


def test_the_journal_takes_an_answer_once(home: Home):
    assert journal.write(home, "mine", [entry("1"), entry("2")]) == 2
    assert journal.write(home, "mine", [entry("2", seed=9), entry("3")]) == 1
    assert journal.standing(home, "mine", ["1", "3", "9"]) == {
        ("s", "1"): ("drafted", 1, 0),
        ("s", "3"): ("drafted", 1, 0),
    }


def test_what_was_missed_is_counted_until_it_is_answered(home: Home):
    journal.write(home, "mine", [entry("1"), missed("2"), missed("2")])
    assert journal.tally(home, "mine") == {"drafted": 1, "missed": 1}
    journal.write(home, "mine", [entry("2", setup="other model")])
    assert journal.tally(home, "mine") == {"drafted": 2, "missed": 1}
    journal.write(home, "mine", [entry("2", state="invalid", sample=None, reason="truncated")])
    assert journal.tally(home, "mine") == {"drafted": 2, "invalid": 1, "missed": 0}


def test_a_slot_that_was_missed_is_answered_by_a_request_with_other_examples_too(home: Home):
    journal.write(home, "mine", [missed("1")])
    journal.write(home, "mine", [entry("1", request_key="made when the vault had grown")])
    assert journal.tally(home, "mine") == {"drafted": 1, "missed": 0}


def test_a_text_that_two_requests_gave_is_one_draft_with_the_first_rank(home: Home):
    twin = make.synthetic([make.human()], "It sums.")
    journal.write(home, "mine", [entry("2", sample=twin)])
    journal.write(home, "mine", [entry("1", sample=twin)])
    assert warehouse.drafted(home, "mine").select("sample_id", "rank").rows() == [(twin.sample_id, "1")]


def test_verdicts_and_refusals_may_be_written_twice(home: Home):
    verdict = pl.DataFrame(
        [("a", "rejected", ["length: short"], False, 0.0)],
        schema=["sample_id", "outcome", "reasons", "audited", "incl_prob"],
        orient="row",
    )
    refusal = Refusal("f.jsonl", 3, "not JSON", "{")
    assert [screening.add_verdicts(home, "mine", "r1", verdict) for _ in range(2)] == [1, 0]
    assert screening.add_verdicts(home, "mine", "r2", verdict) == 1, "another rule set has its own verdicts"
    assert [quarantine.add(home, "mine", [refusal]) for _ in range(2)] == [1, 0]
    assert screening.outcomes(home, "mine", "r1").reasons == (("length", 1),)


def documented(start: str) -> str:
    """The query in the docs that begins so."""
    text = (Path(__file__).parents[1] / "docs" / "stores.md").read_text(encoding="utf-8")
    (query,) = re.findall(rf"^```sql\n({re.escape(start)}.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    return str(query)


def test_the_documented_queries_count_what_the_reports_count(home: Home):
    schema = ["sample_id", "outcome", "reasons", "audited", "incl_prob"]
    for ruleset, reasons in {"r1": ["length: short", "language: other"], "r2": ["length: short"]}.items():
        verdict = pl.DataFrame([("a", "rejected", reasons, False, 0.0)], schema=schema, orient="row")
        screening.add_verdicts(home, "mine", ruleset, verdict)
    journal.write(home, "mine", [entry("1"), missed("1"), missed("2"), missed("2"), missed("3")])
    with lease(home.warehouse, read_only=True) as connection:
        kept_back = connection.execute(documented("SELECT recipe, split_part")).fetchall()
        dead = connection.execute(documented("SELECT recipe, state, reason, count(*) FROM dead_letter")).fetchall()
    assert kept_back == [("mine", *row) for row in screening.outcomes(home, "mine", "r2").reasons]
    assert dead == [("mine", "missed", "timeout", journal.tally(home, "mine")["missed"])]
    assert dead[0][-1] == 2


def test_the_audit_key_is_made_once_and_is_its_owners_alone(home: Home):
    key = home.audit_key()
    assert len(key) == 32
    assert home.audit_key() == key
    assert (home.root / "audit.key").stat().st_mode & 0o777 == 0o600


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_document_always_falls_into_the_same_part(document, seed, heldout):
    split = Split(seed=seed * (1 - heldout), heldout=heldout)
    part = split.part(document)
    assert part == split.part(document)
    assert part in {"seed", "mixture", "heldout"}
    assert Split(seed=0, heldout=0).part(document) == "mixture"
    assert Split(seed=0, heldout=1).part(document) == "heldout"


def test_a_split_keeps_its_shares():
    parts = [Split(seed=0.2, heldout=0.3, target=0.1).part(f"document {number}") for number in range(10_000)]
    assert 1_850 < parts.count("seed") < 2_150
    assert 2_850 < parts.count("heldout") < 3_150
    assert 890 < parts.count("target") < 1_110


@given(st.lists(st.text(), max_size=20), st.data())
def test_a_merkle_root_changes_with_any_leaf_and_with_their_order(leaves, data):
    before = root(leaves)
    assert root(leaves) == before
    assert root([*leaves, "more"]) != before
    if leaves:
        place = data.draw(st.integers(0, len(leaves) - 1))
        changed = [*leaves]
        changed[place] += "x"
        assert root(changed) != before
        assert (root(leaves[::-1]) == before) == (leaves == leaves[::-1])


def test_a_merkle_root_is_that_of_rfc_6962():
    assert root([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root([""]) == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def test_decisions_from_before_answers_were_kept_go_on_counting(home: Home):
    home.root.mkdir()
    script = (migrate.FOLDER / "warehouse" / "0001_warehouse.sql").read_text(encoding="utf-8")
    with lease(home.warehouse) as connection:
        connection.execute(migrate.RECORD)
        connection.execute(script)
        connection.execute("INSERT INTO migration VALUES (1, 'warehouse')")
        for seq, (name, verdict) in enumerate([("ada", "approve"), ("bob", "reject"), ("ada", "approve")]):
            connection.execute(
                "INSERT INTO decision VALUES (?, ?, 's', 'mine', ?, [], NULL, ?, 'border', 1, 'h', ?)",
                [f"d{seq}", seq, verdict, name, f"2026-01-0{seq + 1} 00:00:00+00"],
            )
    assert decisions.settled(home, "mine").rows() == [("s", "approve", None)]
    assert decisions.known(home) == {"d0", "d1", "d2"}
