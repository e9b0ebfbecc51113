"""The ceiling: as many workers as may ask at once, on one aiohttp session, that keep the texts and do nothing else.

With `--logprobs` they ask for log-probabilities and read them, as Outcross does, which makes answers ten times as long.
"""

import asyncio
import json
import sys

import aiohttp
from marks import MAX_TOKENS, MODEL, Work, measured, work


async def ask(asked: Work, prompts: list[str], more: dict[str, object]) -> list[str]:
    """The answers, in the order in which they came."""
    line, texts = iter(prompts), []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=asked.limit)) as session:

        async def worker() -> None:
            for prompt in line:
                said = {"model": MODEL, "messages": [{"role": "user", "content": prompt}], "max_tokens": MAX_TOKENS}
                async with session.post(f"{asked.base_url}/chat/completions", json=said | more) as response:
                    texts.append(json.loads(await response.read())["choices"][0]["message"]["content"])

        await asyncio.gather(*(worker() for _ in range(asked.limit)))
    return texts


def main() -> None:
    asked = work()
    prompts = asked.prompts()
    more: dict[str, object] = {"logprobs": True, "top_logprobs": 1} if "--logprobs" in sys.argv else {}
    with measured() as held:
        held.answers = len(asyncio.run(ask(asked, prompts, more)))


if __name__ == "__main__":
    main()
