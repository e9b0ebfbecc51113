"""Bounds: what a verifier may let one sample take."""

from outcross.errors import RecipeError

_LONGEST, _LEAST, _MOST = 600, 64, 65_536


def check(name: str, seconds: float, memory: int) -> None:
    """Refuse bounds that nothing could run in, or that bound nothing.

    Raises:
        RecipeError: `seconds` isn't in (0, 600], or `memory` not in [64, 65536] megabytes.
    """
    if not (0 < seconds <= _LONGEST and _LEAST <= memory <= _MOST):
        raise RecipeError(
            f"{name} needs 0 < seconds <= {_LONGEST} and {_LEAST} <= memory <= {_MOST} (MB), not {seconds} and "
            f"{memory}."
        )
