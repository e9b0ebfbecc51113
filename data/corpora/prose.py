"""Text that people wrote and that the machine has: paragraphs with the documents and strata that they stand in."""

import ast
import re
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from pydoc_data.topics import topics

import polars as pl

from outcross.data.corpora.stdlib import LEFT_OUT
from outcross.errors import InputError

DOCUMENTATION = Path("/usr/share/doc")
SOURCES = "python3.*/html/_sources"
"""Where Debian's packages python3.*-doc have the sources of Python's documentation."""

LEAST = 3
"""Words of the shortest paragraph: what is shorter is a heading or what markup leaves behind."""

PARAGRAPHS = 20
"""Paragraphs that make a document of a text that doesn't say where its documents begin."""

TEXTS = pl.Schema({"document": pl.String, "stratum": pl.String, "text": pl.String})

ATTESTATION = "Written by Python's developers, who sign the foundation's contributor agreement."

# Directives whose body is prose; the body of any other is a list of names, a table or a signature.
_PROSE = re.compile(
    r"\s*\.\. (?:note|warning|seealso|tip|hint|important|caution|impl-detail|audit-event|"
    r"version(?:added|changed)|deprecated(?:-removed)?)::"
)
_DIRECTIVE = re.compile(r"\s*(?:\.\. |\.\.$|:[\w-]+:(?:\s|$))")
_BLANK = re.compile(r"\n\s*\n")
_TITLE = re.compile(r"\s*= (?!=)(.+?)(?<!=) =\s*")
_HEADING = re.compile(r"\s*=.*=\s*")

_Row = tuple[str, str, str]


@dataclass(frozen=True, eq=False)
class Corpus:
    """Paragraphs that people wrote."""

    name: str
    licence: str
    attestation: str
    """Who says that people wrote it."""
    texts: pl.DataFrame
    """`document`, `stratum`, `text`; one line a paragraph, in the order of reading."""


def documentation(root: Path | None = None) -> Corpus:
    """The sources of Python's documentation: the document is the file, the stratum its top-level folder.

    Args:
        root: a folder with `*.rst.txt` files; the newest that Debian's packages installed where None.

    Raises:
        InputError: there is none.
    """
    if root is None:
        root = _installed()
    paths = sorted(root.rglob("*.rst.txt"))
    if not paths:
        raise InputError(f"{root} has no file that ends in .rst.txt. Give the folder `_sources` of Sphinx's pages.")
    return Corpus("Python's documentation", "PSF-2.0", ATTESTATION, _frame(_pages(root, paths)))


def docstrings() -> Corpus:
    """The standard library's docstrings and the help's topics, which every Python has.

    The document is the module or the topic; the stratum is the top-level package, or `topics`.
    """
    return Corpus("the docstrings of Python's library", "PSF-2.0", ATTESTATION, _frame(_modules()))


def file(path: Path) -> Corpus:
    """A plain text in UTF-8, all of one stratum.

    Where lines like ` = Title = ` part it, as in WikiText, these are the documents, and each line is a paragraph;
    otherwise blank lines part paragraphs, and each twenty of them are a document.

    Raises:
        InputError: it can't be read, or has no paragraph.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} isn't UTF-8 from byte {error.start + 1} on. Convert it first with iconv.") from None
    texts = _frame(_articles(path.name, text))
    if texts.is_empty():
        raise InputError(f"{path} has no paragraph of {LEAST} words or more.")
    return Corpus(path.name, "as its owner says", "as its owner says", texts)


def held_out(texts: pl.DataFrame, share: float = 0.2) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part whole documents, by the digest of their names: the rest, and those that hold about `share` of the texts.

    Which documents are held out depends on no seed and on no order. There is at least one, and one is left.

    Raises:
        InputError: there are fewer than two documents.
    """
    sizes = texts.group_by("document").len()
    if sizes.height < 2:
        raise InputError("All the text is one document: nothing can be held out. Give a text of several.")
    digests = [sha256(name.encode()).hexdigest() for name in sizes["document"]]
    order = sizes.with_columns(digest=pl.Series(digests, dtype=pl.String)).sort("digest", "document")
    before = order["len"].cum_sum().shift(1, fill_value=0) < share * texts.height
    held = order.filter(before & (pl.int_range(order.height, eager=True) < order.height - 1))["document"]
    out = pl.col("document").is_in(held.implode())
    return texts.filter(~out), texts.filter(out)


def paragraphs(source: str) -> Iterator[str]:
    """The paragraphs of reStructuredText: without directives, fields, rules and short remains, on one line each."""
    for block in _BLANK.split(source):
        lines = block.split("\n")
        if _PROSE.match(block):
            lines = lines[1:]
        elif _DIRECTIVE.match(block):
            continue
        kept = " ".join(line for line in lines if any(map(str.isalnum, line)) and not _DIRECTIVE.match(line))
        if len(kept.split()) >= LEAST:
            yield " ".join(kept.split())


def _installed() -> Path:
    # The folders of other packages of the same Python are links to one.
    found = {path.resolve() for path in DOCUMENTATION.glob(SOURCES)}
    numbers = {path: int(number) for path in found for number in re.findall(r"/python3\.(\d+)", str(path))[:1]}
    if not numbers:
        raise InputError("The sources of Python's documentation aren't here. On Debian: apt-get install python3-doc.")
    return max(numbers, key=lambda path: numbers[path])


def _frame(rows: Iterable[_Row]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=TEXTS, orient="row")


def _pages(root: Path, paths: Iterable[Path]) -> Iterator[_Row]:
    for path in paths:
        name = path.relative_to(root)
        stratum = name.parts[0] if len(name.parts) > 1 else "front"
        for text in paragraphs(path.read_text(encoding="utf-8", errors="replace")):
            yield name.as_posix(), stratum, text


def _modules() -> Iterator[_Row]:
    root = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root)
        if LEFT_OUT.isdisjoint(name.parts) and not name.parts[0].startswith("config-"):
            for text in _docstrings(path):
                yield f"Lib/{name.as_posix()}", name.parts[0].removesuffix(".py"), text
    for topic, source in sorted(topics.items()):
        for text in paragraphs(source):
            yield f"topics/{topic}", "topics", text


def _docstrings(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from paragraphs(ast.get_docstring(node) or "")


def _articles(name: str, text: str) -> Iterator[_Row]:
    lines = text.split("\n")
    if any(_TITLE.fullmatch(line) for line in lines):
        title = name
        for line in lines:
            if found := _TITLE.fullmatch(line):
                title = found[1]
            elif not _HEADING.fullmatch(line) and len(line.split()) >= LEAST:
                yield title, "all", " ".join(line.split())
        return
    blocks = (" ".join(block.split()) for block in _BLANK.split(text))
    kept = (block for block in blocks if block.count(" ") >= LEAST - 1)
    number = 0
    while some := list(islice(kept, PARAGRAPHS)):
        number += 1
        yield from ((f"{name}#{number}", "all", block) for block in some)
