"""Encoder: BERT over single word pieces, read from a safetensors file and computed by NumPy alone."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, softmax

Array = NDArray[np.float32]

_FIRST, _LAST = 101, 102
"""The pieces that stand around every text, [CLS] and [SEP], in the vocabulary of BERT."""


class Encoder:
    """A sentence encoder of the BERT family that averages its last layer, such as all-MiniLM-L6-v2."""

    def __init__(self, folder: Path) -> None:
        said = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self._layers, self._heads = said["num_hidden_layers"], said["num_attention_heads"]
        self._weights = tensors(folder / "model.safetensors")

    def alone(self, pieces: NDArray[np.int64]) -> Array:
        """What each piece means as a text of its own; shape (pieces, width)."""
        around = np.full_like(pieces, _FIRST), pieces, np.full_like(pieces, _LAST)
        ids = np.stack(around, axis=1)
        embedded = self._weights["embeddings.word_embeddings.weight"][ids]
        embedded = embedded + self._weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        state = self._normed(
            "embeddings.LayerNorm", embedded + self._weights["embeddings.token_type_embeddings.weight"][0]
        )
        for layer in range(self._layers):
            state = self._layer(f"encoder.layer.{layer}", state)
        means: Array = state.mean(axis=1)
        return means

    def _layer(self, name: str, state: Array) -> Array:
        attended = self._dense(f"{name}.attention.output.dense", self._attention(f"{name}.attention.self", state))
        state = self._normed(f"{name}.attention.output.LayerNorm", state + attended)
        inner = self._dense(f"{name}.intermediate.dense", state)
        inner = (inner * (1 + erf(inner / np.float32(np.sqrt(2)))) / 2).astype(np.float32)  # GELU
        return self._normed(f"{name}.output.LayerNorm", state + self._dense(f"{name}.output.dense", inner))

    def _attention(self, name: str, state: Array) -> Array:
        batch, length, width = state.shape
        query, key, value = (
            self._dense(f"{name}.{part}", state).reshape(batch, length, self._heads, -1).transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(width / self._heads))
        attended: Array = softmax(scores, axis=-1) @ value
        return attended.transpose(0, 2, 1, 3).reshape(batch, length, width)

    def _dense(self, name: str, state: Array) -> Array:
        weight = self._weights[f"{name}.weight"]
        # In two dimensions it is one product instead of one for each text, and ten times as fast.
        made: Array = (state.reshape(-1, state.shape[-1]) @ weight.T).reshape(*state.shape[:-1], -1)
        return made + self._weights[f"{name}.bias"]

    def _normed(self, name: str, state: Array) -> Array:
        spread = (state - state.mean(axis=-1, keepdims=True)) / np.sqrt(state.var(axis=-1, keepdims=True) + 1e-12)
        normed: Array = spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return normed


def tensors(path: Path) -> dict[str, Array]:
    """The float32 tensors of a safetensors file: the length of a header, the header as JSON, the numbers."""
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:start])
    return {
        name: np.frombuffer(raw[start + said["data_offsets"][0] : start + said["data_offsets"][1]], "<f4").reshape(
            said["shape"]
        )
        for name, said in header.items()
        if name != "__metadata__" and said["dtype"] == "F32"
    }
