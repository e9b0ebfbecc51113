"""How long reviewers wait when a hundred work at once: claims and submissions of the real page, killed in the middle.

A server process holds a queue of 100,000 items; reviewers in four more processes read for a second or so, decide, and
get the next item with the answer, as the page's script does. Half-way the server is killed by SIGKILL and started anew;
a request that went unanswered is sent again with the same key. At the end every promise of the queue is checked.

    PYTHONPATH=. python benchmarks/review_crowd.py
"""

import asyncio
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

from outcross.data.review.accounts import Accounts
from outcross.data.review.answers import Ruling
from outcross.data.review.items import Item
from outcross.data.review.queue import Queue
from outcross.data.samples import Generation, Instruction, Origin, Provenance, Sample
from outcross.review.cookies import Cookies, csrf

ITEMS = int(os.environ.get("ITEMS", "100000"))
REVIEWERS = int(os.environ.get("REVIEWERS", "100"))
SECONDS = float(os.environ.get("SECONDS", "60"))
PROCESSES = 4
READING = (0.6, 1.4)
"""Seconds between an item's coming and its decision: far less than anybody needs."""

RUSH = 5.0
"""Seconds after the new server's start, in which all come back at once; they are counted apart."""

Visitor = tuple[str, str]
"""A reviewer's name and session."""

Waits = list[tuple[float, float]]
"""When each request was answered, and the seconds that it took."""


def item(number: int) -> Item:
    """A model's draft, some 2 KB long, one in five for two people."""
    sample = Sample(
        content=Instruction(
            instruction=f"What is {number} times two? Explain.", response=f"{2 * number} is so. " * 120
        ),
        provenance=Provenance(
            origin=Origin.SYNTHETIC,
            depth=1,
            stratum="sums",
            source="sums.md",
            licence="CC0-1.0",
            generation=Generation(model="stand-in", weights_digest=None),
        ),
    )
    return Item.of(sample, recipe="sums", source="border", incl_prob=1.0, need=2 if number % 5 == 0 else 1)


def stock(path: Path) -> list[Visitor]:
    """Fill the queue and let the reviewers in."""
    queue, accounts = Queue(path), Accounts(path)
    for start in range(0, ITEMS, 5_000):
        queue.enqueue(item(number) for number in range(start, min(start + 5_000, ITEMS)))
    names = [f"reviewer-{number}" for number in range(REVIEWERS)]
    return [(name, accounts.accept(accounts.sign_in_by_link(name), None)) for name in names]


def serve(home: Path, port: int) -> subprocess.Popen[bytes]:
    """A server process, once it answers."""
    code = "from outcross.cli import main; main()"
    command = [sys.executable, "-c", code, "review", "--home", str(home), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return process


async def ask(session: aiohttp.ClientSession, path: str, body: object, waits: Waits) -> dict[str, object]:
    """One request, sent again until it is answered; the wait is noted where it was answered at once."""
    while True:
        begun = time.perf_counter()
        try:
            async with session.post(path, json=body) as response:
                answer = await response.json()
                if response.status != 200:
                    raise RuntimeError(f"{path} answered {response.status}: {answer}")
                waits.append((time.time(), time.perf_counter() - begun))
                return dict(answer)
        except (aiohttp.ClientConnectionError, TimeoutError):
            await asyncio.sleep(0.2)


async def review(address: str, cookie: str, visitor: Visitor, until: float, waits: dict[str, Waits]) -> None:
    """Claim, read, decide, and go on with what the answer brings."""
    name, secret = visitor
    chance = random.Random(name)
    headers = {"X-CSRF-Token": csrf(secret), "Sec-Fetch-Site": "same-origin", "Cookie": f"{cookie}={secret}"}
    async with aiohttp.ClientSession(address, headers=headers, cookie_jar=aiohttp.DummyCookieJar()) as session:
        await asyncio.sleep(chance.uniform(0, READING[1]))
        known: dict[str, str] = {}
        answer = await ask(session, "/claim", {"desk": "review", "have": []}, waits["claim"])
        while time.time() < until:
            held = [entry["token"] for entry in answer["items"]]  # type: ignore[attr-defined]
            known |= {entry["token"]: entry["shown_hash"] for entry in answer["items"] if "shown_hash" in entry}  # type: ignore[attr-defined]
            await asyncio.sleep(chance.uniform(*READING))
            token = held[0]
            ruling = Ruling(verdict="approve", shown_hash=known[token], idem=f"key-{token[:40]}").model_dump(
                mode="json"
            )
            sent = {"token": token, "ruling": ruling, "desk": "review", "have": held[1:]}
            answer = await ask(session, "/decide", sent, waits["decide, with the next claim"])


def crowd(address: str, cookie: str, until: float, visitors: list[Visitor]) -> None:
    """One process of reviewers; prints their waits."""
    waits: dict[str, Waits] = {"claim": [], "decide, with the next claim": []}

    async def all_of_them() -> None:
        await asyncio.gather(*(review(address, cookie, visitor, until, waits) for visitor in visitors))

    asyncio.run(all_of_them())
    print(json.dumps(waits))


BROKEN = (
    """
    SELECT 1 FROM claim JOIN item ON item.id = item WHERE claim.state IN ('open', 'done')
    GROUP BY item HAVING count(*) > need + extra""",
    "SELECT 1 FROM standing GROUP BY item, reviewer HAVING count(*) > 1",
    "SELECT 1 FROM claim WHERE state = 'done' AND id NOT IN (SELECT claim FROM decision)",
    "SELECT 1 FROM item WHERE done <> (SELECT count(*) FROM standing WHERE item = item.id)",
)
"""What none of these may find."""


def check(path: Path) -> int:
    """Every promise of the queue, and how many decisions there are."""
    decisions = Queue(path, now=lambda: time.time() + 60).decisions()  # past everybody's grace
    with sqlite3.connect(path) as connection:
        for violation in BROKEN:
            if connection.execute(violation).fetchone():
                raise SystemExit(f"a promise was broken: {violation}")
    Queue(path).verify()
    return len(decisions)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        path = home / "review.sqlite"
        visitors = stock(path)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        server = serve(home, port)
        until = time.time() + SECONDS
        cookie = Cookies(path).session
        facts = [f"http://127.0.0.1:{port}", cookie, str(until)]
        parts = [json.dumps(visitors[number::PROCESSES]) for number in range(PROCESSES)]
        crowds = [
            subprocess.Popen([sys.executable, __file__, *facts, part], stdout=subprocess.PIPE, text=True)
            for part in parts
        ]
        time.sleep(SECONDS / 2)
        server.send_signal(signal.SIGKILL)
        server.wait()
        server = serve(home, port)
        back = time.time()
        waits: dict[str, list[float]] = {}
        for process in crowds:
            for name, answered in json.loads(process.communicate()[0]).items():
                for at, seconds in answered:
                    late = " just after the kill" if back <= at < back + RUSH else ""
                    waits.setdefault(name + late, []).append(seconds)
        server.terminate()
        server.wait()
        decisions = check(path)
    print(f"{REVIEWERS} reviewers, {ITEMS:,} items, {SECONDS:g} s, {os.cpu_count()} cores, one server killed half-way")
    print(f"{decisions:,} decisions, {decisions / SECONDS:.0f} a second; every promise held\n")
    print("| request | answered | p50 ms | p95 ms | p99 ms | longest ms |\n|---|--:|--:|--:|--:|--:|")
    for name, seconds in waits.items():
        ordered = sorted(1000 * second for second in seconds)
        p50, p95, p99 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.95, 0.99))
        print(f"| {name} | {len(ordered):,} | {p50:.0f} | {p95:.0f} | {p99:.0f} | {ordered[-1]:.0f} |")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        crowd(
            sys.argv[1], sys.argv[2], float(sys.argv[3]), [(name, secret) for name, secret in json.loads(sys.argv[4])]
        )
    else:
        main()
