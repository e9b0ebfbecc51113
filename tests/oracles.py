"""Other people's implementations to compare with, each in a process of its own.

`krippendorff` is licensed GPL-3, so it is never imported beside our code. `crowdkit` asks for scikit-learn as soon
as its package is imported, though the model we compare with doesn't need it; only that model's files are loaded.
"""

import importlib.util
import json
import subprocess
import sys
from typing import Any

import pytest

KRIPPENDORFF = """
import json, sys
import krippendorff
print(json.dumps([
    krippendorff.alpha([[float("nan") if x is None else x for x in row] for row in table], level_of_measurement=level)
    for level in ["nominal"] for table in json.load(sys.stdin)
]))
"""

CROWDKIT = """
import importlib.util, json, sys, types
root = importlib.util.find_spec("crowdkit").submodule_search_locations[0]
for name in ("aggregation", "aggregation.classification"):
    package = types.ModuleType(f"crowdkit.{name}")
    package.__path__ = [f"{root}/{name.replace('.', '/')}"]
    sys.modules[package.__name__] = package
import pandas as pd
from crowdkit.aggregation.classification.dawid_skene import DawidSkene
rows, gold, rounds = json.load(sys.stdin)
rows = pd.DataFrame(rows, columns=["task", "worker", "label"])
found = DawidSkene(n_iter=rounds, tol=-1.0).fit(rows, pd.Series(dict(gold)))
print(json.dumps({
    "posterior": found.probas_.sort_index(axis=0).sort_index(axis=1).to_numpy().tolist(),
    "confusion": [
        found.errors_.loc[worker].sort_index(axis=0).sort_index(axis=1).to_numpy().T.tolist()
        for worker in sorted(set(rows["worker"]))
    ],
    "prior": found.priors_.sort_index().tolist(),
}))
"""


def krippendorff_alphas(tables: list[list[list[int | None]]]) -> list[float]:
    """Alpha of each table (reviewers by items, None for missing)."""
    return answered("krippendorff", KRIPPENDORFF, tables)


def crowdkit_dawid_skene(rows: list[list[int]], gold: list[list[int]], rounds: int) -> dict[str, Any]:
    """Posterior, prior and confusion by maximum likelihood, after that many rounds.

    Args:
        rows: item, reviewer and label of each judgement.
        gold: item and class of each known item.
        rounds: how many.
    """
    return answered("crowdkit", CROWDKIT, (rows, gold, rounds))


def answered(library: str, code: str, question: object) -> Any:
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} isn't installed, so there is nothing to compare with")
    done = subprocess.run([sys.executable, "-c", code], input=json.dumps(question), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
