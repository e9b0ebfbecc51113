"""The experiments on collapse, run policy by policy; what is done is kept, so that a run that was killed goes on."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import polars as pl
from threadpoolctl import threadpool_limits

from outcross.errors import InputError, OutcrossError
from outcross.mixture.collapse.policies import EXTRAS, POLICIES
from outcross.mixture.collapse.result import Result
from outcross.tasks.results import mixture_code, named, whole

EXPERIMENTS = {
    "gaussian": "outcross.mixture.collapse.gaussian:run",
    "components": "outcross.mixture.collapse.components:run",
    "zipf": "outcross.mixture.collapse.zipf:run",
    "language": "outcross.mixture.collapse.language:run",
    "digits": "outcross.mixture.collapse.digits:run",
    "transformer": "outcross.mixture.collapse.transformer:run",
}
"""Where each part is: a function `run(policy, *, seed, quick)` that gives a `Result`."""

USUAL = ("gaussian", "components", "zipf", "language", "digits")
"""Parts that run when none is named; the transformer takes long without a graphics card."""

READING = ("language", "transformer")
"""Parts that are handed people's texts as well."""


@dataclass(frozen=True)
class Settings:
    """What a run is to do."""

    parts: tuple[str, ...] = USUAL
    policies: tuple[str, ...] = ()
    """All where none is named, and those that one part alone has."""
    quick: bool = False
    """The small version of each part."""
    seed: int = 0
    text: Path | None = None
    """The text of the parts that read: a file, or a folder of documentation; what the machine has where None."""

    def __post_init__(self) -> None:
        """Refuse what isn't known.

        Raises:
            InputError: names what there is.
        """
        _known("part", self.parts, EXPERIMENTS)
        _known("policy", self.policies, POLICIES)
        if self.text is not None and not self.text.exists():
            raise InputError(f"{self.text} isn't there. Give a text file, or a folder of Sphinx's sources.")

    def under(self, part: str) -> tuple[str, ...]:
        """The policies that a part is run under."""
        return self.policies or (*POLICIES, *EXTRAS.get(part, {}))


@dataclass(frozen=True)
class Absent:
    """A part that can't be run here."""

    reason: str
    """Why, in a sentence, with what would help."""


def settle(home: Path, settings: Settings, part: str, policy: str) -> Absent | None:
    """Run one part under one policy, unless that is done; says so where this machine can't.

    Args:
        home: the folder of the stores.
        settings: of the whole run.
        part: a key of `EXPERIMENTS`.
        policy: one of `settings.under(part)`.
    """
    try:
        place = _folder(home, settings, part) / policy
        if not place.exists():
            _keep(_run(settings, part, policy), place)
    except ModuleNotFoundError as error:
        module = error.name or "a module"
        if module.startswith("outcross"):
            return Absent("This part isn’t in this installation.")
        return Absent(f"This part needs {module}, which isn’t installed: pip install 'outcross[proxy]'.")
    except OutcrossError as error:
        return Absent(str(error))
    return None


def found(home: Path, settings: Settings, part: str) -> Result | None:
    """What is known of a part, all its policies together; None where nothing is."""
    try:
        folder = _folder(home, settings, part)
    except (ModuleNotFoundError, OutcrossError):
        return None
    done = [_read(part, folder / policy) for policy in settings.under(part) if (folder / policy).exists()]
    return Result.together(done) if done else None


def read_text(settings: Settings) -> str:
    """What the parts that read are handed, in words; nothing where none of them is asked for or it can't be had."""
    if not set(settings.parts) & set(READING):
        return ""
    try:
        corpus = _corpus(settings.text)
    except (ModuleNotFoundError, OutcrossError):
        return ""
    return f"{corpus.name}, {corpus.texts.height:,} paragraphs"


@cache
def _corpus(text: Path | None) -> Any:  # noqa: ANN401  # a Corpus, of a module that other parts do without
    prose = import_module("outcross.data.corpora.prose")
    if text is not None:
        return prose.documentation(text) if text.is_dir() else prose.file(text)
    try:
        return prose.documentation()
    except InputError:
        return prose.docstrings()


def _known(what: str, names: Sequence[str], all_names: Sequence[str] | dict[str, str]) -> None:
    for name in names:
        if name not in all_names:
            raise InputError(f"there is no {what} {name!r}. Choose from: {', '.join(all_names)}.")


def _run(settings: Settings, part: str, policy: str) -> Result:
    module, _, function = EXPERIMENTS[part].partition(":")
    run = cast("Callable[..., Result]", getattr(import_module(module), function))
    more: dict[str, Any] = {"texts": _corpus(settings.text).texts} if part in READING else {}
    # Small matrices are many times slower where several threads share each, and one thread adds in one order.
    with threadpool_limits(1, user_api="blas"):
        return run(policy, seed=settings.seed, quick=settings.quick, **more)


def _folder(home: Path, settings: Settings, part: str) -> Path:
    """Where results of a part are: another place for other settings, texts or code."""
    said: dict[str, Any] = {"seed": settings.seed, "quick": settings.quick, "code": mixture_code()}
    if part in READING:
        corpus = _corpus(settings.text)
        said |= {"corpus": corpus.name, "rows": corpus.texts.height, "texts": int(corpus.texts.hash_rows().sum())}
    return home / "collapse" / f"{part}-{named(said)}"


def _keep(result: Result, place: Path) -> None:
    """Write a result whole or not at all."""
    with whole(place) as folder:
        folder.mkdir()
        result.curves.write_parquet(folder / "curves.parquet")
        result.survived.write_parquet(folder / "survived.parquet")
        if result.pictures is not None:
            result.pictures.write_parquet(folder / "pictures.parquet")
        (folder / "said.json").write_text(json.dumps(dict(result.said)), encoding="utf-8")


def _read(part: str, place: Path) -> Result:
    pictures = place / "pictures.parquet"
    return Result(
        experiment=part,
        curves=pl.read_parquet(place / "curves.parquet"),
        survived=pl.read_parquet(place / "survived.parquet"),
        pictures=pl.read_parquet(pictures) if pictures.exists() else None,
        said=json.loads((place / "said.json").read_text(encoding="utf-8")),
    )
