"""Tokens a second that our client draws from a vLLM, beside those that vLLM's own benchmark client draws.

Both ask the same running server for the same number of answers of the same length, to prompts of the same make, with as
many requests in flight at most, by turns. No prompt is sent twice, so that nothing comes out of the server's cache.
Ours asks for log-probabilities, a seed a request, and whole answers. vLLM's client streams; it asks once for what ours
does, as far as it can (`same`: log-probabilities and one seed for all), and once as it is (`bare`).

    outcross serve --engine vllm             # in another shell, which then says what to export
    PYTHONPATH=. python benchmarks/vllm_throughput.py --requests 128 --tokens 32 --turns 5
"""

import argparse
import asyncio
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from outcross.data.stores.home import Home
from outcross.errors import OutcrossError
from outcross.serving.asking.client import Answer, Chat, Message, ask
from outcross.serving.endpoint import Endpoint, connect
from outcross.serving.servers import vllm
from outcross.serving.wires.completions import CHAT
from outcross.settings import from_environment

# Not the command `vllm bench serve`: in a build of another name, that one looks its version up and stops.
BENCH = """
import argparse
from vllm.benchmarks.serve import add_cli_args, main
parser = argparse.ArgumentParser()
add_cli_args(parser)
main(parser.parse_args())
"""
WORDS = "time year people way day man thing woman life child world school state family student group country".split()  # noqa: SIM905
IGNORE_EOS = {"ignore_eos": True}
SAME = {"logprobs": True, "top_logprobs": 1, "seed": 1, "temperature": 1.0, "top_p": 1.0}


@dataclass(frozen=True)
class Load:
    """What is asked of the server at each turn."""

    requests: int
    words: int
    tokens: int

    def prompts(self, turn: str) -> list[str]:
        chance = random.Random(turn)
        return [f"{turn} {n}: {' '.join(chance.choices(WORDS, k=self.words))}" for n in range(self.requests)]


def ours(endpoint: Endpoint, load: Load, turn: str) -> float:
    """Tokens a second of our client."""
    # Each answer is as long as it may be, as in vLLM's client.
    wire = replace(CHAT, body=lambda model, chat: CHAT.body(model, chat) | IGNORE_EOS)
    chats = [
        Chat(key=str(n), messages=(Message(role="user", content=text),), max_tokens=load.tokens, seed=n)
        for n, text in enumerate(load.prompts(turn))
    ]

    async def draw() -> int:
        outcomes = [outcome async for outcome in ask(endpoint, chats, wire)]
        return sum(outcome.tokens_out for outcome in outcomes if isinstance(outcome, Answer))

    began = time.monotonic()
    tokens = asyncio.run(draw())
    taken = time.monotonic() - began
    _require(tokens, load)
    return tokens / taken


def theirs(python: Path, endpoint: Endpoint, tokenizer: str, load: Load, turn: str, extra: dict[str, object]) -> float:
    """Tokens a second of vLLM's client, by its own clock, which starts once it is ready."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "prompts.json")
        rows = [{"conversations": [{"value": text}, {"value": "yes"}]} for text in load.prompts(turn)]
        data.write_text(json.dumps(rows), encoding="utf-8")
        words = {
            "backend": "openai-chat",
            "base-url": endpoint.base_url.removesuffix("/v1"),
            "endpoint": "/v1/chat/completions",
            "model": endpoint.model,
            "tokenizer": tokenizer,
            "dataset-name": "sharegpt",
            "dataset-path": data,
            "sharegpt-output-len": load.tokens,
            "num-prompts": load.requests,
            "max-concurrency": endpoint.concurrency,
            "extra-body": json.dumps(extra),
            "result-dir": folder,
            "result-filename": "result.json",
        }
        options = [f"--{name}={value}" for name, value in words.items()]
        key = endpoint.api_key.get_secret_value() if endpoint.api_key else ""
        done = subprocess.run(
            [python, "-W", "ignore", "-c", BENCH, *options, "--ignore-eos", "--disable-tqdm", "--save-result"],
            env=vllm.environment() | {"OPENAI_API_KEY": key, "HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"vLLM's client ended with {done.returncode}: {done.stderr[-2000:]}")
        result = json.loads(Path(folder, "result.json").read_text(encoding="utf-8"))
    _require(result["total_output_tokens"], load)
    return float(result["output_throughput"])


def _require(tokens: int, load: Load) -> None:
    """Refuse a turn in which anything was left unanswered, or answered short."""
    if tokens != load.requests * load.tokens:
        sys.exit(f"{tokens:,} tokens came instead of {load.requests * load.tokens:,}.")


def device() -> str:
    """The GPU's name, else the processor's."""
    if shutil.which("nvidia-smi"):
        asked = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        if name := subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip():
            return name
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} × {names[0]}" if names else platform.processor()


def main() -> None:
    """Take turns, and print what each drew."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, default=os.environ.get("OUTCROSS_VLLM_PYTHON"))
    parser.add_argument("--tokenizer", help="a folder or name; that of the built-in weights in the home, if unnamed")
    parser.add_argument("--requests", type=int, default=128)
    parser.add_argument("--words", type=int, default=40)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--turns", type=int, default=5)
    args = parser.parse_args()
    settings = from_environment().model_copy(update={"concurrency": args.concurrency})
    load = Load(args.requests, args.words, args.tokens)
    python = vllm.find_python(args.python)
    if python is None:
        sys.exit("Name the Python that has vLLM with --python.")
    tokenizer = args.tokenizer or str(next((Home(settings.home).root / "weights").glob("*/")).resolve())
    drawn: dict[str, list[float]] = {"ours": [], "same": [], "bare": []}
    with connect(settings) as endpoint:
        ours(endpoint, replace(load, requests=args.concurrency), "warm")
        clients = {
            "ours": lambda turn: ours(endpoint, load, turn),
            "same": lambda turn: theirs(python, endpoint, tokenizer, load, turn, SAME),
            "bare": lambda turn: theirs(python, endpoint, tokenizer, load, turn, {}),
        }
        for turn in range(args.turns):
            names = [*drawn][turn % 3 :] + [*drawn][: turn % 3]  # nobody is always first
            for name in names:
                drawn[name].append(clients[name](f"{name}{turn}"))
            print({name: round(values[-1], 1) for name, values in drawn.items()}, flush=True)
    medians = {name: statistics.median(values) for name, values in drawn.items()}
    print(f"{device()}; {endpoint.model}; {load}; {args.concurrency} in flight; {args.turns} turns")
    for name, values in drawn.items():
        print(f"{name}: median {medians[name]:.1f} tokens/s, from {min(values):.1f} to {max(values):.1f}")
    for name in ("same", "bare"):
        each = [a / b for a, b in zip(drawn["ours"], drawn[name], strict=True)]
        of_medians = medians["ours"] / medians[name]
        print(f"ours / {name}: {of_medians:.3f} of the medians; median turn {statistics.median(each):.3f}")


if __name__ == "__main__":
    try:
        main()
    except OutcrossError as error:
        sys.exit(str(error))
