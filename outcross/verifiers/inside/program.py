"""Program: runs a model's code and then its tests, behind the walls.

Reads one JSON object from standard input (`code`, `tests`, `entry`, `token`, `seconds`, `memory`, `file`) and writes
lines of JSON to the descriptor that its argument names: that the walls stand, and then how it went. The token goes back
with that, so that code which merely ends the process early says nothing.
"""

import json
import os
import runpy
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

_TESTS = "<tests>"
_LONGEST = 300


def main() -> None:
    """Read what to run, shut in, run it, and say how it went."""
    said = int(sys.argv[1])
    asked = json.loads(sys.stdin.buffer.read())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    walls = runpy.run_path(os.path.join(os.path.dirname(__file__), "confine.py"))  # noqa: PTH118, PTH120  # pathlib is slow to load
    try:
        walls["limit"](asked["seconds"], asked["memory"], asked["file"])
        walls["confine"](walls["rules"](walls["software"](), ["."]))
    except OSError as error:
        _say(said, unconfined=str(error))
        return
    _say(said, confined=True)
    reason = _first_failure(asked)
    _say(said, token=asked["token"], reason=reason[:_LONGEST])


def _first_failure(asked: Mapping[str, Any]) -> str:
    """What goes wrong first; empty where nothing does."""
    space: dict[str, Any] = {"__name__": "solution"}
    if wrong := _tried(lambda: exec(compile(asked["code"], "<code>", "exec"), space), asked, "the code"):  # noqa: S102
        return wrong
    entry = asked["entry"]
    if entry and not callable(space.get(entry)):
        return f"the code defines no function {entry}"
    if wrong := _tried(lambda: exec(compile(asked["tests"], _TESTS, "exec"), space), asked, "the tests"):  # noqa: S102
        return wrong
    if entry and callable(check := space.get("check")):
        return _tried(lambda: check(space[entry]), asked, "the tests")
    return ""


def _tried(step: Callable[[], object], asked: Mapping[str, Any], what: str) -> str:
    try:
        step()
    except BaseException as error:  # noqa: BLE001  # whatever a model's code raises is its result
        kind = type(error).__name__
        lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == _TESTS]
        if lines and lines[-1]:
            line = asked["tests"].splitlines()[lines[-1] - 1].strip()
            return f"line {lines[-1]} of the tests, {line[:150]!r}, raises {kind}: {_text(error)}".rstrip(": ")
        return f"{what} raise{'s' * (what == 'the code')} {kind}: {_text(error)}".rstrip(": ")
    return ""


def _text(error: BaseException) -> str:
    try:
        return str(error)[:100]
    except BaseException:  # noqa: BLE001  # an exception of the model's own may not even have a text
        return ""


def _say(where: int, **what: object) -> None:
    os.write(where, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main()
