"""All tools, by the name that a recipe's `[draft] tools` has."""

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from outcross.tasks.drafting.tools.calculate import CALCULATE
from outcross.tasks.drafting.tools.convert import CONVERT
from outcross.tasks.drafting.tools.dates import CALENDAR
from outcross.tasks.drafting.tools.programs import PYTHON
from outcross.tasks.drafting.tools.tool import Tool

TOOLS: Mapping[str, Tool[Any]] = {tool.name: tool for tool in (CALCULATE, CONVERT, CALENDAR, PYTHON)}

_HANDS = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="tool")
"""So many programs run at once as there are processors; they hold up nothing else that waits for a thread."""


async def use(tool: str, arguments: str) -> str:
    """What comes of a call; see `Tool.use`.

    Raises:
        InputError: the tool can't be used on this machine.
    """
    return await asyncio.get_running_loop().run_in_executor(_HANDS, TOOLS[tool].use, arguments)
