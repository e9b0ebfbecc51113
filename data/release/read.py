"""What a training job uses: a published table, as a frame, and nothing that could change under it."""

from pathlib import Path
from typing import Literal

import duckdb
import polars as pl
import pyarrow as pa

from outcross.data.release import versions as releases
from outcross.data.stores.home import Home
from outcross.errors import ReleaseError
from outcross.settings import from_environment

Table = Literal["samples", "pairs"]
"""What is trained on; or, for preference training, experts' edits against the drafts that they edited."""

ROWS: dict[Table, str] = {
    "samples": "SELECT * FROM samples ORDER BY sample_id",
    "pairs": "SELECT * FROM pairs ORDER BY sample_id",
}

HAS_PAIRS = "SELECT 1 FROM information_schema.tables WHERE table_name = 'pairs'"


def release_path(name: str, version: int | None = None, *, home: Path | str | None = None) -> Path:
    """The DuckDB file of a release; its table `samples` can be read by anything that reads DuckDB.

    Args:
        name: the release, such as `docstrings`.
        version: a version; the newest where None. A published version never changes.
        home: the folder of the stores; `OUTCROSS_HOME`, or `.outcross` in the working directory, where None.

    Raises:
        outcross.errors.ReleaseError: there is no such release.
    """
    return releases.find(_home(home), name, version).table


def read(
    name: str, version: int | None = None, *, home: Path | str | None = None, table: Table = "samples"
) -> pl.DataFrame:
    """A release as a Polars frame, a row a sample, ordered by `sample_id`; arguments as in `release_path`.

    Of `samples`, `weight` says how often a row is drawn in one pass over the mixture: sample with probability
    proportional to it, or scale each row's loss by it.
    """
    return pl.DataFrame(pl.from_arrow(read_arrow(name, version, home=home, table=table)))


def read_arrow(
    name: str, version: int | None = None, *, home: Path | str | None = None, table: Table = "samples"
) -> pa.Table:
    """A release as an Arrow table; arguments as in `read`."""
    path = release_path(name, version, home=home)
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            if table == "pairs" and not connection.execute(HAS_PAIRS).fetchone():
                raise ReleaseError(
                    f"{path} is from before releases held pairs. Make a new one: outcross release {name}."
                )
            return connection.execute(ROWS[table]).to_arrow_table()
    except duckdb.Error as error:
        first = str(error).splitlines()[0]
        raise ReleaseError(
            f"{path} can't be read: {first}. Put it back from a copy; `verify` says what holds."
        ) from error


def _home(home: Path | str | None) -> Home:
    return Home(Path(home) if home is not None else from_environment().home)
