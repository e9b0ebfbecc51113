"""Constraints: whether a response keeps to what its prompt asks for in words, letters, marks and form."""

from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.verifiers.ifeval import CHECKS, Unusable
from outcross.verifiers.judged import Keyed, Verdict, keyed, verdicts


@dataclass(frozen=True, kw_only=True)
class Constraints:
    """Share of the key's `constraints` that the response meets, null where one is unknown or can't be used."""

    name: ClassVar[str] = "constraints"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.5, accept_from=1.0)

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Check each of the key's `constraints`: an `id` of `CHECKS`, and beside it what that takes."""
        rows, said = keyed(samples, "constraints", list)
        said |= {row.sample["sample_id"]: _checked(row) for row in rows}
        return verdicts(samples, said)


def _checked(row: Keyed) -> Verdict:
    asked: list[Any] = row.key["constraints"]
    try:
        unmet = [said for one in asked if (said := _unmet(one, row.sample["response"]))]
    except Unusable as error:
        return Verdict(None, str(error))
    return Verdict(1.0 - len(unmet) / len(asked) if unmet else 1.0, "; ".join(unmet))


def _unmet(asked: object, response: str) -> str:
    """What is found in the place of what is asked for; empty where it is met."""
    if not isinstance(asked, dict) or str(asked.get("id")) not in CHECKS:
        raise Unusable(f"no constraint {str(asked)[:80]} can be checked; there are {', '.join(sorted(CHECKS))}")
    wanted = {name: value for name, value in asked.items() if name != "id" and value is not None}
    try:
        found = CHECKS[asked["id"]](response, **wanted)
    except (TypeError, ValueError, AttributeError) as error:
        raise Unusable(f"{asked['id']} can't be checked with {str(wanted)[:80]}: {error}") from None
    return f"{asked['id']}: {found}" if found else ""
