"""Names: whether the parameters and exceptions that a docstring mentions exist in the function."""

import ast
import textwrap
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.validators.checks.mentions import BUILTIN, MAY_MENTION, mentions
from outcross.validators.references import References
from outcross.validators.rule import Rule

_NAMED = 5
_BOUND = frozenset({"self", "cls"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, kw_only=True)
class Names:
    """1 less the share of mentioned parameters and exceptions that the function in `context` doesn't have.

    An entry in a parameter section must be one of the function's parameters; a name quoted in prose may also
    be any other name in its source. An exception must be named there. What can't be known counts half: a
    parameter of a function that takes `**kwargs`, and a built-in exception, which something called may raise.

    The source is parsed and never run. Where the docstring mentions a name and the source doesn't parse as
    Python with a function in it, the sample isn't judged: its score is null.
    """

    name: ClassVar[str] = "names"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.3, accept_from=0.8)

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Compare `response`, a docstring, with `context`, its function."""
        with warnings.catch_warnings():
            for category in (SyntaxWarning, DeprecationWarning):  # of the function's own string escapes
                warnings.simplefilter("ignore", category)
            rows = samples.select("response", "context", pl.col("response").str.contains(MAY_MENTION).alias("may"))
            found = [_judge(said, source) if may else (1.0, "") for said, source, may in rows.iter_rows()]
        scores, reasons = zip(*found, strict=True) if found else ((), ())
        return samples.select(
            "sample_id", pl.Series("score", scores, pl.Float64), pl.Series("reason", reasons, pl.String)
        )


@dataclass(frozen=True)
class _Function:
    parameters: frozenset[str]
    takes_keywords: bool
    names: frozenset[str]
    """Every name in the source: parameters, variables, attributes, keywords of calls, raised exceptions."""


def _judge(docstring: str, source: str) -> tuple[float | None, str]:
    said = mentions(docstring)
    total = len(said.documented) + len(said.quoted) + len(said.exceptions)
    if not total:
        return 1.0, ""
    try:
        function = _function(source)
    # A parser's answer to hostile nesting is any of these.
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return None, f"the context doesn't parse as Python: {str(error) or type(error).__name__}"
    if function is None:
        return None, "the context holds no function"
    kwargs = 0.5 if function.takes_keywords else 1.0
    wrong = {
        **{("parameter", name): kwargs for name in said.documented - function.parameters},
        **{("parameter", name): kwargs for name in said.quoted - function.names},
        **{("exception", name): 0.5 if name in BUILTIN else 1.0 for name in said.exceptions - function.names},
    }
    return 1 - sum(wrong.values()) / total, _reason(wrong)


def _reason(wrong: Iterable[tuple[str, str]]) -> str:
    lacks = {"parameter": "which the function doesn't have", "exception": "which the function doesn't name"}
    listed = [f"mentions {kind} `{name[:80]}`, {lacks[kind]}" for kind, name in sorted(wrong)]
    more = [f"and {len(listed) - _NAMED} more"] if len(listed) > _NAMED else []
    return "; ".join([*listed[:_NAMED], *more])


def _function(source: str) -> _Function | None:
    """The outermost function of a source text, which may be indented as a method is."""
    tree = ast.parse(textwrap.dedent(source))
    first = next((node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)), None)
    if first is None:
        return None
    taken = first.args
    listed = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs, *filter(None, [taken.vararg, taken.kwarg])]
    parameters = _BOUND.union(argument.arg for argument in listed)
    return _Function(parameters, taken.kwarg is not None, parameters.union(_names(tree)))


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.keyword(arg=str(name)) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
