"""Whether the certificate keeps its promise on a model's own drafts, and what it costs in people's time.

    PYTHONPATH=. python benchmarks/certified.py GSM8K.jsonl [--drafts 1200] [--home FOLDER]

People's worked solutions of GSM8K are given to the embedded model without their last line; it is to read the answer out
of them, and is often wrong. The verifier `mathematics` knows the truth and is kept out of the screen. Then, many times
over: a simulated expert, who knows the truth and errs in one answer of ten, reviews some drafts, on which a probability
of being right is calibrated and a threshold chosen; then audits some of those that the threshold accepts; and what the
audits bound is held against the true share of wrong ones. Drafting takes most of an hour on two cores and is kept in
the home; the draws take minutes.
"""

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from outcross.certificate.bounds import rate_bound, sensitivity
from outcross.certificate.calibration import Calibrator, calibrate
from outcross.certificate.selection import promising
from outcross.data import recipe as recipes
from outcross.data.recipe import Recipe
from outcross.data.stores import arrivals, screening
from outcross.data.stores.home import Home
from outcross.serving.endpoint import connect
from outcross.serving.fleet import Fleet, Member
from outcross.settings import Settings
from outcross.tasks.drafting.engine import draft
from outcross.tasks.ingest import ingest
from outcross.tasks.screening.screen import screen, unjudged
from outcross.tasks.screening.suite import Screen
from outcross.validators.budget import seconds

ERRS = 0.1
"""How often the expert says the wrong thing."""

GOLD = 100
"""Wrong drafts, known to be wrong, by which it is measured how many the expert finds."""

REVIEWED = 200
"""Drafts that the probability is calibrated on."""

DELTA, HALF = 0.05, 0.025
"""The risk that a bound is too low, and the half of it that goes to either of its two parts."""

RECIPE = {
    "base": "jsonl",
    "about": "Final answers read out of people's worked solutions.",
    "source": {
        "licence": "MIT",
        "attestation": "the authors of GSM8K (Cobbe et al., arXiv:2110.14168)",
        "seed_share": 0.02,
        "heldout_share": 0.05,
        "target_share": 0.5,
        "fields": {"instruction": "question", "context": "working", "response": "answer"},
        "key": {"answer": "answer"},
    },
    "draft": {
        "examples": 2,
        "writes": ["response"],
        "system": "You read a problem with its worked solution and give the final answer: a number alone.",
        "ask": "{{ instruction }}\n\n{{ context }}",
        "given": {"instruction": "{{ instruction }}", "context": "{{ context }}"},
        "temperature": 0.3,
        "max_tokens": 30,
    },
}

SIGNALS = ("confidence", "grounded", "length", "near_duplicate", "quality", "repetition", "steps")


@dataclass(frozen=True)
class Drafts:
    """The drafts with their signals and the truth."""

    scores: np.ndarray
    """Shape (n, signals)."""
    right: np.ndarray
    accepted: np.ndarray
    """By the screen's rules."""
    minutes: np.ndarray
    """What an expert takes for each."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Whether the certificate keeps its promise.")
    parser.add_argument("gsm8k", type=Path)
    parser.add_argument("--drafts", type=int, default=1_200)
    parser.add_argument("--draws", type=int, default=2_000)
    parser.add_argument("--home", type=Path, default=Path(".certified"))
    options = parser.parse_args()
    drafts = _drafts(Home(options.home), options.gsm8k, options.drafts)
    print(
        f"{drafts.right.size:,} drafts, {drafts.right.mean():.1%} right; the screen's rules alone accept "
        f"{drafts.accepted.sum():,}, of which {drafts.right[drafts.accepted].mean():.1%} are right.\n"
    )
    print("| experts | audits | accepted | truly wrong | bound, median | promise broken | hours of an expert |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for experts in (1, 3):
        for audits in (60, 120, 208):
            print(_line(drafts, experts, audits, options.draws))


def _line(drafts: Drafts, experts: int, audits: int, draws: int) -> str:
    rng = np.random.default_rng(0)
    found = np.array(list(_draws(drafts, experts, audits, draws, rng)))
    bound, true, accepted, hours = found.T
    broken = (true > bound).mean()
    who = "one" if experts == 1 else "three, the majority"
    share, median = accepted.mean() / drafts.right.size, np.median(bound)
    figures = f"{share:.0%} | {true.mean():.1%} | {median:.1%} | {broken:.1%} | {hours.mean():.1f}"
    return f"| {who} | {audits} | {figures} |"


def _draws(
    drafts: Drafts, experts: int, audits: int, draws: int, rng: np.random.Generator
) -> Iterator[tuple[float, float, int, float]]:
    """Bound, true share of wrong ones, how many are accepted, and hours, of each draw."""
    size = drafts.right.size
    for _ in range(draws):
        reviewed = rng.permutation(size)[:REVIEWED]
        said = _say(drafts.right[reviewed], experts, rng)
        rest = np.setdiff1d(np.flatnonzero(drafts.accepted), reviewed)
        chance = _calibrated(drafts, reviewed, said)
        limit = promising(chance(drafts.scores[reviewed]), ~said, alpha=0.5)
        taken = rest[chance(drafts.scores[rest]) >= (limit if limit is not None else 1.0)]
        if taken.size < audits:
            taken = rest[np.argsort(-chance(drafts.scores[rest]), kind="stable")[: max(audits, taken.size)]]
        drawn = rng.permutation(taken)[:audits]
        wrong = ~_say(drafts.right[drawn], experts, rng)
        caught = (~_say(np.zeros(GOLD, dtype=bool), experts, rng)).sum()
        bound = rate_bound(int(wrong.sum()), wrong.size, HALF, sensitivity(int(caught), GOLD, HALF))
        minutes = drafts.minutes[reviewed].sum() + drafts.minutes[drawn].sum() + GOLD * drafts.minutes.mean()
        yield bound, float((~drafts.right[taken]).mean()), taken.size, experts * minutes / 60


def _calibrated(drafts: Drafts, reviewed: np.ndarray, said: np.ndarray) -> Calibrator:
    ones, each = np.ones(reviewed.size), np.arange(reviewed.size)
    return calibrate(SIGNALS, drafts.scores[reviewed], said, ones, each)[0]


def _say(right: np.ndarray, experts: int, rng: np.random.Generator) -> np.ndarray:
    """Whether the experts, by the majority, call each draft right."""
    errs = rng.random((experts, right.size)) < ERRS
    return (right[None, :] ^ errs).sum(axis=0) * 2 > experts


def _drafts(home: Home, gsm8k: Path, count: int) -> Drafts:
    recipe = _recipe(home, gsm8k)
    ingest(home, recipe)
    with connect(Settings(home=home.root, model_depth=0), home) as endpoint:
        print(draft(home, recipe, Fleet(members=(Member(endpoint=endpoint),)), count))
    screen(home, recipe, unjudged(home, recipe))
    return _judged(home, recipe)


def _recipe(home: Home, gsm8k: Path) -> Recipe:
    home.root.mkdir(parents=True, exist_ok=True)
    worked = home.root / "worked.jsonl"
    rows = []
    for line in gsm8k.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        working, _, answer = said["answer"].rpartition("####")
        plain = re.sub("<<[^>]*>>", "", working).strip()
        rows.append({"question": said["question"], "working": plain, "answer": answer.strip()})
    worked.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    table = RECIPE | {"source": RECIPE["source"] | {"path": str(worked.absolute())}}  # type: ignore[operator]
    # The answers are short, and the same answer to another problem is no repeat; the verifier stands for the truth.
    screened: dict[str, dict[str, float]] = {name: {} for name in (*SIGNALS, "shape", "refusal", "mathematics")}
    screened["near_duplicate"] = {"shortest": 8}
    screened["length"] = {"minimum": 1, "target": 1}
    screened["mathematics"] = {"reject_below": 0.0, "accept_from": 0.0}
    made = recipes.write(home, "gsm8k", table)
    return made.model_copy(update={"screen": screened})


def _judged(home: Home, recipe: Recipe) -> Drafts:
    made = Screen.of(recipe)
    said = screening.signals(home, recipe.name, made.keys)
    wide = said.pivot("validator", index="sample_id", values="score").sort("sample_id")
    outcomes = screening.verdicts(home, recipe.name, made.ruleset).select("sample_id", "outcome")
    rows = wide.join(outcomes, on="sample_id").drop_nulls("mathematics")
    ids = rows["sample_id"].to_list()
    texts = arrivals.drafts(home, recipe.name, ids).select("sample_id", size=pl.col("content").str.len_chars())
    sizes = rows.join(texts, on="sample_id", maintain_order="left")["size"].cast(pl.Float64).to_numpy()
    return Drafts(
        scores=rows.select(SIGNALS).to_numpy(),
        right=(rows["mathematics"] == 1).to_numpy(),
        accepted=(rows["outcome"] == "accepted").to_numpy(),
        minutes=seconds(sizes) / 60,
    )


if __name__ == "__main__":
    main()
