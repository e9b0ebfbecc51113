"""A stand-in for a model server: OpenAI's addresses, answers drawn from a hash, faults on demand.

No model is behind it. An answer is a function of the messages, the seed and the schema alone; most are made-up
sentences that a screen would pass, and a few in a hundred are too short, loop, or copy the prompt. `--log` gets a
line per answer served, so that a test can count what a real server would have charged for.

    python tests/openai_server.py --port 0 --log served.txt --latency 0.05 --fault 500:0.2 --fault 400:0.1:always

With `--offer` it gives what it names and nothing else: `chat` (what it gives where nothing is named), measurements of
texts as vLLM's servers give them (`prompt_logprobs`, `echo`, `classify`, `pooling`; `sentiment` for a classifier of two
classes), or `completions` as llama.cpp's gives them, which knows no measurements. A word is the likelier to the
stand-in, the oftener it stood in the text before; a reward grows with the number of different words.

With `--metrics N` it behaves as vLLM with N slots: what comes beyond stands in line, and `/metrics` tells of it by
vLLM's names. With `--overload M` (or `M:503`) what comes beyond M in flight is sent away with 429. With `--lognormal
SIGMA` a request takes the latency, and then once more the latency times a lognormal number of that sigma. `--canned`
serves answers made beforehand, a few hundred a schema, where a benchmark would otherwise measure how they are made.

A fault is `KIND:SHARE` or `KIND:SHARE:always`. KIND is a status code, `disconnect` (in mid-body), `garbage` (no
JSON), `slow`, or `engine`: dead for half a second as vLLM's, when everything in flight and everything new gets 500
and `/health` says 503. SHARE is the part of all distinct requests that it strikes, chosen by hash. Each is struck at
its first attempt, or always.
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
import urllib.request
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

MODEL = "stand-in"
JSON = "application/json"
SLOW_SECONDS = 30.0
DEAD_SECONDS = 0.5
CANNED = 512
Answer = Callable[[dict[str, Any], Sequence[str]], dict[str, Any] | None]
"""The body of an answer to a body, by what is offered; None where there is nothing at that address."""

ODD_SHARE = 0.04
"""Of the answers, this share is too short; as much loops, and as much copies the prompt."""
WORDS = """
a about above again against all almost along already also although always an and answer any apart argument around as
ask at away back because before begin behind below between both bring build but by call can careful case catch change
check choose clear close collect column common compare complete copy correct count create cut data date day decide
deep describe detail differ direct divide document each early either empty end enough equal error even every exact
example except expect explain extra fact fail far few field file fill find first fit follow for form found free from
full function further general give good group grow half hand hard have head help here high hold how human idea if
important in inside instead into is item its join just keep kind know large last later lead learn least leave left
length less let level line list little long look loop low main make many map mark match mean measure middle might
missing more most move much must name near need never new next none note nothing number object often old on once only
open order other out over own page pair part pass path people place plain point possible print prove put question quick
raise range read reason record repeat reply rest result return right row rule same sample say search second see send
sentence separate set several shape short should show side simple since single small some sort source split stand start
state step still stop store string such sum table take tell test text than that the their them then there these thing
think this those though through time to together too top true try turn type under until up use value very wait way
well what when where whether which while whole why wide will with within without word work world write wrong year yet
""".split()  # noqa: SIM905  # three hundred quoted words would hide that they are words


def compose(messages: list[dict[str, str]], seed: int | None, schema: dict[str, Any] | None) -> str:
    """The answer to a prompt: text, or the schema's JSON with every property filled."""
    chance = random.Random(_digest([messages, seed, schema]))
    prompt = messages[-1]["content"]
    roll = chance.random()
    manner = ["short", "loop", "copy"][int(roll / ODD_SHARE)] if roll < 3 * ODD_SHARE else "plain"
    if schema is None:
        return _prose(chance, prompt, manner)
    return json.dumps(_fill(schema, chance, prompt, manner))


def _prose(chance: random.Random, prompt: str, manner: str) -> str:
    if manner == "short":
        return chance.choice(WORDS)
    if manner == "loop":
        return " ".join(chance.choices(WORDS, k=3) * 12)
    if manner == "copy" and len(prompt.split()) > 5:
        return " ".join(prompt.split()[-60:])
    return " ".join(chance.choices(WORDS, k=chance.randint(8, 30))).capitalize() + "."


def _fill(schema: dict[str, Any], chance: random.Random, prompt: str, manner: str) -> Any:
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return chance.choice(schema["enum"])
    if "anyOf" in schema:
        return _fill(chance.choice(schema["anyOf"]), chance, prompt, manner)
    match schema.get("type", "object"):
        case "object":
            return {name: _fill(part, chance, prompt, manner) for name, part in schema.get("properties", {}).items()}
        case "array":
            least = schema.get("minItems", 2)
            size = chance.randint(least, max(least, schema.get("maxItems", least + 2)))
            return [_fill(schema.get("items", {"type": "string"}), chance, prompt, manner) for _ in range(size)]
        case "string":
            return _prose(chance, prompt, manner)[: schema.get("maxLength")]
        case "boolean":
            return chance.random() < 0.5
        case _:
            return chance.randint(schema.get("minimum", 0), schema.get("maximum", 10))


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Fault:
    kind: str
    share: float
    always: bool

    @classmethod
    def parse(cls, text: str) -> "Fault":
        kind, share, *rest = text.split(":")
        return cls(kind, float(share), rest == ["always"])

    def strikes(self, digest: str, attempt: int) -> bool:
        """Whether this request is among the chosen; each kind chooses its own."""
        return (self.always or attempt == 1) and random.Random(f"{self.kind} {digest}").random() < self.share


class StandIn:
    """The server's state: what was asked how often, how much was served, and the most at one time."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.faults = [Fault.parse(text) for text in options.fault]
        self.attempts: Counter[str] = Counter()
        self.served = self.flying = self.peak = self.working = self.deaths = 0
        self.slots = asyncio.Semaphore(options.metrics or sys.maxsize)
        self.queued = self.dead_until = 0.0
        self.most, self.status = _overload(options.overload)
        self.canned = Canned()
        self.write = options.log.open("a", buffering=1).write

    def app(self) -> web.Application:
        app = web.Application(client_max_size=16 * 2**20)
        app.router.add_get("/v1/models", self.models)
        for path, make in {
            "/v1/chat/completions": completion,
            "/v1/completions": measured,
            "/classify": classified,
            "/pooling": pooled,
        }.items():
            app.router.add_post(path, partial(self.post, make))
        app.router.add_get("/stats", self.stats)
        app.router.add_get("/health", self.health)
        if self.options.metrics:
            app.router.add_get("/metrics", self.metrics)
        return app

    async def health(self, _: web.Request) -> web.Response:
        return web.Response(status=503 if self.dead() else 200)

    def dead(self) -> bool:
        return time.monotonic() < self.dead_until

    async def metrics(self, _: web.Request) -> web.Response:
        waiting = self.flying - self.working
        gauges = {
            "num_requests_running": self.working,
            "num_requests_waiting": waiting,
            "kv_cache_usage_perc": min(self.working / self.options.metrics, 1.0) / 2,
            "num_preemptions_total": 0,
            "request_queue_time_seconds_sum": self.queued,
            "request_queue_time_seconds_count": self.served,
        }
        name = (self.options.model or [MODEL])[0]
        lines = [f'vllm:{gauge}{{engine="0",model_name="{name}"}} {float(value)}' for gauge, value in gauges.items()]
        return web.Response(text="\n".join(["# HELP vllm: as vLLM's", *lines, ""]))

    async def models(self, request: web.Request) -> web.Response:
        if not self.admits(request):
            return _error(401, "wrong key")
        return web.json_response({"object": "list", "data": [{"id": name} for name in self.options.model or [MODEL]]})

    async def stats(self, _: web.Request) -> web.Response:
        counts = {"asked": self.attempts.total(), "served": self.served, "flying": self.flying, "peak": self.peak}
        return web.json_response(counts)

    def admits(self, request: web.Request) -> bool:
        key = self.options.api_key
        return key is None or request.headers.get("Authorization") == f"Bearer {key}"

    async def post(self, make: Answer, request: web.Request) -> web.StreamResponse:
        self.flying += 1
        self.peak = max(self.peak, self.flying)
        try:
            return await self.answer(make, request)
        finally:
            self.flying -= 1

    async def answer(self, make: Answer, request: web.Request) -> web.StreamResponse:
        if not self.admits(request):
            return _error(401, "wrong key")
        if self.flying > self.most:
            return _error(self.status, "too many at once", {"Retry-After": self.options.retry_after})
        raw = await request.read()
        body = json.loads(raw)
        made = self.canned.answer(body, raw) if self.options.canned else make(body, self.options.offer or ["chat"])
        if made is None:
            return _error(404, f"nothing at {request.path}")
        if body["model"] not in (self.options.model or [MODEL]):
            return _error(404, f"no model {body['model']}")
        digest = _digest(body)
        self.attempts[digest] += 1
        came, deaths = time.monotonic(), self.deaths
        async with self.slots:
            self.queued += time.monotonic() - came
            self.working += 1
            try:
                fault = await self.work(digest)
            finally:
                self.working -= 1
        if fault == "engine":
            self.dead_until = time.monotonic() + DEAD_SECONDS
            self.deaths += 1
        if self.dead() or self.deaths != deaths:
            return _error(500, "EngineCore encountered an issue")
        if fault:
            return await self.fail(fault, request)
        self.record(digest)
        return web.Response(body=made if isinstance(made, bytes) else json.dumps(made).encode(), content_type=JSON)

    async def work(self, digest: str) -> str:
        """Take a request's time; return the fault that strikes it, "" if none does."""
        tail = random.Random(digest).lognormvariate(0, self.options.lognormal) if self.options.lognormal else 0.0
        await asyncio.sleep(self.options.latency * (1 + tail))
        for fault in self.faults:
            if fault.strikes(digest, self.attempts[digest]):
                if fault.kind != "slow":
                    return fault.kind
                await asyncio.sleep(SLOW_SECONDS)
        return ""

    async def fail(self, kind: str, request: web.Request) -> web.StreamResponse:
        if kind == "garbage":
            return web.Response(text='{"choices": [{"message": {"con', content_type="application/json")
        if kind == "disconnect":
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b'{"choices": [')
            assert request.transport is not None
            request.transport.close()
            return response
        headers = {"Retry-After": self.options.retry_after} if kind == "429" else {}
        return _error(int(kind), "fault on demand", headers)

    def record(self, digest: str) -> None:
        """Note an answer before it leaves: what dies on the way was paid for all the same."""
        self.write(f"{digest}\n")
        self.served += 1
        if self.served == self.options.die_after:
            os._exit(1)


class Canned:
    """Answers made beforehand, chosen by the request's bytes: a few hundred for each form that is asked for."""

    def __init__(self) -> None:
        self.stock: dict[str, list[bytes]] = {}

    def answer(self, body: dict[str, Any], raw: bytes) -> bytes:
        form = json.dumps([body.get("response_format"), body.get("max_tokens"), body.get("logprobs")])
        if form not in self.stock:
            sorts = [{**body, "seed": seed} for seed in range(CANNED)]
            self.stock[form] = [json.dumps(completion(sort, ["chat"])).encode() for sort in sorts]
        return self.stock[form][zlib.crc32(raw) % CANNED]


def _overload(text: str | None) -> tuple[float, int]:
    most, _, status = (text or "inf").partition(":")
    return float(most), int(status or 429)


def completion(body: dict[str, Any], offers: Sequence[str]) -> dict[str, Any] | None:
    """The body of an answer, as OpenAI's reference describes it."""
    if "chat" not in offers:
        return None
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    text = compose(body["messages"], body.get("seed"), schema)
    pieces = text.split()
    chance = random.Random(text)
    tokens = [{"token": piece, "logprob": -chance.expovariate(1.0)} for piece in pieces]
    cut = len(pieces) > body.get("max_tokens", sys.maxsize)
    kept = " ".join(pieces[: body["max_tokens"]]) if cut else text
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": kept},
        "finish_reason": "length" if cut else "stop",
        "logprobs": {"content": tokens[: body.get("max_tokens")]} if body.get("logprobs") else None,
    }
    spent = sum(len(message["content"].split()) for message in body["messages"])
    usage = {"prompt_tokens": spent, "completion_tokens": min(len(pieces), body.get("max_tokens", sys.maxsize))}
    return {"object": "chat.completion", "model": body["model"], "choices": [choice], "usage": usage}


def measured(body: dict[str, Any], offers: Sequence[str]) -> dict[str, Any] | None:
    """A completion of one word, with what is offered of the prompt's tokens; llama.cpp's form where nothing is."""
    if not {"prompt_logprobs", "echo", "completions"} & set(offers):
        return None
    words = re.findall(r"\s*\S+", body["prompt"])
    seen = Counter[str]()
    logprobs: list[float | None] = []
    for word in words:
        plain = word.strip()
        logprobs.append(-random.Random(plain).uniform(2.0, 6.0) / (1 + seen[plain]))
        seen[plain] += 1
    logprobs[:1] = [None]
    choice: dict[str, Any] = {"index": 0, "text": " so", "finish_reason": "length", "logprobs": None}
    if "prompt_logprobs" in offers and "prompt_logprobs" in body:
        choice["prompt_logprobs"] = [
            logprob if logprob is None else {str(n): {"logprob": logprob, "rank": 1, "decoded_token": word}}
            for n, (word, logprob) in enumerate(zip(words, logprobs, strict=True))
        ]
    elif "echo" in offers and body.get("echo"):
        choice["logprobs"] = {"tokens": [*words, " so"], "token_logprobs": [*logprobs, -1.0], "text_offset": []}
    elif body.get("logprobs"):
        choice["logprobs"] = {"content": [{"token": " so", "logprob": -1.0}]}
    usage = {"prompt_tokens": len(words), "completion_tokens": 1}
    return {"object": "text_completion", "model": body["model"], "choices": [choice], "usage": usage}


def _rewarded(messages: list[dict[str, str]]) -> tuple[float, dict[str, int]]:
    words = messages[-1]["content"].split()
    return len(set(words)) / 10 - 1, {"prompt_tokens": len(words), "completion_tokens": 0}


def classified(body: dict[str, Any], offers: Sequence[str]) -> dict[str, Any] | None:
    """vLLM's answer at `/classify`: one class is a reward, two are none."""
    if not {"classify", "sentiment"} & set(offers):
        return None
    value, usage = _rewarded(body["messages"])
    probs = [value] if "classify" in offers else [0.4, 0.6]
    return {"data": [{"index": 0, "label": "r", "probs": probs, "num_classes": len(probs)}], "usage": usage}


def pooled(body: dict[str, Any], offers: Sequence[str]) -> dict[str, Any] | None:
    """vLLM's answer at `/pooling`."""
    if "pooling" not in offers:
        return None
    value, usage = _rewarded(body["messages"])
    return {"data": [{"index": 0, "object": "pooling", "data": [value]}], "usage": usage}


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": {"message": message}}, status=status, headers=headers)


async def serve(options: argparse.Namespace) -> None:
    options.log.touch()
    runner = web.AppRunner(StandIn(options).app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", options.port, reuse_address=True)
    await site.start()
    host, port = runner.addresses[0][:2]
    print(f"listening on http://{host}:{port}/v1", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for an OpenAI-compatible model server.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True, help="gets a line per answer served")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds per request")
    parser.add_argument("--fault", action="append", default=[], help="KIND:SHARE[:always]")
    parser.add_argument("--die-after", type=int, default=0, help="die before sending the answer of this number")
    parser.add_argument("--retry-after", default="0", help="what a 429 says, in seconds")
    parser.add_argument("--model", action="append", help=f"served name, {MODEL} if none is given")
    parser.add_argument("--api-key", help="refuse other keys with status 401")
    parser.add_argument("--offer", action="append", help="what it gives; chat if nothing is named")
    parser.add_argument("--metrics", type=int, default=0, help="slots, as vLLM's; it then has /metrics")
    parser.add_argument("--overload", help="M or M:STATUS, what those beyond M in flight get")
    parser.add_argument("--lognormal", type=float, default=0.0, help="sigma of a long tail of latencies")
    parser.add_argument("--canned", action="store_true", help="answers made beforehand")
    parser.add_argument("--leashed", action="store_true", help="end when standard input closes")
    options = parser.parse_args()
    if options.leashed:
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    asyncio.run(serve(options))


@dataclass(frozen=True)
class Running:
    """A stand-in that a test started."""

    base_url: str
    log: Path
    process: subprocess.Popen[str]

    def served(self) -> list[str]:
        """Digests of the requests answered so far, in order; a repeated one was paid for twice."""
        return self.log.read_text().split()

    def stats(self) -> dict[str, int]:
        """Requests asked, answers served, those in flight, and the most in flight at one time."""
        with urllib.request.urlopen(self.base_url.removesuffix("/v1") + "/stats", timeout=10) as response:
            return json.load(response)

    def kill(self) -> None:
        """End it as a crash would; nothing answers at its address afterwards."""
        self.process.kill()
        self.process.wait()


@contextmanager
def openai_server(
    log: Path,
    *,
    faults: Sequence[str] = (),
    latency: float = 0.0,
    die_after: int = 0,
    retry_after: str = "0",
    models: Sequence[str] = (MODEL,),
    api_key: str | None = None,
    port: int = 0,
    offers: Sequence[str] = ("chat",),
    metrics: int = 0,
    overload: str | None = None,
    lognormal: float = 0.0,
    canned: bool = False,
) -> Iterator[Running]:
    """Run a stand-in for the length of the block; it also ends if the test's process is killed."""
    command = [sys.executable, __file__, "--leashed", f"--log={log}", f"--latency={latency}", f"--port={port}"]
    command += [f"--die-after={die_after}", f"--retry-after={retry_after}"]
    command += [f"--fault={fault}" for fault in faults] + [f"--model={name}" for name in models]
    command += [f"--offer={name}" for name in offers]
    command += [f"--metrics={metrics}", f"--lognormal={lognormal}"] + ["--canned"] * canned
    command += [] if overload is None else [f"--overload={overload}"]
    command += [] if api_key is None else [f"--api-key={api_key}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = process.stdout.readline().strip()
            assert said.startswith("listening on "), f"the stand-in didn't start: {said!r}"
            yield Running(said.removeprefix("listening on "), log, process)
        finally:
            process.kill()


if __name__ == "__main__":
    main()
