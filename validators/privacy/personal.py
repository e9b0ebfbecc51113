"""Personal: what leads to a person in any part of a sample, to be masked before it is trained on."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.validators.privacy.finds import flagged, replaced
from outcross.validators.privacy.identifiers import IDENTIFIERS
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.signals import complete


def masked(text: pl.Expr) -> pl.Expr:
    """The text with a placeholder for each identifier: `[EMAIL]`, `[PHONE]`, `[IP]`, `[CARD]`, `[IBAN]` or `[SSN]`.

    What `Personal` flags is masked and nothing else is, so a masked text has a score of 1.
    """
    return replaced(text, IDENTIFIERS)


@dataclass(frozen=True, kw_only=True)
class Personal:
    """0.5 where a text holds an e-mail address, a phone number or another of `IDENTIFIERS`, else 1.

    Nothing is rejected for it: a person says whether it is masked (see `masked`) or was public anyhow. Names
    and street addresses are past what patterns can see.
    """

    name: ClassVar[str] = "personal"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.0, accept_from=1.0)

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Search `prompt`, `context`, `response` and `other`."""
        return complete(samples, flagged(samples, IDENTIFIERS))
