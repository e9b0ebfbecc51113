"""The list of attacks in the docs: each has a test, and every test that it names is there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIST = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ATTACKS = 16


def rows() -> list[tuple[str, str, list[str]]]:
    """Each attack with what stops it and the tests."""
    cells = [line.strip("| ").split(" | ") for line in LIST.splitlines() if line.startswith("| ")]
    return [(attack, defence, re.findall(r"`([^`]+)`", tests)) for attack, defence, tests in cells[1:]]


def defined_in(file: str) -> set[str]:
    path = ROOT / "tests" / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_attack_has_a_defence_and_a_test() -> None:
    assert len(rows()) == ATTACKS
    assert len({attack for attack, _, _ in rows()}) == ATTACKS
    for attack, defence, tests in rows():
        assert defence.endswith("."), attack
        assert tests, attack


def test_every_test_that_the_list_names_is_there() -> None:
    named = {test for _, _, tests in rows() for test in tests}
    missing = {test for test in named if test.partition("::")[2] not in defined_in(test.partition("::")[0])}
    assert missing == set()
