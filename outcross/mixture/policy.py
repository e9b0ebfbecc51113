"""The policy: the rules that a mixture keeps."""

from pydantic import Field

from outcross.data.samples import Record


class Policy(Record):
    """The rules that a mixture keeps; a mixture that can't keep them is refused, and no rule is ever relaxed.

    Rows are of four classes: people wrote them (human), edited them (hybrid), approved them (reviewed), or none of
    these (unreviewed). Where the numbers come from: docs/mixture.md.
    """

    retention: float = Field(default=0.9, ge=0, le=1, allow_inf_nan=False)
    """Least part of each stratum's tail that training on the mixture keeps, of 1 for people's own rows.

    With the contraction that is measured in a stratum it gives the human floor there; where none is measured, the
    floor is this very number.
    """
    human_floor: float = Field(default=0.5, ge=0, le=1, allow_inf_nan=False)
    """Least share of each stratum's mass that is human, whatever the measured contraction would allow.

    A hybrid row counts towards a floor by the credit of its stratum, which is at most a half.
    """
    synthetic_cap: float = Field(default=0.5, ge=0, le=1, allow_inf_nan=False)
    """Share of the whole mixture that reviewed and unreviewed rows hold at most, together."""
    unreviewed_cap: float = Field(default=0.3, ge=0, le=1, allow_inf_nan=False)
    """Share of the whole mixture that synthetic rows accepted without a person hold at most."""
    bias_budget: float = Field(default=0.1, ge=0, le=1, allow_inf_nan=False)
    """Excess error over human rows alone that bias may cause: shares times biases are at most √(this / human rows)."""
    depth_cap: int = Field(default=1, ge=0)
    """Model generations away from people that a row may be."""
    epoch_cap: float = Field(default=4.0, ge=1, le=1000, allow_inf_nan=False)
    """Times that one pass may repeat a human row."""
    hybrid_epoch_cap: float = Field(default=2.0, ge=1, le=1000, allow_inf_nan=False)
    """Times that one pass may repeat a hybrid row; reviewed and unreviewed rows count once at most."""
    pinning: float = Field(default=0.02, ge=0, lt=1, allow_inf_nan=False)
    """How far a stratum's share may be from its target, relative to the target."""
    tail_share: float = Field(default=0.05, ge=0, le=1, allow_inf_nan=False)
    """Strata with a smaller target than this never get less than their target.

    Neither do the rarest strata that together hold a tenth of the target.
    """
    temperature: float = Field(default=1.0, ge=1, le=2, allow_inf_nan=False)
    """Flattens the target: shares become proportional to their power of 1 / temperature, which raises rare strata."""
    size: float | None = Field(default=None, gt=0, le=1e12, allow_inf_nan=False)
    """Wanted mass, in rows; None for as many as there are human rows, or the most that the other rules allow."""

    @property
    def repeats(self) -> tuple[float, float, float, float]:
        """Times that one pass may repeat a row of each class: human, hybrid, reviewed, unreviewed."""
        return (self.epoch_cap, self.hybrid_epoch_cap, 1.0, 1.0)
