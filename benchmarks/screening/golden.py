"""How many good short samples each engine rejects.

    PYTHONPATH=. python benchmarks/screening/golden.py [--samples tests/golden/good_short.jsonl] [--cache FOLDER]

Peers judge prompt, context and response as one text, which is kinder to short answers than the answer alone.
"""

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import polars as pl
from ours import verdicts
from packages import DATATROVE, NEMO, PEERS

from benchmarks.environments import CACHE, Missing, Peer, call, python
from outcross.data.samples import canonical, digest
from outcross.validators.rules import BORDERLINE, REJECTED
from outcross.validators.signals import SAMPLES

SAMPLES_FILE = Path("tests/golden/good_short.jsonl")

ENGINES: dict[str, tuple[Peer, str]] = {
    "datatrove's Gopher filters": (DATATROVE, "verdicts"),
    "datatrove's, from 1 word on": (DATATROVE, "any_length"),
    "NeMo Curator's filters for English": (NEMO, "verdicts"),
    "NeMo Curator's, from 1 word on": (NEMO, "any_length"),
}


class Rejections(NamedTuple):
    """What an engine said of the samples."""

    engine: str
    rejected: int
    of: int
    reasons: tuple[str, ...]
    """The three most frequent of those that each sample met first."""


def samples(path: Path) -> pl.DataFrame:
    """The file's samples as the validators receive them, with the turns of conversations from their prompts."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        said["content"] = said.get(
            "content", canonical({"turns": turns(said)}) if said["kind"] == "conversation" else ""
        )
        known = {name: value for name, value in said.items() if name in SAMPLES}
        rows.append(dict.fromkeys(SAMPLES, "") | known | {"sample_id": digest(said)})
    return pl.DataFrame(rows, schema=SAMPLES)


def turns(said: dict[str, str]) -> list[dict[str, str]]:
    parts = (part.partition(": ") for part in said["prompt"].split("\n\n"))
    before = [{"role": role, "text": text} for role, _, text in parts]
    return [*before, {"role": "assistant", "text": said["response"]}]


def judge(path: Path, cache: Path) -> list[Rejections]:
    """What each engine says; one that can't be installed is left out, and that is printed."""
    rows = samples(path)
    decided = verdicts(rows).with_columns(pl.col("reasons").list.join(", "))
    found = [
        _counted(engine, decided.select(pl.when(outcome=outcome).then("reasons").fill_null("")).to_series().to_list())
        for engine, outcome in (("Outcross", REJECTED), ("Outcross leaves to an expert", BORDERLINE))
    ]
    filled = pl.element().filter(pl.element() != "")
    texts = rows.select(pl.concat_list("prompt", "context", "response").list.eval(filled).list.join("\n\n")).to_series()
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("".join(json.dumps(text) + "\n" for text in texts))
        file.flush()
        for engine, (peer, work) in ENGINES.items():
            try:
                said = call(python(peer, cache), PEERS / peer.script, f"says:{work}", file.name, path=PEERS.parent)
                found.append(_counted(engine, json.loads(said)))
            except Missing as error:
                print(f"{engine} is left out: {error}", file=sys.stderr)
    return found


def _counted(engine: str, said: list[str]) -> Rejections:
    names = Counter(re.split(r"[,:;]", reasons)[0] for reasons in said if reasons)
    return Rejections(engine, names.total(), len(said), tuple(name for name, _ in names.most_common(3)))


def table(found: list[Rejections]) -> str:
    lines = [f"| {one.engine} | {one.rejected} of {one.of} | {', '.join(one.reasons)} |" for one in found]
    return "\n".join(["| engine | good short samples rejected | by |", "|---|--:|---|", *lines])


def main() -> None:
    parser = argparse.ArgumentParser(description="Good short samples that each engine rejects.")
    parser.add_argument("--samples", type=Path, default=SAMPLES_FILE)
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    print(table(judge(options.samples, options.cache)))


if __name__ == "__main__":
    main()
