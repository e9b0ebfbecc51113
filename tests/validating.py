"""Frames of samples for validators, with all that isn't said left empty."""

import polars as pl

from outcross.validators.signals import SAMPLES


def frame(*rows: dict[str, str]) -> pl.DataFrame:
    """The rows as validators receive them: ids and ranks by place, and instructions, where they don't say otherwise."""
    base = dict.fromkeys(SAMPLES, "") | {"kind": "instruction", "stratum": "python"}
    return pl.DataFrame(
        [base | {"sample_id": f"{place:064x}", "rank": f"{place:06}"} | row for place, row in enumerate(rows)],
        schema=SAMPLES,
    )
