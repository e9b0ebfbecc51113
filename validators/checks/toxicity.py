"""Toxicity: words that are mostly used to hurt, as a reason for a person to look."""

import hashlib
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.signals import complete
from outcross.validators.text.reasons import reason
from outcross.validators.text.words import words

PREFIX = 12
"""Hexadecimal digits of a word's SHA-256 that are kept: another word is hit by chance once in 10^12."""


def fingerprint(word: str) -> str:
    """What the list holds of a word, given in small letters; add the result to `LISTED` to add the word."""
    return hashlib.sha256(word.encode("utf-8")).hexdigest()[:PREFIX]


LISTED: frozenset[str] = frozenset(
    """
    044eb98b1876 08a841e99678 0be9b885f4a3 0ce875d62007 0dcc4d336443 11cf8376a157 120f6e5b4ea3 12e6274e4309
    158869a97379 16ea09fc78ca 17a110e53328 17bde8b40646 1e02eec4f109 22fc75e65a0e 268651b3ece9 27eb0c4ad707
    2f5f6ce5ae30 333f76180929 33740da8a87d 341d56384afc 37b57d5556b6 3b1e0d7c5dd4 3cc0a581d3bb 402f7ebd9886
    45cd3e1bb472 4b18aefe826a 4c58f5d5fe92 517ae3f73216 566f532d486c 5b3ae48be122 619bc82e0d20 7122c9a14ba2
    7c4a5c242b72 7ef8ddb05876 82159dd02870 886d51e97ad7 8f5083e3e5c7 92a9bf818e7e 937d56e49744 98980840dd2f
    98b52c4b6b7d 9915ba2d8222 9ae315a94e42 a76d588d0047 acd9193a33dd ba3bd73095c7 bb209d506bb8 bd331fb1d242
    c1b4ed05397d c1cabb6f6e43 c22f315f1b33 c2c3b68b4883 c3de533e9b7f c74677aba35a ca8aca2ceb3c cc02032349c8
    d067075bc9d8 d0e3cb91d249 da0a6b1b9213 daec0c235d31 db775d1df73f e7b98c6aa5b9 e8ce34e7eab8 eea2991640d1
    eef3bd091670 f59e28f8bb64 f64c6fad9c3c f9d0d9b18ae9
    """.split()  # noqa: SIM905  # a list of them would fill a page
)


@dataclass(frozen=True, kw_only=True)
class Toxicity:
    """1 without a listed word, 0.5 with one; nothing is ever rejected for it.

    The list is short and of slurs and threats: lists of bad words are known to hit medicine, law, reclaimed words and
    the dialects of those who are slurred, so it sends a sample to a person and says no more. It holds fingerprints, so
    that the file can be opened anywhere.

    Source: Dodge et al., Documenting large webtext corpora (2021), arXiv:2104.08758, on what such lists remove.
    """

    name: ClassVar[str] = "toxicity"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.0, accept_from=1.0)

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Look for listed words in `prompt`, `response` and `other`."""
        spread = (
            samples.unpivot(["prompt", "response", "other"], index="sample_id", value_name="text")
            .select("sample_id", words(pl.col("text")).alias("word"))
            .explode("word", empty_as_null=True)
            .drop_nulls("word")
        )
        known = spread["word"].unique()
        listed = [word for word in known if fingerprint(word) in LISTED]
        found = spread.filter(pl.col("word").is_in(listed)).group_by("sample_id").agg(count=pl.len())
        said = reason("{} words are listed as hurtful", "count")
        return complete(samples, found.select("sample_id", score=pl.lit(0.5), reason=said))
