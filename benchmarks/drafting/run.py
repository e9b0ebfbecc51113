"""Drafting side by side with its peers: requests a second, time on the core, memory, in one run.

    PYTHONPATH=. python benchmarks/drafting/run.py [--quick] [--only ours,bare] [--turns 3] [--cache FOLDER]

installs the peers where they aren't there yet (2.9 GB under the cache in all), then lets all make the same number of
requests of the same stand-in server, turn by turn, and prints medians. Measured is a client's work alone, its child
processes included: not the imports, nor how its rows or people's are put in place. `outcross draft` is measured from
the start of its process to the end, Prefect's server included. What is measured ends when the answers are where the
client keeps them: ours in the warehouse, sdg_hub's in memory, the others' in their files. Every figure stands in
`drafting.json` too.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from home import drafted, stocked
from packages import CURATOR, DATA_DESIGNER, DISTILABEL, QUIET, SDG_HUB
from watched import HERE, Failed, Server, Taken, serving, watch, whole

from benchmarks.environments import CACHE, Missing, Peer, python

ROOT = HERE.parents[1]
LIMIT = 256
"""Requests at once, of all that aren't faster with fewer."""


class Client(NamedTuple):
    """Something that asks the server."""

    name: str
    what: str
    script: str
    limit: int = LIMIT
    peer: Peer | None = None
    more: tuple[str, ...] = ()


BARE = Client("bare", "bare aiohttp: the ceiling", "bare.py")
OURS = Client("ours", "**Outcross, into the warehouse**", "ours.py")
COMMAND = Client("command", "`outcross draft`, the whole command", "")
CLIENTS = (
    BARE,
    Client("bare", "bare aiohttp that reads log-probabilities, as ours does", "bare.py", more=("--logprobs",)),
    OURS,
    COMMAND,
    *(Client("distilabel", DISTILABEL.package, DISTILABEL.script, limit, DISTILABEL) for limit in (50, 256)),
    *(Client("data-designer", DATA_DESIGNER.package, DATA_DESIGNER.script, n, DATA_DESIGNER) for n in (32, 64)),
    *(Client("curator", CURATOR.package, CURATOR.script, limit, CURATOR) for limit in (64, 256)),
    *(Client("sdg-hub", SDG_HUB.package, SDG_HUB.script, limit, SDG_HUB) for limit in (64, 256)),
)
NAMES = sorted({client.name for client in CLIENTS})


class Bench:
    """The server that all ask, and each figure that was taken so far."""

    def __init__(self, server: Server, cache: Path) -> None:
        self.server, self.cache = server, cache
        self.taken: dict[tuple[Client, int], list[Taken]] = {}

    def measure(self, client: Client, count: int) -> None:
        """Let a client make so many requests; one that fails is left out, and that is printed."""
        print(f"{client.what}, {client.limit} at once, {count:,} requests ...", end=" ", flush=True, file=sys.stderr)
        try:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                took = self._command(Path(folder), count) if client is COMMAND else self._script(client, folder, count)
        except (Failed, Missing) as error:
            print(f"failed: {error}", file=sys.stderr)
            return
        self.taken.setdefault((client, count), []).append(took)
        print(f"{took.requests / took.wall:,.0f} a second", file=sys.stderr)

    def _script(self, client: Client, folder: str, count: int) -> Taken:
        interpreter = python(client.peer, self.cache) if client.peer else Path(sys.executable)
        script = (HERE / "peers" if client.peer else HERE) / client.script
        path = f"{HERE}" if client.peer else f"{HERE}{os.pathsep}{ROOT}"
        asked = (self.server.url, str(count), str(client.limit), folder, *client.more)
        # They write to the home folder; what they keep there would be in the way of the next turn.
        environment = QUIET | {"HOME": folder, "PYTHONPATH": path}
        return watch((str(interpreter), str(script), *asked), count, self.server, environment)

    def _command(self, folder: Path, count: int) -> Taken:
        home, recipe = stocked(folder / "home")
        environment = {
            "PYTHONPATH": str(ROOT),
            "OUTCROSS_BASE_URL": f"{self.server.url}/v1",
            "OUTCROSS_MODEL_DEPTH": "0",
            "OUTCROSS_CONCURRENCY": str(LIMIT),
        }
        outcross = Path(sys.executable).with_name("outcross")
        command = (str(outcross), "draft", recipe.name, "--count", str(count), "--home", str(home.root))
        return whole(command, count, self.server, environment)._replace(answers=drafted(home, recipe))

    def median(self, client: Client, count: int, name: str) -> float:
        """Of the turns, 0 where there was none; `speed` and `ms` are figured, other names are as taken."""
        values = [_value(took, name) for took in self.taken.get((client, count), [])]
        return statistics.median(values) if values else 0.0


def _value(took: Taken, name: str) -> float:
    figured = {"speed": took.requests / took.wall, "ms": 1e3 * took.cpu / took.requests}
    return (figured | took._asdict() | took.server)[name]


HEADINGS = (
    *("client", "at once", "requests", "requests/s", "of the ceiling", "CPU ms a request"),
    *("most in flight", "peak MB", "asked twice", "not held"),
)


def table(bench: Bench, clients: Iterable[Client], counts: Iterable[int]) -> Iterator[str]:
    """A line for each client and number of requests."""
    yield _line(HEADINGS)
    yield _line(("---", *["--:"] * (len(HEADINGS) - 1)))
    for count in counts:
        for client in clients:
            if (client, count) in bench.taken:
                yield _line(_row(bench, client, count))


def _row(bench: Bench, client: Client, count: int) -> Iterable[str]:
    speed, ceiling = bench.median(client, count, "speed"), bench.median(BARE, count, "speed")
    share = f"{speed / ceiling:.2f}" if ceiling else ""
    ms, answers = bench.median(client, count, "ms"), bench.median(client, count, "answers")
    seen = [bench.median(client, count, name) for name in ("peak", "peak_mb", "duplicates")]
    first = (client.what, f"{client.limit}", f"{count:,}", f"{speed:,.0f}", share, f"{ms:.2f}")
    return (*first, *(f"{value:,.0f}" for value in seen), f"{count - answers:,.0f}")


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


class Aim(NamedTuple):
    """A ratio of two figures, and what it must reach, or stay under."""

    what: str
    value: float
    of: float
    least: float | None = None
    most: float | None = None


def aims(bench: Bench, few: int, many: int, most: int) -> Iterator[str]:
    """What is aimed at, what it came to, and whether that is enough; what wasn't measured is left out."""
    own, ceiling = ({count: bench.median(client, count, "speed") for count in (few, many)} for client in (OURS, BARE))
    best = max(bench.median(client, few, "speed") for client in CLIENTS if client.peer)
    memory = {count: bench.median(OURS, count, "peak_mb") for count in (few, most)}
    found = (
        *(Aim(f"of the ceiling at {count:,}", own[count], ceiling[count], least=0.5) for count in (few, many)),
        Aim(f"times the best peer's requests/s at {few:,}", own[few], best, least=4),
        Aim(f"CPU ms a request at {many:,}", bench.median(OURS, many, "ms"), 1, most=1),
        Aim(f"times the memory at {most:,} as at {few:,}", memory[most], memory[few], most=1.1),
    )
    yield _line(("what", "value", "target", ""))
    yield _line(("---", "--:", "--:", "---"))
    for what, value, of, least, limit in found:
        if value and of:
            passed = value / of >= least if least else value / of <= (limit or 0)
            wanted = f"≥ {least:g}" if least else f"≤ {limit:g}"
            yield _line((what, f"{value / of:.2f}", wanted, "pass" if passed else "**fail**"))


def main() -> None:
    parser = argparse.ArgumentParser(description="Drafting side by side with its peers.")
    parser.add_argument("--quick", action="store_true", help="500 and 2,000 requests, one turn")
    parser.add_argument("--only", default=",".join(NAMES), help=f"of {', '.join(NAMES)}")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    named = options.only.split(",")
    if unknown := set(named) - set(NAMES):
        parser.error(f"--only names {', '.join(sorted(unknown))}, and there are {', '.join(NAMES)}.")
    chosen = [client for client in CLIENTS if client.name in named]
    few, many, most = (500, 2_000, 0) if options.quick else (2_000, 20_000, 200_000)
    turns = 1 if options.quick else options.turns
    load = os.getloadavg()[0]
    with serving() as server:
        bench = Bench(server, options.cache)
        for _ in range(turns):
            for client in chosen:
                for count in (few,) if client.peer else (few, many):
                    bench.measure(client, count)
        if most and OURS in chosen:
            bench.measure(OURS, most)
    print("\n".join([*table(bench, chosen, (few, many, most)), "", *aims(bench, few, many, most)]))
    print(f"\nLoad of the machine before and after: {load:.1f}, {os.getloadavg()[0]:.1f}")
    said = [
        {"client": client.what, "at once": client.limit} | took._asdict()
        for (client, _), turned in bench.taken.items()
        for took in turned
    ]
    options.cache.mkdir(parents=True, exist_ok=True)
    (options.cache / "drafting.json").write_text(json.dumps(said, indent=1))


if __name__ == "__main__":
    main()
