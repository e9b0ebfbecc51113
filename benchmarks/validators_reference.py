"""Writes `docs/validators.md`: every validator, verifier and judge with its limits, its rule, and what it costs.

    PYTHONPATH=. python benchmarks/validators_reference.py

writes the page with the costs that `validators_costs.json` beside this file holds; with `--measure` and
`POLARS_MAX_THREADS=1` in the environment they are measured anew.
"""

import argparse
import inspect
import json
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psutil

from outcross.data.corpora import stdlib
from outcross.data.corpora.candidates import Candidate
from outcross.data.samples import CONTENT, Instruction, Preference
from outcross.tasks.drafting import environments
from outcross.tasks.judging.appointment import NEEDS, Judge
from outcross.tasks.judging.registry import JUDGES
from outcross.tasks.screening.distil import DIMENSIONS
from outcross.tasks.screening.frames import Seen, frame
from outcross.validators.profiles import PROFILES
from outcross.validators.references import References
from outcross.validators.registry import CHECKS, REPEATS, VALIDATORS
from outcross.validators.repeats.heldout import HeldOut
from outcross.validators.repeats.vectors import Vectors
from outcross.validators.rule import INFORMS, Rule
from outcross.validators.signals import Validator, run
from outcross.verifiers.registry import VERIFIERS

PAGE = Path(__file__).parents[1] / "docs" / "validators.md"
COSTS = Path(__file__).with_name("validators_costs.json")

ROWS, SIZE = 800, range(250, 1_001)
"""Records that costs are measured on, and the bytes of their docstrings: 460 on average in Python 3.11."""
OTHERS = 250
"""Further records, which they are held against."""
TURNS = 3
FAMILIES = ("chain_sum", "leg_counting", "number_sorting", "gcd")

Known = type[Validator] | type[Judge]

HEAD = """# Validators, verifiers and judges

Written by `benchmarks/validators_reference.py` from the code; [screening.md](screening.md) explains the words. A recipe
names one with a table, `[screen.NAME]`, whose keys are the limits below and the two of the rule, `reject_below` and
`accept_from`; or it names a profile, which names several. What stands below are the defaults.

Costs are milliseconds of CPU time for 1,000 rows, medians of {turns}, with one thread of Polars, on a shared core of an
AMD EPYC. Validators judged {rows} functions of Python's standard library, whose docstrings have about 500 bytes, beside
{others} others where they compare; with more of these, `semantic` alone takes longer by as much. Verifiers judged short
samples with keys, and the processes that they start count.

    POLARS_MAX_THREADS=1 PYTHONPATH=. python benchmarks/validators_reference.py --measure
"""

ROOMS: Mapping[str, tuple[str, Mapping[str, Known]]] = {
    "Validators of single samples": ("They look at a sample alone.", CHECKS),
    "Validators that compare": (
        "They hold a sample against people's rows, earlier drafts and held-out texts.",
        REPEATS,
    ),
    "Verifiers": (
        "They know, compute or try out whether an answer is right, and accept what has no key of their sort.",
        VERIFIERS,
    ),
    "Judges": ("They ask a model. Their scores only inform, so that a table sets limits and no rule.", JUDGES),
}


def page(costs: Mapping[str, Mapping[str, float]]) -> str:
    """The page's text.

    Args:
        costs: by name, the `version` that was measured, and its `milliseconds` for 1,000 rows.
    """
    parts = [HEAD.format(turns=TURNS, rows=ROWS, others=OTHERS)]
    for title, (said, room) in ROOMS.items():
        parts.append(f"## {title}\n\n{said}\n")
        parts += [entry(made, costs.get(made.name, {})) for made in room.values()]
    return "\n".join(parts)


def entry(made: Known, cost: Mapping[str, float]) -> str:
    """What the page says of one of them."""
    facts = {
        "version": str(made.version),
        "rule": rule(made.rule),
        "limits": limits(made),
        "profiles": profiles(made.name) if made.name in VALIDATORS else "",
        "source": source(made),
        "cost": asked(JUDGES[made.name]) if made.name in JUDGES else took(made, cost),
    }
    lines = [f"- {name}: {fact}" for name, fact in facts.items() if fact]
    return f"### `{made.name}`\n\n{scores(made)}\n\n" + "\n".join(lines) + "\n"


def scores(made: Known) -> str:
    """The first sentence of what the code says of it, with others called by the names that recipes know."""
    (first, *_) = re.split(r"(?<=\.)\s", _said(made)[0])
    return re.sub(r"`(\w+)`", lambda found: f"`{_NAMES.get(found[1], found[1])}`", first)


def source(made: Known) -> str:
    """Where it has its method from; empty where nothing is said."""
    return next((part.removeprefix("Source: ") for part in _said(made) if part.startswith("Source: ")), "")


_NAMES = {made.__name__: made.name for _, room in ROOMS.values() for made in room.values()}


def _said(made: Known) -> list[str]:
    return [" ".join(part.split()) for part in inspect.cleandoc(made.__doc__ or "").split("\n\n")]


def rule(made: Rule) -> str:
    """A rule in words."""
    if made == INFORMS:
        return "only informs"
    rejects = f"rejects below {made.reject_below:g}" if made.reject_below else "never rejects"
    return f"{rejects}, accepts from {made.accept_from:g}"


def limits(made: Known) -> str:
    """The limits with their defaults; empty where there are none."""
    return _listed(asdict(made()))


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name} = {value}`" for name, value in values.items())


def profiles(name: str) -> str:
    """The profiles that name it, each with the keys that it sets."""
    found = {profile: tables[name] for profile, tables in PROFILES.items() if name in tables}
    same = len(found) == len(PROFILES) and len({json.dumps(dict(keys)) for keys in found.values()}) == 1
    named = {"all": next(iter(found.values()))} if same else found
    return "; ".join(f"{profile} ({_listed(keys)})" if keys else profile for profile, keys in named.items()) or "none"


def took(made: Known, cost: Mapping[str, float]) -> str:
    """What 1,000 rows took, of this version or of the one that was measured."""
    if not cost:
        return "not measured"
    of = "" if cost["version"] == made.version else f", of version {cost['version']}"
    return f"{float(format(cost['milliseconds'], '.2g')):,.6g} ms{of}"


def asked(made: type[Judge]) -> str:
    """How many requests a judge makes for one sample, and of which sort."""
    answer = Instruction(instruction="Add 2 and 3.", context="", response="5")
    pair = Preference(prompt="Add 2 and 3.", chosen="5", rejected="6")
    single, both = (
        len(made().questions(row)) for row in frame([Seen("a", "", answer), Seen("b", "", pair)]).to_dicts()
    )
    plural = "request" if single == 1 else "requests"
    return f"{single} {plural} a sample, {both} a pair, for {NEEDS[made.needs]}"


def measure() -> dict[str, dict[str, float]]:
    """Costs of all validators and verifiers, by name."""
    if pl.thread_pool_size() != 1:
        sys.exit("Polars has several threads: set POLARS_MAX_THREADS=1.")
    rows = list(islice(_records(), ROWS + OTHERS))
    records, others = frame(rows[:ROWS]), frame(rows[ROWS:])
    texts = others.select("sample_id", source="sample_id", text="response")
    posed = others.with_columns(prompt="response")
    references = References(
        human=posed,
        earlier=records,
        heldout=texts,
        usual=texts,
        index=HeldOut.of(texts, texts),
        vectors=_vectors(posed),
    )
    before = pl.col("response").shift(1, fill_value="")
    frames = {
        "pair": records.with_columns(kind=pl.lit("preference"), other=before),
        "grounded": records.with_columns(context=before),
        **dict.fromkeys(("repeated_task", "semantic"), records.with_columns(prompt="response")),
        **{name: frame(made()) for name, made in KEYED.items()},
    }
    return {
        name: {"version": made.version, "milliseconds": _cost(made(), frames.get(name, records), references)}
        for name, made in {**VALIDATORS, **VERIFIERS}.items()
    }


def _records() -> Iterator[Seen]:
    for number, found in enumerate(stdlib.read()):
        if isinstance(found, Candidate) and len(str(found.content.get("response", "")).encode()) in SIZE:
            content = CONTENT.validate_python(found.content)
            yield Seen(f"{number:064x}", found.stratum, content, logprob=-0.5, rank=f"{number:012}")


def _vectors(rows: pl.DataFrame) -> Vectors:
    """A table for the words of some texts and all letters, with vectors at random: what a table says costs nothing."""
    known = rows["response"].str.to_lowercase().str.extract_all(r"\w+").explode().unique().sort()
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    pieces = tuple(dict.fromkeys([*known, *letters, *(f"##{letter}" for letter in letters)]))
    table = np.random.default_rng(0).normal(size=(len(pieces), DIMENSIONS))
    return Vectors(pieces, table.astype(np.float32))


def _cost(made: Validator, rows: pl.DataFrame, references: References) -> float:
    """Median of the CPU-milliseconds for 1,000 rows; what is started once has been started."""
    failed = run(made, rows.head(20), references)["failure"].drop_nulls()
    if not failed.is_empty():
        sys.exit(f"{made.name} fails: {failed[0]}")
    return statistics.median(_spent(lambda: run(made, rows, references)) for _ in range(TURNS)) / rows.height * 1e6


def _spent(work: Callable[[], object]) -> float:
    before = _seconds()
    work()
    return _seconds() - before


def _seconds() -> float:
    """CPU time of this process and of all that it started, ended or not."""
    here = psutil.Process()
    ended = sum(here.cpu_times()[2:4])
    return time.process_time() + ended + sum(sum(one.cpu_times()[:4]) for one in here.children(recursive=True))


def _keyed(texts: Iterator[tuple[str, Mapping[str, Any]]]) -> Iterator[Seen]:
    for number, (response, key) in enumerate(texts):
        content = Instruction(instruction="Answer.", context="", response=response)
        yield Seen(f"{number:064x}", "", content, key=json.dumps(key), rank=f"{number:012}")


def _mathematics() -> Iterator[Seen]:
    return _keyed((rf"So it is \boxed{{(x+{n})(x+1)}}.", {"answer": f"x^2 + {n + 1}x + {n}"}) for n in range(2, 202))


def _code() -> Iterator[Seen]:
    code = "```python\ndef f(x):\n    return x + {}\n```"
    return _keyed((code.format(n), {"tests": f"assert f(1) == {n + 1}"}) for n in range(40))


def _schema() -> Iterator[Seen]:
    asked = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    return _keyed((json.dumps({"n": n}), {"schema": asked}) for n in range(200))


def _constraints() -> Iterator[Seen]:
    asked = [
        {"id": "punctuation:no_comma"},
        {"id": "length_constraints:number_words", "relation": "at least", "num_words": 5},
        {"id": "keywords:existence", "keywords": ["tree"]},
    ]
    return _keyed((f"The tree number {n} stands in a wood of its own.", {"constraints": asked}) for n in range(1_000))


def _environments() -> Iterator[Seen]:
    return _keyed((str(task.entry["answer"]), task.key) for task in environments.make(FAMILIES, 100, 0))


KEYED: Mapping[str, Callable[[], Iterator[Seen]]] = {
    "mathematics": _mathematics,
    "code": _code,
    "schema": _schema,
    "constraints": _constraints,
    "environments": _environments,
}
"""Samples whose answers are right, by the verifier that can tell."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes docs/validators.md.")
    parser.add_argument("--measure", action="store_true", help="measure the costs anew; takes a minute")
    if parser.parse_args().measure:
        COSTS.write_text(json.dumps(measure(), indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(json.loads(COSTS.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
