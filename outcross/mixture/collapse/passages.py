"""Rows of text as a language model reads and writes them here: a section's mark, then the words."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from outcross.data.corpora.prose import held_out
from outcross.mixture.text.counts import Floats
from outcross.mixture.text.tails import Tail
from outcross.mixture.text.tokens import Encoded, Vocabulary

FEWEST = 100
"""Rows that a section has; smaller ones are one section together."""

RARE = 0.05
"""Share of the human rows below which a section is called rare."""

BUDGET = 60_000
"""Words at which distinct sequences are counted: their share falls with length, so it is taken at one."""

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Passages:
    """Human rows to learn from, rows of other documents to be measured by, and what both are counted in.

    The first word of a row is the mark of its section, so that a model writes the section too, and whoever pins
    sections can tell what a written row claims to be.
    """

    vocabulary: Vocabulary
    sections: int
    """Their marks are the ids from `len(vocabulary)` on."""
    human: Encoded
    held: Encoded
    """Rows of documents that no model sees."""
    dev: Encoded
    """Rows of yet other documents, for tuning."""

    @classmethod
    def of(cls, texts: pl.DataFrame, rows: int, rng: np.random.Generator) -> Self:
        """Part the documents, and draw human rows.

        Args:
            texts: document, stratum, text; two documents or more.
            rows: human rows, or as many as there are once a fifth is held out.
            rng: draws them.

        Raises:
            InputError: there are fewer than three documents.
        """
        rest, held = held_out(pooled(texts))
        rest, dev = held_out(rest, 0.1)
        rest = rest[np.sort(rng.permutation(rest.height)[:rows])]
        vocabulary, names = Vocabulary.of(rest["text"]), rest["stratum"].unique().sort()
        return cls(vocabulary, names.len(), *[cls.words(part, names, vocabulary) for part in (rest, held, dev)])

    @staticmethod
    def words(texts: pl.DataFrame, names: pl.Series, vocabulary: Vocabulary) -> Encoded:
        """Texts as marks and words; those of a section without human rows to learn from are left out."""
        texts = texts.filter(pl.col("stratum").is_in(names.implode()))
        return marked(vocabulary.encode(texts["text"]), sections(texts, names), len(vocabulary))

    @property
    def n_types(self) -> int:
        """Ids that a model knows, the marks included."""
        return len(self.vocabulary) + self.sections

    def section(self, rows: Encoded) -> Places:
        """See `claimed`."""
        return claimed(rows, len(self.vocabulary))

    def counts(self, rows: Encoded, weights: Floats | None = None) -> Floats:
        """How often each word occurs, marks left out, shape (len(vocabulary),)."""
        each = None if weights is None else np.repeat(weights, rows.lengths)
        return np.bincount(rows.ids, each, self.n_types)[: len(self.vocabulary)].astype(np.float64)

    def shares(self, rows: Encoded, weights: Floats | None = None) -> Floats:
        """The share of the rows' weight that each section has, shape (sections,); rows without a mark have the rest."""
        each = np.ones(rows.lengths.size) if weights is None else weights
        section = self.section(rows)
        marked = section >= 0
        return np.asarray(np.bincount(section[marked], each[marked], self.sections) / each.sum())

    def features(self, rows: Encoded, tail: Tail) -> Floats:
        """Each row's rare words and all its words, shape (n_rows, 2)."""
        belongs = np.append(tail.belongs, np.zeros(self.sections))[rows.ids]
        return np.stack([np.bincount(rows.row(), belongs, rows.lengths.size), rows.lengths], axis=1).astype(np.float64)

    def read(self, rows: Encoded) -> list[str]:
        """Rows as a person reads them, words apart, without marks."""
        names = ["", "…", *self.vocabulary.types, *[""] * self.sections]
        parts = [[names[word] for word in part] for part in np.split(rows.ids, rows.starts[1:-1])]
        return [" ".join(word for word in part if word) for part in parts]


def distinct(rows: Encoded, n: int = 4, budget: int = BUDGET) -> float:
    """The share of the sequences of n words, inside rows, that are different, among the first `budget` words.

    NaN where no row is so long. Source: Li et al., arXiv 1510.03055; at a fixed number of words for the reason that
    arXiv 2507.15092 gives.
    """
    ids, row = rows.ids[:budget], rows.row()[:budget]
    if ids.size < n:
        return float("nan")
    windows = np.lib.stride_tricks.sliding_window_view(ids, n)[row[n - 1 :] == row[: row.size - n + 1]]
    packed = np.ascontiguousarray(windows).view([("", ids.dtype)] * n).ravel()
    return float(np.unique(packed).size / packed.size) if packed.size else float("nan")


def pooled(texts: pl.DataFrame) -> pl.DataFrame:
    """The texts with their small sections as one, `others`."""
    few = pl.len().over("stratum") < FEWEST
    return texts.with_columns(stratum=pl.when(few).then(pl.lit("others")).otherwise("stratum"))


def sections(texts: pl.DataFrame, names: pl.Series) -> Places:
    """The place of each text's stratum among the names, -1 where it isn't there; shape (n_rows,)."""
    places = {name: place for place, name in enumerate(names)}
    return texts["stratum"].replace_strict(places, default=-1, return_dtype=pl.Int64).to_numpy()


def marked(rows: Encoded, section: Places, first: int) -> Encoded:
    """Rows with their section's mark, the id `first + section`, in front; without one where the section is -1."""
    has = section >= 0
    ids = np.insert(rows.ids, rows.starts[:-1][has], (first + section[has]).astype(np.int32))
    return Encoded(ids, rows.starts + np.concatenate([[0], np.cumsum(has)]))


def claimed(rows: Encoded, first: int) -> Places:
    """The section that each row's mark names, from 0; -1 where it starts without a mark. Shape (n_rows,)."""
    section = np.full(rows.lengths.size, -1, np.int64)
    some = rows.lengths > 0
    section[some] = rows.ids[rows.starts[:-1][some]] - first
    return np.maximum(section, -1)
