"""Text that people wrote, quick to read: the docstrings of the library's single-file modules."""

import ast
import sysconfig
from functools import cache
from pathlib import Path

import polars as pl

from outcross.data.corpora.prose import paragraphs

NODES = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@cache
def docstrings() -> pl.DataFrame:
    """`document` (the module), `stratum` (a third of the alphabet), `text`; one row a paragraph, each text once."""
    rows = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8", errors="replace"))
        found = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, NODES)]
        stratum = next(f"to {last}" for last in "fpz" if path.name.lower()[0] <= last)
        rows += [(path.name, stratum, text) for one in found for text in paragraphs(one)]
    texts = pl.DataFrame(rows, schema=["document", "stratum", "text"], orient="row")
    return texts.unique("text", keep="first", maintain_order=True)
