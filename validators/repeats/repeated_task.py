"""Repeated tasks: a task that a person or an earlier draft already posed in nearly the same words."""

from dataclasses import dataclass, replace
from typing import ClassVar

import polars as pl

from outcross.validators.references import References
from outcross.validators.repeats.near_duplicate import NearDuplicate
from outcross.validators.rule import Rule


@dataclass(frozen=True, kw_only=True)
class RepeatedTask(NearDuplicate):
    """As `NearDuplicate`, over tasks instead of answers; for recipes whose model writes the task too.

    A model that draws one task again and again gives each another answer, so that no answer repeats. A sample
    that poses no task, such as plain text, isn't compared.
    """

    name: ClassVar[str] = "repeated_task"
    version: ClassVar[int] = 2
    rule: ClassVar[Rule] = Rule(reject_below=0.1, accept_from=0.4)
    shortest: int = 1

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:
        """Compare `prompt` with the human rows and the drafts that precede each sample."""
        posed = replace(references, human=_tasks(references.human), earlier=_tasks(references.earlier))
        return NearDuplicate.__call__(self, _tasks(samples), posed)


def _tasks(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(response=pl.col("prompt"))
