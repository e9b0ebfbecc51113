"""curator: a prompt a row, written to its files; its limits a minute raised, which are 200 requests otherwise.

It counts tokens by a table that tiktoken downloads; here words take its place, which costs less.
"""

import sys

import tiktoken
from marks import MAX_TOKENS, MODEL, measured, work

ENOUGH = 10**9
"""Requests and tokens a minute."""


class Words:
    """What stands for tiktoken's encoding."""

    def encode(self, text: str, **_: object) -> list[str]:
        return text.split()


tiktoken.get_encoding = lambda _: Words()

from bespokelabs import curator  # noqa: E402  # after the words are in place


class Drafts(curator.LLM):
    """A prompt as it is given, and its answer as it comes."""

    def prompt(self, row: dict[str, str]) -> str:
        return row["prompt"]

    def parse(self, _: dict[str, str], response: str) -> dict[str, str]:
        return {"answer": response}


def main() -> None:
    asked = work()
    limits = {"max_requests_per_minute": ENOUGH, "max_tokens_per_minute": ENOUGH}
    rows = [{"prompt": prompt} for prompt in asked.prompts()]
    server = {"base_url": asked.base_url, "api_key": "none", "max_concurrent_requests": asked.limit}
    drafts = Drafts(
        model_name=MODEL,
        backend="openai",
        backend_params=server | limits,
        generation_params={"max_tokens": MAX_TOKENS},
    )
    with measured() as held:
        held.answers = len(drafts(rows, working_dir=sys.argv[4]).dataset)


if __name__ == "__main__":
    main()
