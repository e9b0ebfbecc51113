"""Weights that vLLM can load: a folder of them, a name that it knows, or the built-in model's, unpacked once a home."""

import contextlib
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from outcross.data.stores.home import Home
from outcross.errors import InputError, ModelMissing
from outcross.serving.servers import embedded, unpack

BUILT_IN = "SmolLM2-135M-Instruct"
ENDINGS = {".safetensors", ".bin", ".pt", ".gguf"}


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What vLLM is told to load, and under which name it serves that."""

    source: str
    """A folder, or a name that vLLM finds by itself."""
    name: str
    digest: str | None = None
    """See `folder_digest`; None where vLLM finds them by itself."""
    unpacked_from: str | None = None
    """SHA-256 of the file of which these are another form."""


def named(model: str) -> Weights:
    """The weights in a folder, or else those that vLLM knows by that name.

    Raises:
        InputError: the folder holds none.
    """
    folder = Path(model)
    if not folder.is_dir():
        return Weights(source=model, name=model)
    return Weights(source=str(folder.resolve()), name=folder.resolve().name, digest=folder_digest(folder))


def built_in(home: Home, python: Path) -> Weights:
    """The embedded model's weights in the form that vLLM loads; unpacked once, by vLLM's own libraries.

    Args:
        home: where they are kept, about 270 MB.
        python: an interpreter that has vLLM.

    Raises:
        ModelMissing: the embedded model's weights aren't installed, or couldn't be unpacked.
    """
    file = embedded.weights()
    packed = embedded.weights_digest(file)
    folder = home.root / "weights" / packed[:16]
    if not folder.is_dir():
        _unpack(python, file, folder)
    return Weights(source=str(folder.resolve()), name=BUILT_IN, digest=folder_digest(folder), unpacked_from=packed)


def folder_digest(folder: Path) -> str:
    """One SHA-256 for all weight files of a folder, whatever else lies there.

    It is what `LC_ALL=C sha256sum *.safetensors | sha256sum` prints there, with the other `ENDINGS` too.

    Raises:
        InputError: the folder holds no weights.
    """
    files = sorted(path for path in folder.iterdir() if path.suffix in ENDINGS)
    if not files:
        raise InputError(
            f"{folder} holds no weights: no file in it ends in {', '.join(sorted(ENDINGS))}. Give the folder that "
            "holds the model's files."
        )
    lines = "".join(f"{_file_digest(path)}  {path.name}\n" for path in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unpack(python: Path, file: Path, folder: Path) -> None:
    """Write the folder whole, or not at all; who comes second to the same keeps what the first has made."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}")
    quiet = {"HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1", "PYTHONSAFEPATH": "1"}
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(python), unpack.__file__, str(file), str(fresh)]
    try:
        done = subprocess.run(  # noqa: S603  # our own script
            command, env=inherited | quiet, capture_output=True, text=True, errors="replace", check=False
        )
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ModelMissing(f"{file.name} couldn't be unpacked for vLLM ({said[:500]}). Name another MODEL.")
        with contextlib.suppress(FileExistsError, OSError):
            fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
