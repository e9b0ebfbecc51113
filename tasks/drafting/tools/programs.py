"""The tool `python`: runs a program that a model wrote, shut in, and gives what it prints."""

from pydantic import Field

from outcross.data.samples import Record
from outcross.errors import InputError
from outcross.tasks.drafting.tools.tool import LONGEST, Tool
from outcross.verifiers import sandbox

_LIMITS = sandbox.Limits(seconds=2, clock=15, memory=256, files=4)


class Program(Record):
    """What is to be run."""

    code: str = Field(description="a program that prints what is wanted; only the standard library is there")


def _printed(asked: Program) -> str:
    try:
        printed, wrong = sandbox.printed(asked.code, 4 * LONGEST, _LIMITS)
    except sandbox.SandboxFailed as error:
        raise InputError(f"the tool python can't be used here: {error}. Take it out of [draft] `tools`.") from error
    return "\n".join(filter(None, (printed.strip(), wrong and f"error: {wrong}"))) or "it prints nothing"


PYTHON = Tool(name="python", about="Runs a Python program.", takes=Program, run=_printed)
