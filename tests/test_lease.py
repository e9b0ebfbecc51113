"""Leases on a disk that refuses."""

import os
import subprocess
import sys

import pytest

from outcross.data.stores.lease import lease, lock
from outcross.errors import StoreError

FULL = """
import resource, sys
from pathlib import Path
from outcross.data.stores.lease import lease
from outcross.errors import StoreError

path = Path(sys.argv[1])
try:
    with lease(path) as connection:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
        connection.execute("INSERT INTO t SELECT range FROM range(100_000)")
except StoreError as error:
    print(error)
"""


def test_a_disk_that_fills_during_a_lease_is_said_in_a_line_and_nothing_is_kept(tmp_path):
    path = tmp_path / "store.duckdb"
    with lease(path) as connection:
        connection.execute("CREATE TABLE t (x BIGINT)")
    done = subprocess.run([sys.executable, "-c", FULL, path], capture_output=True, text=True)
    assert done.stdout.startswith(f"{path} can't be used, and nothing of this step was kept: "), done.stderr
    assert "File too large" in done.stdout
    assert done.stdout.count("\n") == 1
    with lease(path, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_a_lock_that_cannot_be_made_is_said(tmp_path):
    with (
        pytest.raises(StoreError, match=r"store\.duckdb\.lock can't be opened: No such file"),
        lock(tmp_path / "nowhere" / "store.duckdb"),
    ):
        pass


def test_a_reader_needs_no_right_to_write_the_lock(tmp_path):
    path = tmp_path / "store.duckdb"
    with lease(path) as connection:
        connection.execute("CREATE TABLE t (x BIGINT)")
    (tmp_path / "store.duckdb.lock").chmod(0o444)
    # Root may write anywhere, whatever the mode says, until it gives that right up.
    plain = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    code = "import sys, pathlib; from outcross.data.stores.lease import *; lock(pathlib.Path(sys.argv[1]), shared=%s)"
    for shared, expected in (("True", 0), ("False", 1)):
        program = f"{code % shared}.__enter__()"
        done = subprocess.run([*plain, sys.executable, "-c", program, path], capture_output=True, text=True)
        assert done.returncode == expected, done.stderr
