"""Reading releases: what is said when a file is not what it was."""

import pytest

import outcross
from outcross.data.release.versions import TABLE
from outcross.errors import ReleaseError


def test_a_table_that_was_damaged_is_said_in_a_sentence(home):
    folder = home.releases / "mine" / "1"
    folder.mkdir(parents=True)
    (folder / TABLE).write_bytes(b"no table, but long enough to be looked at" * 500)
    with pytest.raises(ReleaseError, match=r"table\.duckdb can't be read: .*Put it back from a copy") as error:
        outcross.read("mine", home=home.root)
    assert "\n" not in str(error.value)
