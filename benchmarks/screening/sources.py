"""English text that any machine has: documentation, manual pages, docstrings, and what packages say of themselves."""

import ast
import gzip
import re
import subprocess
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

DOCUMENTS = Path("/usr/share/doc")
MANUAL = Path("/usr/share/man")

LEAST, MOST = 500, 1_200
"""Characters that a chunk of a longer text has at least, unless the text ends, and about at most."""

_DOCUMENT = re.compile(r"README.*|NEWS.*|.+\.(txt|rst|md)(\.gz)?")
_TESTS = {"test", "tests", "testing", "idle_test"}
_BLANK = re.compile(r"\n\s*\n")
_ROFF = (
    (re.compile(r"^\.(SH|SS|TH|Dd|Dt|Os|Sh|Ss|\\\").*$", re.M), "\n"),  # headings and remarks
    (re.compile(r"^\.(PP|P|LP|TP|IP|HP|RS|RE|sp|Pp|br|nf|fi|Bl|El|It)\b.*$", re.M), "\n"),  # breaks
    (re.compile(r"^[.'][A-Za-z]\w*[ \t]*", re.M), ""),  # other requests, whose arguments are text
    (re.compile(r"\\f(\[\w*\]|\(..|.)|\\s[-+]?\d|\\[&|^/,%:]|\\c$", re.M), ""),
    (re.compile(r"\\-"), "-"),
    (re.compile(r"\\\((?:aq|cq|oq)"), "'"),
    (re.compile(r"\\\((?:lq|rq|dq)"), '"'),
    (re.compile(r"\\\((?:..)|\\\*\[.*?\]|\\\*\(.."), ""),
    (re.compile(r"\\(e|\\)"), r"\\"),
    (re.compile(r"\\ "), " "),
)


def chunks() -> Iterator[tuple[str, str]]:
    """Source and text of every chunk, in an order that depends on nothing but the files; texts may repeat."""
    for source, texts in (
        ("docstring", _docstrings()),
        ("documentation", _documents()),
        ("manual", _manual()),
        ("summary", _packages()),
    ):
        yield from ((source, text) for text in texts)


def _docstrings() -> Iterator[str]:
    """Docstrings of the standard library and of the packages installed for this Python."""
    paths = sysconfig.get_paths()
    for root in (Path(paths["stdlib"]), Path(paths["purelib"])):
        for path in sorted(root.rglob("*.py")):
            if _TESTS.isdisjoint(inside := path.relative_to(root).parts) and "site-packages" not in inside:
                yield from _of_module(path)


def _of_module(path: Path) -> Iterator[str]:
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError, OSError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _chunked(ast.get_docstring(node) or "")


def _documents() -> Iterator[str]:
    """Plain-text documentation of Debian's packages and of Python's."""
    for root in (DOCUMENTS, Path(sysconfig.get_paths()["purelib"])):
        for path in sorted(root.rglob("*")):
            if _DOCUMENT.fullmatch(path.name) and not path.is_symlink():
                yield from _chunked(_read(path))


def _manual() -> Iterator[str]:
    """Manual pages in English, without most of their markup."""
    for path in sorted(MANUAL.glob("man*/*")):
        if not path.is_symlink():
            text = _read(path)
            for pattern, put in _ROFF:
                text = pattern.sub(put, text)
            yield from _chunked(text)


def _packages() -> Iterator[str]:
    """What Debian's package lists and the packages of this Python say of each package."""
    try:
        command = ["apt-cache", "dumpavail"]
        listed = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace").stdout
    except FileNotFoundError:
        listed = ""
    for entry in re.finditer(r"^Package: (\S+)$.*?^Description(?:-en)?: (.*?)$(?=\n\S|\n\n)", listed, re.M | re.S):
        yield f"{entry[1]}: {entry[2]}"
    for path in sorted(Path(sysconfig.get_paths()["purelib"]).glob("*.dist-info/METADATA")):
        head, _, body = _read(path).partition("\n\n")
        yield from re.findall(r"^Summary: (.+)$", head, re.M)
        yield from _chunked(body)


def _read(path: Path) -> str:
    """A file's text, empty where it can't be read as text in UTF-8."""
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    except (OSError, ValueError, EOFError):
        return ""


def _chunked(text: str) -> Iterator[str]:
    """Whole paragraphs, as many together as make a chunk."""
    held = ""
    for block in _blocks(text):
        if held and (len(held) >= LEAST or len(held) + len(block) > MOST):
            yield held
            held = ""
        held = f"{held}\n\n{block}" if held else block
    if held:
        yield held


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs, and those that are too long in parts of whole lines; lines that are too long are left out."""
    for block in _BLANK.split(text):
        part = ""
        for line in block.strip("\n").rstrip().split("\n"):
            if part and len(part) + len(line) > MOST:
                yield part
                part = ""
            if len(line) <= MOST:
                part = f"{part}\n{line}" if part else line
        if part:
            yield part
