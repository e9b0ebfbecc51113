"""Repeated tasks: a task that a person or an earlier draft already posed in nearly the same words."""

from dataclasses import dataclass
from typing import ClassVar

from outcross.validators.repeats.near_duplicate import NearDuplicate
from outcross.validators.rule import Rule


@dataclass(frozen=True, kw_only=True)
class RepeatedTask(NearDuplicate):
    """As `NearDuplicate`, over tasks instead of answers; for recipes whose model writes the task too.

    A model that draws one task again and again gives each another answer, so that no answer repeats. A sample
    that poses no task, such as plain text, isn't compared.
    """

    name: ClassVar[str] = "repeated_task"
    version: ClassVar[int] = 3
    rule: ClassVar[Rule] = Rule(reject_below=0.1, accept_from=0.4)
    field: ClassVar[str] = "prompt"
    shortest: int = 1
