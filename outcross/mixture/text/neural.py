"""A small transformer with the face of the trigram model: a second opinion that reads further back than two words.

It needs torch and tokenizers, which nothing else here does: import this module where it is used.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from outcross.mixture.text.network import (
    CONTEXT,
    Sequences,
    Tensors,
    beginning,
    drawn,
    losses,
    needed,
    read,
    tensor,
    torch,
)
from outcross.mixture.text.ngram import Nats
from outcross.mixture.text.tokens import EDGE, UNKNOWN, Encoded

tokenizers = needed("tokenizers")

PIECES = 1024
EPOCHS = 3
RATE, TUNING_RATE = 4e-3, 1e-3
"""The learning rate of a new model, and of one that goes on from another."""

FIRST = UNKNOWN + 1
"""Id of the first piece: edges and the unknown come before, as in a vocabulary of words."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """Byte pairs as a vocabulary: every text can be encoded (Sennrich, Haddow and Birch, arXiv 1508.07909)."""

    tokenizer: Any

    @classmethod
    def of(cls, texts: pl.Series, size: int = PIECES) -> "Pieces":
        """Learn the commonest pairs; `size` counts the single bytes too, and is at least 256."""
        tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
        tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = tokenizers.decoders.ByteLevel()
        alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
        trainer = tokenizers.trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
        tokenizer.train_from_iterator(texts.to_list(), trainer)
        return cls(tokenizer)

    def __len__(self) -> int:
        return int(self.tokenizer.get_vocab_size()) + FIRST

    def encode(self, texts: pl.Series) -> Encoded:
        """The texts as ids."""
        rows = [np.array(row.ids, np.int32) + FIRST for row in self.tokenizer.encode_batch(texts.to_list())]
        starts = np.cumsum([0, *(row.size for row in rows)])
        return Encoded(np.concatenate([np.zeros(0, np.int32), *rows]).astype(np.int32), starts)

    def decode(self, rows: Encoded) -> list[str]:
        """The texts of rows; ids that aren't pieces are left out."""
        parts = [rows.ids[start:end] for start, end in zip(rows.starts[:-1], rows.starts[1:], strict=True)]
        known = [(part[(part >= FIRST) & (part < len(self))] - FIRST).tolist() for part in parts]
        return [str(text) for text in self.tokenizer.decode_batch(known)]


@dataclass(frozen=True, eq=False)
class Proxy:
    """A causal transformer over ids: rows are read between edges, and their ends are predicted.

    It does what `Trigram` does, by the same names, and knows as little of what the ids stand for.
    """

    n_types: int
    parameters: Tensors

    @classmethod
    def fit(
        cls,
        encoded: Encoded,
        n_types: int,
        weights: NDArray[np.floating] | None = None,
        *,
        base: "Proxy | None" = None,
        dev: Encoded | None = None,
        epochs: int = EPOCHS,
        seed: int = 0,
    ) -> "Proxy":
        """Train on some rows, on a graphics card where torch sees one.

        Args:
            encoded: rows to learn from, ids below `n_types`; one at least.
            n_types: size of the vocabulary, special types included.
            weights: > 0, shape (n_rows,), of each row in the loss; only their ratios matter.
            base: a model of the same types to go on from; it stays as it is.
            dev: where given, the model of the epoch after which these rows surprise least is kept.
            epochs: passes over the rows.
            seed: of the beginning and of the order; one seed gives one model on one machine.

        Source:
            Vaswani et al., arXiv 1706.03762; Loshchilov and Hutter, arXiv 1711.05101.
        """
        rng = np.random.default_rng(seed)
        start = base.parameters if base else beginning(n_types, rng)
        model = cls(n_types, {name: each.clone().requires_grad_() for name, each in start.items()})
        sequences = Sequences.of(encoded)
        each = np.ones(encoded.lengths.size) if weights is None else np.asarray(weights / weights.mean())
        scale = each[sequences.row].astype(np.float32)[:, None]
        optimiser = torch.optim.AdamW(model.parameters.values(), TUNING_RATE if base else RATE, weight_decay=0.01)
        steps = epochs * sum(1 for _ in sequences.batches())
        best, least = model, np.inf
        step = 0
        for _ in range(epochs):
            for batch in sequences.batches(rng):
                optimiser.param_groups[0]["lr"] = (TUNING_RATE if base else RATE) * _warmth(step / steps)
                model._descend(optimiser, *sequences.tensors(batch), tensor(scale[batch]))
                step += 1
            if dev is not None and (surprise := float(model.nll(dev).nats.sum())) < least:
                best, least = model.frozen(), surprise
        return best if dev is not None else model.frozen()

    def frozen(self) -> "Proxy":
        """The model as it is now, apart from what goes on."""
        return Proxy(self.n_types, {name: each.detach().clone() for name, each in self.parameters.items()})

    def nll(self, encoded: Encoded) -> Nats:
        """How surprising each row is."""
        sequences = Sequences.of(encoded)
        nats = np.zeros(sequences.row.size)
        with torch.no_grad():
            for batch in sequences.batches():
                nats[batch] = losses(self.parameters, *sequences.tensors(batch)).sum(dim=1).cpu().numpy()
        rows = np.bincount(sequences.row, nats, encoded.lengths.size)
        return Nats(rows.astype(np.float64, copy=False), encoded.lengths + 1)

    def perplexity(self, encoded: Encoded) -> float:
        """Per prediction, ends of rows included."""
        found = self.nll(encoded)
        return float(np.exp(found.nats.sum() / found.words.sum()))

    def sample(
        self, n_rows: int, rng: np.random.Generator, temperature: float = 1.0, longest: int = CONTEXT - 1
    ) -> Encoded:
        """Write rows, all of them one id further at a time.

        Args:
            n_rows: how many.
            rng: the randomness.
            temperature: > 0; the logits are divided by it.
            longest: ids after which a row is cut, below `CONTEXT`.
        """
        written = np.full((n_rows, longest), EDGE, np.int64)
        rows, before = np.arange(n_rows), np.full(n_rows, EDGE)
        past: list[Any] = []
        with torch.no_grad():
            for place in range(longest):
                logits, past = read(self.parameters, tensor(before[:, None]), past)
                before = drawn(logits[:, -1] / temperature, rng)
                goes_on = before != EDGE
                if not goes_on.all():
                    rows, before = rows[goes_on], before[goes_on]
                    past = [each[tensor(np.flatnonzero(goes_on))] for each in past]
                if not rows.size:
                    break
                written[rows, place] = before
        there = written != EDGE
        return Encoded(written[there].astype(np.int32), np.concatenate([[0], np.cumsum(there.sum(axis=1))]))

    def _descend(self, optimiser: Any, ids: Any, wanted: Any, scale: Any) -> None:  # noqa: ANN401  # torch's
        """One step down the weighted mean over predictions."""
        optimiser.zero_grad()
        loss = (losses(self.parameters, ids, wanted) * scale).sum() / (scale * (wanted >= 0)).sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters.values(), 1.0)
        optimiser.step()


def _warmth(done: float) -> float:
    """The learning rate as a part of its largest: up over the first tenth, then down to 0 as a cosine does."""
    return float(min((done + 0.005) / 0.1, (1 + np.cos(np.pi * done)) / 2))
