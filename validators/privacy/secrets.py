"""Secrets: keys, tokens and passwords in any part of a sample."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.validators.privacy.finds import flagged
from outcross.validators.privacy.keys import KEYS
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.signals import complete


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """0 where a text holds a key in a form that a service hands out, 0.5 for what only looks like one, else 1.

    A key must look drawn, so that `sk-xxxx` and `AKIAIOSFODNN7EXAMPLE` are none. Signed tokens expire and
    documentation is full of them, so they are suspicions.
    """

    name: ClassVar[str] = "secrets"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.5, accept_from=1.0)

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Search `prompt`, `context`, `response` and `other`."""
        return complete(samples, flagged(samples, KEYS))
