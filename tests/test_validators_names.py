"""What a docstring mentions, and whether its function has it."""

import pytest

from outcross.validators.checks.mentions import mentions
from outcross.validators.checks.names import Names
from outcross.validators.references import References
from outcross.validators.signals import run
from tests.validating import frame


def judge(docstring: str, context: str):
    """Score and reason of one docstring."""
    (said,) = run(Names(), frame({"context": context, "response": docstring}), References()).rows(named=True)
    return said["score"], said["reason"] or said["failure"] or ""


GOOGLE = """Move.

    Args:
        x (int): the x
          speed: not an entry
        *rest: more

    Returns:
        z: it

    Raises:
        KeyError: y
    """
NUMPY = """Move.

Parameters
----------
x : int
    the x
*rest
    more

Returns
-------
z : it

Raises
------
KeyError
"""
REST = ":param int x: the x\n:type x: int\n:param \\*rest: more\n:returns: z\n:raises lib.KeyError: y"
BULLETS = "Move.\n\n**Parameters:**\n- `x` (int): the x\n- *rest*: more\n\n**Raises:**\n- `KeyError`: y"
FLAT = "Move.\nArgs:\nx: the x\nrest - more\n\nNote: a note.\nRaises:\nKeyError: y"


@pytest.mark.parametrize("docstring", [GOOGLE, NUMPY, REST, BULLETS, FLAT])
def test_mentions_are_found_in_every_style(docstring):
    found = mentions(docstring)
    assert (found.documented, found.exceptions) == ({"x", "rest"}, {"KeyError"})


@pytest.mark.parametrize(
    ("docstring", "quoted"),
    [
        ("The ``mode`` parameter decides.", {"mode"}),
        ("Set by the keyword argument *mode*.", {"mode"}),
        ("If the `mode`\n    argument is given, use parameter 'other'.", {"mode", "other"}),
        ("Return `mode` of the file. It takes arguments.", set()),
        ("Don't pass this argument in.", set()),
    ],
)
def test_names_in_prose_count_next_to_a_word_for_parameters(docstring, quoted):
    assert mentions(docstring).quoted == quoted


FUNCTION = """
    @property
    async def move(self, x, /, y=1, *rest, z: int, **options):
        if not isinstance(x, lib.Point):
            raise lib.OddError("\\d")
        try:
            return self.speed * other(x, depth=y)
        except TimeoutError:
            raise
"""
PLAIN = "def area(width, height):\n    return width * height\n"


@pytest.mark.parametrize(
    "docstring",
    [
        ":param x: a\n:param y: b\n:param rest: c\n:param z: d\n:param options: e\n:param self: f",
        "Raises OddError if x is odd, and TimeoutError in time.",
        "Pass the `depth` argument on. The `speed` parameter is the object's own.",
        "Says nothing of names.",
    ],
)
def test_mentions_of_what_the_function_has_are_right(docstring):
    assert judge(docstring, context=FUNCTION) == (1, "")


@pytest.mark.parametrize(
    ("docstring", "context", "score", "reason"),
    [
        (":param foo: a", PLAIN, 0, "mentions parameter `foo`, which the function doesn't have"),
        (":param width: a\n:param foo: a", PLAIN, 0.5, "mentions parameter `foo`, which the function doesn't have"),
        ("The `foo` argument.", PLAIN, 0, "mentions parameter `foo`, which the function doesn't have"),
        (":param foo: a", FUNCTION, 0.5, "mentions parameter `foo`, which the function doesn't have"),
        ("Raises AreaError.", PLAIN, 0, "mentions exception `AreaError`, which the function doesn't name"),
        ("A ValueError is raised.", PLAIN, 0.5, "mentions exception `ValueError`, which the function doesn't name"),
        ("Raises StopIteration.", PLAIN, 0.5, "mentions exception `StopIteration`, which the function doesn't name"),
    ],
)
def test_made_up_names_are_listed(docstring, context, score, reason):
    assert judge(docstring, context=context) == (score, reason)


def test_a_long_list_of_made_up_names_is_cut_short():
    _, reason = judge("\n".join(f":param foo{i}: a" for i in range(9)), context=PLAIN)
    assert reason.endswith("; and 4 more")


@pytest.mark.parametrize(
    ("context", "why"),
    [
        ("def area(", "doesn't parse as Python"),
        ("x = 1", "holds no function"),
        ("def f(): return " + "(" * 9_000 + ")" * 9_000, "doesn't parse as Python"),
        ("def f(): return " + "-" * 90_000 + "1", "doesn't parse as Python"),
    ],
)
def test_names_are_not_judged_against_what_is_no_function(context, why):
    score, failure = judge(":param foo: a", context=context)
    assert score is None
    assert failure.startswith("NotJudged: the context")
    assert why in failure
    assert judge("Says nothing of names.", context=context) == (1, "")


def test_the_source_is_never_run(tmp_path):
    target = tmp_path / "ran"
    judge(":param x: a", context=f"open({str(target)!r}, 'w')\ndef f(x=open({str(target)!r}, 'w')): ...")
    assert not target.exists()
