"""Handwritten digits from a variational autoencoder that learns from its own drawings: what the eye can see of it.

The human set is long-tailed, and what is drawn is the decoder's mean, which narrows as a low temperature does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.linalg import sqrtm
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from outcross.mixture.collapse.policies import DEPTH_ONE, SHARE, WEIGHTS
from outcross.mixture.collapse.result import Result, curves, figure, survived
from outcross.mixture.collapse.vae import Vae
from outcross.mixture.text.counts import Floats

CLASSES = (138, 120, 80, 60, 48, 40, 34, 30, 26, 24)
"""Human images of each digit, 600 in all: shares like 1 / rank, but for the first, of which no more can be spared."""

GENERATIONS, QUICK = 10, 5
STEPS = 600
"""Of training, each generation from a beginning of its own."""

CANDIDATES = 4
"""Drawings for each one that is kept under verification."""

MARGIN = 0.8
"""What verification asks for: the first class must be so much more probable than the second."""

MEASURED = 2_000
"""Drawings of a model that it is measured by."""

COMPONENTS = 40
"""Principal components in which distances are taken: 99 % of the variance."""

PRESENT = 0.01
"""Share of the drawings from which on a digit counts as alive."""

DRAWN, GRID = (0, 1, 5, 10), 5
"""Generations of which pictures are kept, as a square of so many digits a side."""

REASONS = {
    "human": "a model's drawings are blurred, but no generation blurs them further",
    "replace": "each mean of means is greyer, until one grey digit is left",
    "accumulate": "people's digits are soon a small part of the pool, and the narrowing goes on",
    "share": "sixty images can't hold what six hundred knew",
    "golden": "people's digits hold the weight, and the rest narrows a little further each time",
    "depth1": "the drawings are narrowed once, and never again",
    "ours": "only drawings that can be told for a digit count, and each digit as much as among people's",
}

Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Digits:
    """Real images, in two parts that share none."""

    human: Floats
    """To learn from, shape (600, 64), in [0, 1]."""
    labels: Labels
    real: Floats
    """To measure by, shape (1197, 64)."""
    real_labels: Labels

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Digits":
        """scikit-learn's 1,797 digits (Alpaydin and Kaynak, 1998), parted by chance."""
        images, labels = load_digits(return_X_y=True)
        chosen = np.concatenate([rng.permutation(np.flatnonzero(labels == k))[:n] for k, n in enumerate(CLASSES)])
        rest = np.setdiff1d(np.arange(labels.size), chosen)
        return cls(images[chosen] / 16, labels[chosen], images[rest] / 16, labels[rest])

    @cached_property
    def shares(self) -> Floats:
        """Each digit's share of the human images, shape (10,)."""
        return np.bincount(self.labels, minlength=10) / self.labels.size

    @cached_property
    def verifier(self) -> LogisticRegression:
        """Learnt from the human images: what whoever makes a data set has."""
        return LogisticRegression(max_iter=1_000).fit(self.human, self.labels)

    @cached_property
    def judge(self) -> LogisticRegression:
        """Learnt from the others, so that no drawing is judged by what let it through."""
        return LogisticRegression(max_iter=1_000).fit(self.real, self.real_labels)

    @cached_property
    def space(self) -> PCA:
        """Principal components of the real images."""
        return PCA(COMPONENTS, svd_solver="full").fit(self.real)

    @cached_property
    def moments(self) -> tuple[Floats, Floats]:
        """Mean and covariance of the real images in that space, each digit weighing what it does in the human set."""
        weights = (self.shares / np.bincount(self.real_labels))[self.real_labels]
        places = self.space.transform(self.real)
        return weights @ places, np.cov(places.T, aweights=weights)


def run(policy: str, *, seed: int = 0, generations: int | None = None, quick: bool = False) -> Result:
    """The models of all generations under one policy, with pictures of what they draw.

    Args:
        policy: a key of `POLICIES`.
        seed: of the whole experiment; the human images are the same under all policies.
        generations: how many; 10 where None, or 5 for a quick run.
        quick: see `generations`.
    """
    last = generations or (QUICK if quick else GENERATIONS)
    digits = Digits.drawn(np.random.default_rng([seed, 0]))
    eye = np.random.default_rng([seed, 2])
    lines, drawn = [], []
    for number, model in enumerate(chain(policy, digits, seed=seed, generations=last)):
        images = model.sample(MEASURED, eye)
        lines.append(measured(digits, images))
        if number in DRAWN or number == last:
            drawn.append(_picture(policy, number, images[: GRID**2]))
    found = {name: np.array([line[name] for line in lines]) for name in lines[0]}
    left = {name: float(values[-1]) for name, values in found.items()}
    said = (
        f"After {last} generations {figure(left['Vendi score'])} kinds of drawing are left of "
        f"{figure(found['Vendi score'][0])}, {left['digits']:.0f} of the ten digits, and the distance to real ones is "
        f"{figure(left['Fréchet distance'])} after {figure(found['Fréchet distance'][0])}: {REASONS[policy]}."
    )
    return Result(
        "digits", curves(policy, np.arange(last + 1), found), survived(policy, left), pl.concat(drawn), {policy: said}
    )


def chain(policy: str, digits: Digits, *, seed: int, generations: int) -> Iterator[Vae]:
    """The model of each generation, generation 0's first, which learns from the human images alone."""
    rng = np.random.default_rng([seed, 1])
    images, weights = digits.human, np.ones(len(digits.human))
    first = model = Vae.fit(images, weights, STEPS, rng)
    yield model
    for _ in range(generations):
        if policy != "human":
            written, factors = _written(policy, digits, first if policy in DEPTH_ONE else model, rng)
            images, weights = _mixed(policy, digits, images, weights, written, factors)
        model = Vae.fit(images, weights, STEPS, rng)
        yield model


def measured(digits: Digits, images: Floats) -> dict[str, float]:
    """How drawings compare with real digits, a value a measure.

    The classification score is the share of each real digit that its nearest drawing names, in the mean over digits
    (Ravuri and Vinyals, arXiv 1905.10887, with one neighbour); the judge names the drawings.
    """
    named = digits.judge.predict(images)
    mean, covariance = digits.moments
    places = digits.space.transform(images)
    nearest = KNeighborsClassifier(1).fit(images, named).predict(digits.real)
    hits = np.bincount(digits.real_labels, nearest == digits.real_labels, 10) / np.bincount(digits.real_labels)
    return {
        "Fréchet distance": frechet(places.mean(axis=0), np.cov(places.T), mean, covariance),
        "Vendi score": vendi(places),
        "variance kept": float(places.var(axis=0).sum() / np.trace(covariance)),
        "digits": float(np.count_nonzero(np.bincount(named, minlength=10) >= PRESENT * len(images))),
        "classification score": float(hits.mean()),
    }


def frechet(mean: Floats, covariance: Floats, other_mean: Floats, other_covariance: Floats) -> float:
    """The squared Wasserstein-2 distance between two Gaussians (Dowson and Landau 1982; Heusel et al. 1706.08500)."""
    root = np.real(sqrtm(other_covariance))
    # The trace of (A B)^(1/2) by eigenvalues of a symmetric matrix, which stays exact where one is singular.
    middle = np.sqrt(np.clip(np.linalg.eigvalsh(root @ covariance @ root), 0, None)).sum()
    return float(((mean - other_mean) ** 2).sum() + np.trace(covariance) + np.trace(other_covariance) - 2 * middle)


def vendi(places: Floats) -> float:
    """The effective number of different things: exp of the entropy of the cosine kernel's eigenvalues / n.

    Shape (n_things, n_features). Source: Friedman and Dieng, arXiv 2210.02410; the eigenvalues are those of the
    features' own matrix, which is smaller.
    """
    unit = places / np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-12)
    values = np.linalg.eigvalsh(unit.T @ unit / len(unit))
    values = values[values > 1e-12]
    return float(np.exp(-(values * np.log(values)).sum()))


def verified(digits: Digits, images: Floats) -> tuple[Floats, Floats]:
    """The drawings that are clearly some digit, and weights by which digits have their human shares, mean 1."""
    probability = digits.verifier.predict_proba(images)
    second, first = np.sort(probability, axis=1)[:, -2:].T
    passed = first - second >= MARGIN
    named = probability[passed].argmax(axis=1)
    have = np.bincount(named, minlength=10)
    weights = (digits.shares / np.maximum(have, 1))[named]
    return images[passed], weights / weights.mean()


def _written(policy: str, digits: Digits, model: Vae, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """What a generation adds, with weights of mean 1."""
    n_images = len(digits.human)
    if policy == "ours":
        return verified(digits, model.sample(CANDIDATES * n_images, rng))
    if policy == "share":
        n_images -= round(SHARE * n_images)
    return model.sample(n_images, rng), np.ones(n_images)


def _mixed(
    policy: str, digits: Digits, images: Floats, weights: Floats, written: Floats, factors: Floats
) -> tuple[Floats, Floats]:
    """What the next generation learns from: the images and how often each is drawn."""
    if policy == "accumulate":
        return np.concatenate([images, written]), np.concatenate([weights, factors])
    human = digits.human
    if policy == "share":
        human = human[:: round(1 / SHARE)]
    share = WEIGHTS[policy]
    return np.concatenate([human, written]), np.concatenate(
        [np.full(len(human), share / len(human)), (1 - share) * factors / len(written)]
    )


def _picture(policy: str, generation: int, images: Floats) -> pl.DataFrame:
    """A square of digits, as pixels with their places."""
    square = images.reshape(GRID, GRID, 8, 8).transpose(0, 2, 1, 3).reshape(8 * GRID, 8 * GRID)
    y, x = np.indices(square.shape)
    return pl.DataFrame(
        {"policy": policy, "generation": generation, "x": x.ravel(), "y": y.ravel(), "shade": square.ravel()},
        schema_overrides={"generation": pl.Int64},
    )
