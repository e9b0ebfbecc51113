"""A guesser for tests: whether anything that a browser is told gives two sorts of item away."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

TOKEN = re.compile(r"<[^>]*>|\w+|[^\w\s]")
RARE = 8
"""Things seen that a trait must set apart from the rest: what is drawn anew for each tells nothing."""
FOLDS = 5
RIDGE = 10.0

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def traits(value: object, path: str = "") -> Iterator[tuple[str, float]]:
    """All of a JSON value as numbers with names: sizes, ends, and which words and tags stand where."""
    yield f"{path}:{type(value).__name__}", 1.0
    match value:
        case bool() | int() | float():
            yield path, float(value)
        case str():
            yield f"{path}#", float(len(value))
            yield f"{path}^", float(ord(value[:1] or "\0"))
            yield f"{path}$", float(ord(value[-1:] or "\0"))
            for token in TOKEN.findall(value):
                yield f"{path}~{token}", 1.0
        case Mapping():
            yield f"{path}#", float(len(value))
            for place, (name, inner) in enumerate(value.items()):
                yield f"{path}.{name}@", float(place)
                yield from traits(inner, f"{path}.{name}")
        case list() | tuple():
            yield f"{path}#", float(len(value))
            for inner in value:
                yield from traits(inner, f"{path}[]")


def table(seen: Sequence[Any]) -> Floats:
    """A row for each thing seen, a column for each trait that sets some apart, of mean 0 and deviation 1."""
    rows: list[dict[str, float]] = []
    for one in seen:
        row: dict[str, float] = {}
        for name, number in traits(one):
            row[name] = row.get(name, 0.0) + number
        rows.append(row)
    borne = Counter(name for row in rows for name in row)
    names = sorted(name for name, times in borne.items() if times >= RARE)
    found = np.array([[row.get(name, 0.0) for name in names] for row in rows])
    found = found[:, (found != np.median(found, axis=0)).sum(axis=0) >= RARE]
    return (found - found.mean(axis=0)) / found.std(axis=0)


def guessed(seen: Sequence[Any], secret: Bools) -> float:
    """How well a logistic regression tells secret things from others that it didn't learn from: AUC, .5 by chance."""
    features = table(seen)
    features = np.hstack([features, np.ones((len(features), 1))])
    fold = np.random.default_rng(0).permutation(len(secret)) % FOLDS
    areas = []
    for number in range(FOLDS):
        learnt = _fitted(features[fold != number], secret[fold != number])
        areas.append(area(features[fold == number] @ learnt, secret[fold == number]))
    return float(np.mean(areas))


def _fitted(features: Floats, secret: Bools) -> Floats:
    """Weights of a ridge-penalised logistic regression, by Newton's method."""
    weights = np.zeros(features.shape[1])
    for _ in range(8):
        chance = 1 / (1 + np.exp(-np.clip(features @ weights, -30, 30)))
        slope = features.T @ (secret - chance) - RIDGE * weights
        curve = (features * (chance * (1 - chance))[:, None]).T @ features + RIDGE * np.eye(len(weights))
        weights += np.linalg.solve(curve, slope)
    return weights


def area(scores: Floats, secret: Bools) -> float:
    """The chance that a secret one scores above another (AUC), from ranks, so that no outlier counts for more."""
    ranks = rankdata(scores)
    many = int(secret.sum())
    return float((ranks[secret].sum() - many * (many + 1) / 2) / (many * (len(secret) - many)))
