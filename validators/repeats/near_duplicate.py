"""Near duplicates: a response that a person or an earlier draft already gave in nearly the same words."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.repeats.pairs import SKETCH, Keys, Pairs, jaccard, sharing
from outcross.validators.repeats.precedence import closest, in_order, placed
from outcross.validators.repeats.shingles import Shingles, hashed, shingled
from outcross.validators.rule import Rule
from outcross.validators.signals import complete


@dataclass(frozen=True, kw_only=True)
class NearDuplicate:
    """1 less the Jaccard similarity, over runs of `run` words, with the closest text that takes precedence.

    Human rows take precedence over drafts, and drafts of lower rank over those of higher rank, so of several
    alike exactly one is kept, as long as those judged before have the lower ranks. Similarities below `floor`
    count as none. Responses of fewer than `short` words are compared as whole texts but for case, spacing and
    punctuation, and those of fewer than `shortest` aren't compared. The same text, but for these, always scores 0.

    Which texts are compared, their sketches tell (`outcross.validators.repeats.pairs` gives the odds that a pair goes
    unseen); those compared are compared exactly.

    Source: Broder, On the resemblance and containment of documents (1997).
    """

    name: ClassVar[str] = "near_duplicate"
    version: ClassVar[int] = 2
    rule: ClassVar[Rule] = Rule(reject_below=0.1, accept_from=0.4)
    field: ClassVar[str] = "response"
    """The text that is compared."""
    run: int = 3
    floor: float = 0.3
    short: int = 8
    shortest: int = 0

    def __post_init__(self) -> None:
        if not (1 <= self.run <= self.short and 0 < self.floor <= 1 and 0 <= self.shortest <= self.short):
            raise RecipeError(
                f"{self.name} needs 1 <= run <= short, 0 < floor <= 1 and 0 <= shortest <= short, not "
                f"run {self.run}, short {self.short}, floor {self.floor}, shortest {self.shortest}."
            )

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:
        """Compare a text of each sample with those of the human rows and the drafts that precede it."""
        others = in_order(references, self.field)
        own = placed(samples, others, references.human["sample_id"], self.field)
        ours, theirs = _Texts.of(own["text"], self.run), _Texts.of(others["text"], self.run)
        if references.pairs is None:
            near = self._sharing(ours, theirs, own["place"].to_numpy())
        else:
            near = _named(references.pairs.filter(pl.col("field") == self.field), own, others)
        near = near.chosen(np.minimum(ours.words[near.own], theirs.words[near.other]) >= self.short)
        same = _same(ours, theirs)
        same = same.chosen(ours.words[same.own] >= self.shortest)
        alike = [np.ones(same.own.size), jaccard(ours.sets, theirs.sets, near)]
        found = pl.concat(
            pl.DataFrame({"own": pairs.own, "other": pairs.other, "alike": values})
            for pairs, values in zip([same, near], alike, strict=True)
        )
        return complete(samples, closest(found.filter(pl.col("alike") >= self.floor), own, others))

    def _sharing(self, ours: "_Texts", theirs: "_Texts", places: NDArray[np.int64]) -> Pairs:
        """The pairs whose sketches meet; of others with the same words, the first stands for all."""
        own, other = Keys(*ours.sets.lowest(SKETCH)), Keys(*theirs.sets.lowest(SKETCH))
        first = np.zeros(theirs.words.size, dtype=np.bool_)
        first[np.unique(theirs.wholes, return_index=True)[1]] = True
        kept = (first & (theirs.words >= self.short))[other.rows]
        return sharing(own, Keys(other.rows[kept], other.keys[kept]), places)


class _Texts(NamedTuple):
    """Texts as they are compared: each one's number of words, its digest, and its set of runs."""

    words: NDArray[np.int64]
    wholes: NDArray[np.uint64]
    sets: Shingles

    @classmethod
    def of(cls, texts: pl.Series, run: int) -> Self:
        words = hashed(texts)
        return cls(words.sizes, words.wholes(), shingled(words, run))


def _same(ours: _Texts, theirs: _Texts) -> Pairs:
    """Each text with the first of the others that has the same words, if there is one."""
    wholes, first = np.unique(theirs.wholes, return_index=True)
    own = np.flatnonzero(np.isin(ours.wholes, wholes))
    return Pairs(own, first[np.searchsorted(wholes, ours.wholes[own])])


def _named(pairs: pl.DataFrame, own: pl.DataFrame, others: pl.DataFrame) -> Pairs:
    """The rows of pairs that are given by id."""
    ours = own.select("sample_id").with_row_index("own")
    theirs = others.select(other="sample_id").with_row_index("row")
    rows = pairs.join(ours, on="sample_id").join(theirs, on="other").select(pl.col("own", "row").cast(pl.Int64))
    return Pairs(rows["own"].to_numpy(), rows["row"].to_numpy())
