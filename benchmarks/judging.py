"""What the embedded model's grades cost, and what they are worth on answers known to be right or wrong.

Half of some human solutions of GSM8K stand as they are. A quarter gets a wrong result: another number in the last line
and in the answer. A quarter is another problem's solution, which a judge that reads at all should notice.

    PYTHONPATH=. python benchmarks/judging.py GSM8K.jsonl [--count 60]
"""

import argparse
import json
import random
import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from outcross.data import recipe as recipes
from outcross.data.samples import Generation, Origin, Provenance, Reasoning, Sample
from outcross.data.stores import journal, judgings, screening
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft
from outcross.serving.endpoint import connect
from outcross.settings import from_environment
from outcross.tasks.judging.judge import judge, signal_keys

SETS = ("slip", "another")


def solutions(path: Path, count: int) -> list[Reasoning]:
    """Human solutions without the calculator's marks."""
    made = []
    for line in path.read_text(encoding="utf-8").splitlines()[:count]:
        row = json.loads(line)
        working, answer = re.sub(r"<<[^>]*>>", "", row["answer"]).rsplit("\n#### ", 1)
        made.append(
            Reasoning(problem=row["question"], steps=tuple(filter(str.strip, working.split("\n"))), answer=answer)
        )
    return made


def spoilt(solution: Reasoning, other: Reasoning, manner: str, chance: random.Random) -> Reasoning:
    """The same problem with a wrong solution."""
    if manner == "another":
        return solution.model_copy(update={"steps": other.steps, "answer": other.answer})
    value = int(solution.answer.replace(",", ""))
    wrong = str(max(value + chance.choice([-10, -3, -2, -1, 1, 2, 3, 10]), 0) if value != 1 else 4)
    last = re.sub(rf"(?<!\d){re.escape(solution.answer)}(?!\d)", wrong, solution.steps[-1])
    return solution.model_copy(update={"steps": (*solution.steps[:-1], last), "answer": wrong})


def auc(right: Sequence[float], wrong: Sequence[float]) -> float:
    """Probability that a right answer scores above a wrong one, ties counting half."""
    differences = np.subtract.outer(np.array(right), np.array(wrong))
    return float(((differences > 0) + 0.5 * (differences == 0)).mean())


def interval(right: Sequence[float], wrong: Sequence[float]) -> tuple[float, float]:
    """The middle 95 % of 2,000 resamplings."""
    draw = np.random.default_rng(1)
    again = [auc(draw.choice(right, len(right)), draw.choice(wrong, len(wrong))) for _ in range(2000)]
    return float(np.quantile(again, 0.025)), float(np.quantile(again, 0.975))


def sample(content: Reasoning) -> Sample:
    generation = Generation(model="benchmark", weights_digest=None)
    provenance = Provenance(
        origin=Origin.SYNTHETIC, depth=1, stratum="all", source="gsm8k", licence="MIT", generation=generation
    )
    return Sample(content=content, provenance=provenance)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--count", type=int, default=60)
    options = parser.parse_args()
    chance = random.Random(1)
    whole = solutions(options.file, options.count)
    with tempfile.TemporaryDirectory() as folder, connect(from_environment(), Home(Path(folder))) as endpoint:
        home = Home(Path(folder))
        mine = recipes.load(home, "champ").model_copy(update={"name": "judged", "screen": {"rubric": {}}})
        truth: dict[str, str] = {}
        for place, solution in enumerate(whole):
            half = ("right", *SETS)[place % 4 // 2 * (1 + place % 2)]
            content = solution if half == "right" else spoilt(solution, whole[place - 1], half, chance)
            made = sample(content)
            truth[made.sample_id] = half
            key = {"request_key": f"{place}", "setup": "s", "rank": f"{place:06}", "model": "benchmark"}
            journal.write(home, mine.name, [Draft(**key, state="drafted", sample=made)])
        began = time.monotonic()
        judge(home, mine, endpoint, list(truth))
        took = time.monotonic() - began
        print(judgings.spent(home, mine.name))
        print(f"{took:.0f} s in all, {took / len(truth):.2f} s a sample, with {endpoint.model}")
        found = screening.signals(home, mine.name, signal_keys(home, mine))
        scores: dict[str, list[float]] = {name: [] for name in ("right", *SETS)}
        for sample_id, score in found.select("sample_id", "score").iter_rows():
            if score is not None:
                scores[truth[sample_id]].append(score)
        for row in found.sample(min(4, found.height), seed=1).iter_rows(named=True):
            print(truth[row["sample_id"]], row["score"], row["reason"] or row["failure"])
        scores["either"] = scores["slip"] + scores["another"]
        for name in (*SETS, "either"):
            right, wrong = scores["right"], scores[name]
            r = np.corrcoef([*right, *wrong], [1] * len(right) + [0] * len(wrong))[0, 1]
            low, high = interval(right, wrong)
            print(
                f"{name}: {len(right)} right, mean {np.mean(right):.3f}; {len(wrong)} wrong, mean {np.mean(wrong):.3f}"
            )
            print(f"  AUC {auc(right, wrong):.3f} [{low:.3f}, {high:.3f}], correlation {r:+.3f}")


if __name__ == "__main__":
    main()
