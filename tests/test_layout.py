"""The house: who may import whom, what a training job pulls in, and what stands nowhere in the tree."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ["mixture", "serving", "review", "agreement", "verifiers", "certificate"]
ROOMS = ["flows", "tasks", "validators", "data", *(f"outcross/{name}" for name in PACKAGES)]
MAY = {
    "flows": {"tasks", "data", "serving"},
    "tasks": {"validators", "verifiers", "certificate", "mixture", "serving", "data", "agreement"},
    "validators": {"data"},
    "verifiers": {"validators", "data"},
    "certificate": {"data", "agreement"},
    "data": {"agreement"},
    "mixture": {"data"},
    "serving": {"data"},
    "review": {"data", "agreement"},
    "agreement": set(),
}
SHARED = {"errors", "settings", "progress"}
"""Modules of no room, which every room may import."""

LIBRARIES = {"pydantic", "duckdb", "polars", "pyarrow", "numpy", "tomli_w"}


def files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Full names of the modules that a file imports, at any depth."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_downhill_only(room):
    own = Path(room).name
    allowed = MAY[own] | SHARED | {own}
    assert files(room), "the room is empty"
    for path in files(room):
        for name in imported(path):
            if name.startswith("outcross."):
                assert name.split(".")[1] in allowed, f"{path.relative_to(ROOT)} imports {name}"


PURE = {"pydantic", "numpy", "scipy", "sklearn"}


@pytest.mark.parametrize(
    ("room", "libraries"),
    [("data", LIBRARIES), ("outcross/agreement", {"numpy"}), ("outcross/certificate", PURE)],
)
def test_a_room_needs_only_its_libraries(room, libraries):
    known = libraries | {"outcross"} | sys.stdlib_module_names
    for path in files(room):
        foreign = {name.split(".")[0] for name in imported(path)} - known
        assert not foreign, f"{path.relative_to(ROOT)} imports {foreign}"


def test_validators_touch_neither_files_nor_clock_nor_network():
    barred = {"os", "pathlib", "time", "datetime", "socket", "random", "prefect", "duckdb", "subprocess"}
    for path in files("validators"):
        assert barred.isdisjoint(name.split(".")[0] for name in imported(path)), path


def test_a_training_job_pulls_in_neither_prefect_nor_fastapi_nor_great_expectations():
    code = (
        "import outcross, sys;"
        "print([m for m in ('prefect', 'fastapi', 'great_expectations', 'aiohttp', 'jinja2') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_flow_file_shadows_no_module_when_prefect_puts_its_folder_on_the_path():
    for path in files("flows"):
        assert importlib.util.find_spec(path.stem) is None, f"{path.stem} is importable without us"


def test_the_four_folders_are_linked_and_own_no_init():
    for room in ("flows", "tasks", "validators", "data"):
        assert (ROOT / "outcross" / room).readlink() == Path("..") / room
        assert not (ROOT / room / "__init__.py").exists()


def test_the_lock_names_versions_and_no_index():
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        requirement = line.partition(";")[0].strip()
        assert "==" in requirement, line
        assert "/" not in requirement, line
