"""The policy: the rules that a mixture keeps."""

from pydantic import Field

from outcross.data.samples import Record


class Policy(Record):
    """The rules that a mixture keeps; a mixture that can't keep them is refused."""

    human_floor: float = Field(default=0.5, ge=0, le=1, allow_inf_nan=False)
    """Share of each stratum's mass that clean human rows hold at least; hybrid rows don't count."""
    unreviewed_cap: float = Field(default=0.3, ge=0, le=1, allow_inf_nan=False)
    """Share of the whole mixture that synthetic rows accepted without a person hold at most."""
    depth_cap: int = Field(default=1, ge=0)
    """Model generations away from people that a row may be."""
    epoch_cap: float = Field(default=4.0, ge=1, le=1000, allow_inf_nan=False)
    """Times that one pass may repeat a human row; all other rows count once at most."""
    size: float | None = Field(default=None, gt=0, le=1e12, allow_inf_nan=False)
    """Wanted mass, in rows; None for as many as there are human rows, which is always possible."""
