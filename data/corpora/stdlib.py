"""Python's own standard library as a corpus: functions, and the docstrings that experts wrote for them."""

import ast
import inspect
import sysconfig
import textwrap
from collections.abc import Iterator
from pathlib import Path

from outcross.data.corpora.candidates import Candidate, Refusal

LEFT_OUT = {"site-packages", "dist-packages", "test", "tests", "idle_test", "lib2to3", "__pycache__", "turtledemo"}
"""Folders that are not the library, or whose docstrings are test data."""

INSTRUCTION = "Write the docstring of this Python function."
LINES = range(3, 61)
"""Lines that a function may have, its docstring aside: shorter ones say nothing, longer ones fit no small model."""


def read() -> Iterator[Candidate | Refusal]:
    """Every function of the library of the running Python, by file and line.

    One with a docstring is an instruction sample: its source without the docstring, then the docstring.
    One without is a target. The document is the file, the stratum the top-level module.
    """
    root = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root)
        if LEFT_OUT.isdisjoint(name.parts) and not name.parts[0].startswith("config-"):
            yield from _functions(path, name)


def _functions(path: Path, name: Path) -> Iterator[Candidate | Refusal]:
    file = f"Lib/{name.as_posix()}"
    try:
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
    except (SyntaxError, UnicodeDecodeError) as error:
        yield Refusal(file, 1, f"isn't Python source in UTF-8: {error}", "")
        return
    # Not `splitlines`, which ends a line at a form feed too, and so counts lines that Python doesn't.
    lines = source.split("\n")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False)
            code = _code(node, lines, documented=docstring is not None)
            if code is None:
                continue
            content = {"kind": "text", "text": code}
            if docstring is not None:
                content = {
                    "kind": "instruction",
                    "instruction": INSTRUCTION,
                    "context": code,
                    "response": inspect.cleandoc(docstring),
                }
            stratum = name.parts[0].removesuffix(".py")
            yield Candidate(file, node.lineno, file, stratum, content, target=docstring is None)


def _code(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str], *, documented: bool) -> str | None:
    """The function's source without its docstring; None where too little or too much is left, or they share a line."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
    kept = lines[first : node.end_lineno]
    if documented:
        text, *rest = node.body
        if not rest or text.lineno == node.lineno or rest[0].lineno == text.end_lineno or text.end_lineno is None:
            return None
        kept = lines[first : text.lineno - 1] + lines[text.end_lineno : node.end_lineno]
    code = textwrap.dedent("\n".join(kept)).strip("\n")
    return code if code.count("\n") + 1 in LINES else None
