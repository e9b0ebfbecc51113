"""A stand-in for a model server that costs as little as it can, so that what is measured is its clients.

    python benchmarks/drafting/stand_in.py [--port 0] [--latency 0.05] [--tail 0.01] [--spread 1.2]

It speaks OpenAI's chat completions over HTTP/1.1, kept alive, not streamed, to as many at once as come. An answer takes
the latency and a lognormal tail, and is a sample of kind `instruction` in JSON, another one each time; with
log-probabilities where they are asked for, in vLLM's form. `/metrics` tells the load as vLLM does, `/stats` what was
asked since `/reset`. It ends when its standard input does.

HTTP is read by hand: of each request the end of its headers and its length. Texts are put together from ready parts.
"""

import argparse
import asyncio
import json
import math
import os
import random
import re
import sys
import threading
import time

MODEL = "stand-in"
TASKS, ANSWERS, DELAYS = 1009, 499, 9973
"""Different parts of answers, and different delays; primes, so that they meet in every combination."""
WORDS = """
about above again against almost along already although always and answer any apart around because before begin behind
below between both bring build but careful case catch change check choose clear close collect column common compare
complete copy correct count create cut date day decide deep describe detail different direct divide document each early
either empty end enough equal error even every exact example except expect explain extra fact fail far field file fill
find first follow form found free from full function further general give good group grow half hand hard have head help
""".split()  # noqa: SIM905  # a hundred quoted words would hide that they are words

Part = tuple[bytes, bytes]
"""A stretch of an answer as it stands in a JSON string, and its tokens with their log-probabilities."""

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_LOGPROBS = re.compile(rb'"logprobs": *true')


def parts(count: int, shortest: int, longest: int) -> list[Part]:
    """So many stretches of words, the same ones each time."""
    chance = random.Random(count)
    drawn = [chance.choices(WORDS, k=chance.randint(shortest, longest)) for _ in range(count)]
    return [(" ".join(words).encode(), b", ".join(token(f" {word}", chance) for word in words)) for words in drawn]


def token(text: str, chance: random.Random) -> bytes:
    said = {"token": text, "logprob": round(math.log(chance.uniform(0.2, 1)), 6), "bytes": list(text.encode())}
    return json.dumps(said | {"top_logprobs": [said]}).encode()


class StandIn:
    """What is answered, after how long, and what was asked so far."""

    def __init__(self, latency: float, tail: float, spread: float) -> None:
        chance = random.Random(1)
        self.delays = [latency + tail * math.exp(spread * chance.gauss(0, 1)) for _ in range(DELAYS)]
        self.tasks, self.answers = parts(TASKS, 6, 18), parts(ANSWERS, 10, 40)
        self.reset()

    def reset(self) -> None:
        self.asked = self.answered = self.flying = self.peak = 0
        self.different: set[int] = set()
        self.cpu = time.process_time()

    def begin(self, body: bytes) -> tuple[float, int]:
        """Count a request; return how long it takes, and its number."""
        number = self.asked
        self.asked += 1
        self.flying += 1
        self.peak = max(self.peak, self.flying)
        self.different.add(hash(body))
        return self.delays[number % DELAYS], number

    def completion(self, number: int, *, logprobs: bool) -> bytes:
        """The whole answer to the request of that number."""
        task, task_tokens = self.tasks[number % TASKS]
        answer, answer_tokens = self.answers[number % ANSWERS]
        given = b'{"content": [%b, %b]}' % (task_tokens, answer_tokens) if logprobs else b"null"
        count = task.count(b" ") + answer.count(b" ") + 2
        return found(
            b'{"id": "chatcmpl-%d", "object": "chat.completion", "created": 1760000000, "model": "stand-in", "choices":'
            b' [{"index": 0, "message": {"role": "assistant", "content": "{\\"instruction\\": \\"Task %d: %b?\\",'
            b' \\"response\\": \\"Then %b.\\"}"}, "logprobs": %b, "finish_reason": "stop"}], "usage":'
            b' {"prompt_tokens": 150, "completion_tokens": %d, "total_tokens": %d}}'
            % (number, number, task, answer, given, count, 150 + count)
        )

    def page(self, path: bytes) -> bytes:
        """The answer to a GET."""
        if path == b"/v1/models":
            return found(json.dumps({"object": "list", "data": [{"id": MODEL, "object": "model"}]}).encode())
        if path == b"/metrics":
            load = {"num_requests_running": self.flying, "num_requests_waiting": 0, "kv_cache_usage_perc": 0.1}
            lines = (f'vllm:{name}{{model_name="{MODEL}"}} {value}\n' for name, value in load.items())
            return found("".join(lines).encode(), b"text/plain")
        if path == b"/reset":
            self.reset()
        if path in {b"/stats", b"/reset"}:
            return found(json.dumps(self.stats()).encode())
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

    def stats(self) -> dict[str, float]:
        """Requests asked, answered and asked twice, the most at one time, and seconds on the core."""
        return {
            "asked": self.asked,
            "answered": self.answered,
            "duplicates": self.asked - len(self.different),
            "peak": self.peak,
            "cpu": time.process_time() - self.cpu,
        }


def found(body: bytes, kind: bytes = b"application/json") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (kind, len(body), body)


class Connection(asyncio.Protocol):
    """One client's connection: requests one after another."""

    def __init__(self, server: StandIn) -> None:
        self.server = server
        self.clock = asyncio.get_running_loop()
        self.unread = b""
        self.waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        if self.waiting:
            self.waiting.cancel()
            self.server.flying -= 1

    def data_received(self, data: bytes) -> None:
        """Answer what is there as a whole; clients don't send another request before they have the answer."""
        self.unread += data
        end = self.unread.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self.unread, 0, end + 2)
        whole = end + 4 + (int(length[1]) if length else 0)
        if len(self.unread) < whole:
            return
        request, self.unread = self.unread[:whole], self.unread[whole:]
        path = request[: request.index(b"\r\n")].split(b" ")[1]
        if path != b"/v1/chat/completions":
            self.transport.write(self.server.page(path))
            return
        delay, number = self.server.begin(request[end:])
        logprobs = _LOGPROBS.search(request, end) is not None
        self.waiting = self.clock.call_later(delay, self.answer, number, logprobs)

    def answer(self, number: int, logprobs: bool) -> None:
        self.waiting = None
        self.server.flying -= 1
        self.server.answered += 1
        self.transport.write(self.server.completion(number, logprobs=logprobs))


async def serve(server: StandIn, port: int) -> None:
    made = await asyncio.get_running_loop().create_server(lambda: Connection(server), "127.0.0.1", port, backlog=4096)
    print(f"http://127.0.0.1:{made.sockets[0].getsockname()[1]}", flush=True)
    await made.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for a model server that costs as little as it can.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds that every answer takes")
    parser.add_argument("--tail", type=float, default=0.01, help="median seconds on top, lognormal")
    parser.add_argument("--spread", type=float, default=1.2, help="standard deviation of the tail's logarithm")
    options = parser.parse_args()
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    asyncio.run(serve(StandIn(options.latency, options.tail, options.spread), options.port))


if __name__ == "__main__":
    main()
