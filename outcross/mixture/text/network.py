"""The arithmetic of a small causal transformer, and rows of ids as the batches that it reads.

It needs torch, which nothing else here does: import this module where it is used.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from outcross.errors import InputError
from outcross.mixture.text.tokens import EDGE, Encoded


def needed(name: str) -> Any:  # noqa: ANN401  # a module, taken by name so that types are checked alike without it
    """A module of the extra `proxy`.

    Raises:
        InputError: it isn't installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(
            f"The small transformer needs {name}, which isn't installed: pip install 'outcross[proxy]'."
        ) from error


torch = needed("torch")

WIDTH, LAYERS, HEADS = 96, 2, 4
"""0.3 million parameters, with a thousand types."""

CONTEXT = 128
"""Ids that are read at once; what is longer is read in parts."""

BATCH = 32
"""Sequences of a step."""

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

Tensor = Any
Tensors = dict[str, Any]
Integers = NDArray[np.int64]


class Sequences(NamedTuple):
    """Rows in parts of at most `CONTEXT` predictions."""

    read: Integers
    """Shape (n_sequences, CONTEXT), padded with edges."""
    wanted: Integers
    """What follows each, -1 where nothing is asked."""
    row: Integers
    """Shape (n_sequences,)."""

    @classmethod
    def of(cls, encoded: Encoded) -> "Sequences":
        """The rows between edges, their ends predicted."""
        words = encoded.lengths + 1
        parts = -(-words // CONTEXT)
        row = np.repeat(np.arange(words.size), words)
        place = np.arange(row.size) - np.repeat(np.cumsum(words) - words, words)
        where = ((np.cumsum(parts) - parts)[row] + place // CONTEXT, place % CONTEXT)
        read, wanted = np.full((2, int(parts.sum()), CONTEXT), EDGE, np.int64)
        read[where] = np.insert(encoded.ids, encoded.starts[:-1], EDGE)
        wanted[:] = -1
        wanted[where] = np.insert(encoded.ids, encoded.starts[1:], EDGE)
        return cls(read, wanted, np.repeat(np.arange(words.size), parts))

    def batches(self, rng: np.random.Generator | None = None) -> Iterator[Integers]:
        """Places of sequences of about one length, in a random order where there is a generator."""
        lengths = (self.wanted >= 0).sum(axis=1)
        if rng is None:
            order = np.argsort(lengths, kind="stable")
            yield from (order[start : start + BATCH] for start in range(0, order.size, BATCH))
            return
        shuffled = rng.permutation(lengths.size)
        order = shuffled[np.argsort(lengths[shuffled], kind="stable")]
        starts = np.arange(0, order.size, BATCH)
        yield from (order[start : start + BATCH] for start in rng.permutation(starts))

    def tensors(self, batch: Integers) -> tuple[Tensor, Tensor]:
        """What a batch reads and what is wanted of it, as long as its longest sequence."""
        longest = int((self.wanted[batch] >= 0).sum(axis=1).max())
        return tensor(self.read[batch, :longest]), tensor(self.wanted[batch, :longest])


def tensor(values: NDArray[Any]) -> Tensor:
    """Numbers where the model is."""
    return torch.from_numpy(np.ascontiguousarray(values)).to(DEVICE)


def beginning(n_types: int, rng: np.random.Generator) -> Tensors:
    """Parameters before training."""
    sizes = {"types": (n_types, WIDTH), "places": (CONTEXT, WIDTH), "norm": (WIDTH,)}
    for layer in range(LAYERS):
        sizes |= {f"{layer}.{name}": (WIDTH,) for name in ("attend", "think")}
        sizes |= {f"{layer}.in": (WIDTH, 3 * WIDTH), f"{layer}.out": (WIDTH, WIDTH)}
        sizes |= {f"{layer}.up": (WIDTH, 4 * WIDTH), f"{layer}.down": (4 * WIDTH, WIDTH)}
    scales = {name: 0.02 if name in ("types", "places") else size[0] ** -0.5 for name, size in sizes.items()}
    return {
        name: tensor(np.ones(size, np.float32) if len(size) == 1 else rng.normal(0, scales[name], size).astype("f4"))
        for name, size in sizes.items()
    }


def read(parameters: Tensors, ids: Tensor, past: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """What may follow each id.

    Args:
        parameters: as `beginning` names them.
        ids: shape (n_batch, n_ids).
        past: keys and values of the ids before, a tensor a layer, as given back; empty at a row's beginning. With a
            past, one id is read at a time.

    Returns:
        Logits, shape (n_batch, n_ids, n_types), and the past for what comes next.
    """
    start = past[0].shape[3] if past else 0
    x = parameters["types"][ids] + parameters["places"][start : start + ids.shape[1]]
    kept = []
    for layer in range(LAYERS):
        seen = _norm(x, parameters[f"{layer}.attend"]) @ parameters[f"{layer}.in"]
        query, key, value = seen.unflatten(2, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        both = torch.stack([key, value], dim=1)
        if past:
            both = torch.cat([past[layer], both], dim=3)
        kept.append(both)
        attended = torch.nn.functional.scaled_dot_product_attention(query, both[:, 0], both[:, 1], is_causal=not past)
        x = x + attended.transpose(1, 2).flatten(2) @ parameters[f"{layer}.out"]
        inner = torch.nn.functional.gelu(_norm(x, parameters[f"{layer}.think"]) @ parameters[f"{layer}.up"])
        x = x + inner @ parameters[f"{layer}.down"]
    return _norm(x, parameters["norm"]) @ parameters["types"].T, kept


def losses(parameters: Tensors, ids: Tensor, wanted: Tensor) -> Tensor:
    """Nats of each prediction, 0 where nothing is wanted, shape (n_batch, n_ids)."""
    logits, _ = read(parameters, ids, [])
    flat = torch.nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=-1, reduction="none")
    return flat.view(wanted.shape)


def drawn(logits: Tensor, rng: np.random.Generator) -> Integers:
    """One id for each row of logits, shape (n_rows,), by Gumbel's trick: the draws are numpy's on every device."""
    values: NDArray[np.float32] = logits.float().cpu().numpy()
    return np.asarray(np.argmax(values + rng.gumbel(size=values.shape), axis=1))


def _norm(x: Tensor, scale: Tensor) -> Tensor:
    return torch.nn.functional.rms_norm(x, scale.shape, scale)
