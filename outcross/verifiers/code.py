"""Code: whether a model's Python passes the key's tests."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.verifiers import bounds, sandbox
from outcross.verifiers.fences import blocks
from outcross.verifiers.judged import RIGHT, Keyed, Verdict, keyed, verdicts

PYTHON = ("", "py", "python", "python3")


@dataclass(frozen=True, kw_only=True)
class Code:
    """1 where the response's code passes the key's `tests`, 0 where it doesn't, null where it can't be run safely.

    Code that runs too long, takes too much or ends early is wrong code; see `outcross.verifiers.sandbox`.
    """

    name: ClassVar[str] = "code"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.5, accept_from=1.0)
    seconds: int = 5
    """Of processor time for the code with its tests; `clock` bounds what waits."""
    clock: int = 60
    memory: int = 512
    """Megabytes."""

    def __post_init__(self) -> None:
        bounds.check(self.name, self.seconds, self.memory)

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Run the code in `response`, then the key's `tests`, which may name the `entry` that it must define."""
        rows, said = keyed(samples, "tests", str)
        with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
            said |= zip((row.sample["sample_id"] for row in rows), threads.map(self._tried, rows), strict=True)
        return verdicts(samples, said)

    def _tried(self, row: Keyed) -> Verdict:
        entry = row.key.get("entry") or ""
        if not isinstance(entry, str):
            return Verdict(None, f"the key's `entry` holds a {type(entry).__name__}")
        limits = sandbox.Limits(seconds=self.seconds, clock=max(self.clock, self.seconds), memory=self.memory)
        try:
            wrong = sandbox.run(source(row.sample["response"], entry), row.key["tests"], entry, limits)
        except sandbox.SandboxFailed as error:
            return Verdict(None, str(error))
        return Verdict(0.0, wrong) if wrong else RIGHT


def source(response: str, entry: str = "") -> str:
    """A response's Python: the longest fenced block of those that hold the entry, or of all; else the whole."""
    found = [block.text for block in blocks(response) if block.language in PYTHON]
    return max([text for text in found if entry in text] or found, key=len, default=response)
