"""The tool `calculate`: exact arithmetic."""

import re
from collections.abc import Iterator

from pydantic import Field

from outcross.data.samples import Record
from outcross.tasks.drafting.tools.amounts import written
from outcross.tasks.drafting.tools.tool import Tool
from outcross.validators.checks.arithmetic import evaluate

_TOKEN = re.compile(r"\s*(?:(?P<sign>\*\*|[-+*/^()×·÷−])|(?P<number>[0-9][0-9,]*(?:\.[0-9]+)?%?|\.[0-9]+%?))\s*")
_SIGNS = {"**": "^", "×": "*", "·": "*", "÷": "/", "−": "-"}
_SHOWN = 60


class Sum(Record):
    """What is to be worked out."""

    expression: str = Field(description="numbers with + - * / ^ and parentheses, such as (12 + 3.5) * 4")


def _calculated(asked: Sum) -> str:
    try:
        return written(evaluate(list(_tokens(asked.expression))).exact)
    except ZeroDivisionError:
        raise ValueError(f"{asked.expression[:_SHOWN]} divides by zero") from None
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{asked.expression[:_SHOWN]!r} can't be worked out: {error}") from None


def _tokens(expression: str) -> Iterator[str]:
    place = 0
    while place < len(expression):
        found = _TOKEN.match(expression, place)
        if not found:
            raise ValueError(f"{expression[place : place + 10]!r} is neither a number nor one of + - * / ^ ( )")
        yield found["number"] or _SIGNS.get(found["sign"], found["sign"])
        place = found.end()


CALCULATE = Tool(name="calculate", about="Works out a sum exactly.", takes=Sum, run=_calculated)
