"""Toxicity: words and phrases that insult or threaten, so that a person looks at how they are meant."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.validators.checks.lexicon import INSULTS, THREATS
from outcross.validators.privacy.finds import FIELDS
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.signals import complete
from outcross.validators.text.reasons import reason


def _whole(phrases: Sequence[str]) -> str:
    """A pattern of the phrases as whole words, with any space or dash between them and either apostrophe."""
    listed = "|".join(re.escape(phrase).replace(r"\ ", r"\s+").replace("'", "['’]") for phrase in phrases)
    return rf"(?i)\b(?:{listed})\b"


_INSULT, _THREAT = _whole(INSULTS), _whole(THREATS)
# Looked for first, and all at once: the longest word of each phrase.
_SIGNS = sorted({max(re.findall(r"\w+", phrase), key=len) for phrase in (*INSULTS, *THREATS)})


@dataclass(frozen=True, kw_only=True)
class Toxicity:
    """0.5 where a text holds an insult or a threat of the lexicon as a whole word, else 1.

    A word list can't tell use from mention: law, medicine, history and fiction quote such words. So nothing is
    rejected for it, and what isn't listed isn't thereby kind; a guard model judges meaning.
    """

    name: ClassVar[str] = "toxicity"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.0, accept_from=1.0)

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Search `prompt`, `context`, `response` and `other`."""
        text = pl.col("text")
        found = (
            samples.select("sample_id", *FIELDS)
            .unpivot(index="sample_id", variable_name="field", value_name="text")
            .filter(text.str.contains_any(_SIGNS, ascii_case_insensitive=True))
            .with_columns(insults=text.str.count_matches(_INSULT), threats=text.str.count_matches(_THREAT))
            .filter(pl.col("insults") + pl.col("threats") > 0)
            .with_columns(pl.col("field").replace(FIELDS))
            .group_by("sample_id", maintain_order=True)
            .first()
        )
        said = reason(
            "the {} holds phrases of the lexicon: {} insulting, {} threatening", "field", "insults", "threats"
        )
        return complete(samples, found.select("sample_id", score=pl.lit(0.5), reason=said))
