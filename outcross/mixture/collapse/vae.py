"""A variational autoencoder of small images: an encoder and a decoder with one hidden layer each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad

from outcross.mixture.text.counts import Floats

LATENT, HIDDEN = 8, 96
BATCH, RATE = 100, 1e-2
PRECISION = 5.0
"""1 / variance of a pixel about the decoder's mean. Smaller, and the drawings narrow more: here they keep 0.44 of the
variance of real digits."""

Layers = list[Any]


@dataclass(frozen=True, eq=False)
class Vae:
    """A fitted model."""

    layers: Layers
    """Weights and biases in turn: two layers of the encoder, two of the decoder."""

    @classmethod
    def fit(cls, images: Floats, weights: Floats, steps: int, rng: np.random.Generator) -> "Vae":
        """Raise the evidence bound by Adam, on batches that are drawn by weight.

        Args:
            images: pixels in [0, 1], shape (n_images, n_pixels).
            weights: >= 0, shape (n_images,).
            steps: batches of 100.
            rng: for the beginning, the batches and the noise.

        Source:
            Kingma and Welling, arXiv 1312.6114; Kingma and Ba, arXiv 1412.6980.
        """
        pixels = images.shape[1]
        sizes = [(pixels, HIDDEN), (HIDDEN, 2 * LATENT), (LATENT, HIDDEN), (HIDDEN, pixels)]
        layers: Layers = []
        for rows, columns in sizes:
            layers += [rng.normal(size=(rows, columns)) / np.sqrt(rows), np.zeros(columns)]
        chosen = rng.choice(len(images), size=(steps, BATCH), p=weights / weights.sum())
        noise = rng.normal(size=(steps, BATCH, LATENT))
        return cls(_descended(layers, lambda step: (images[chosen[step]], noise[step]), steps))

    def sample(self, n_images: int, rng: np.random.Generator) -> Floats:
        """Images as the decoder's means, without the pixels' noise; shape (n_images, n_pixels), in (0, 1)."""
        return np.asarray(_decoded(self.layers, rng.normal(size=(n_images, LATENT))))


def _decoded(layers: Layers, latent: Any) -> Any:  # noqa: ANN401  # arrays, or autograd's boxes of them
    return 1 / (1 + anp.exp(-anp.tanh(latent @ layers[4] + layers[5]) @ layers[6] - layers[7]))


def _loss(layers: Layers, images: Floats, noise: Floats) -> Any:  # noqa: ANN401  # a float in autograd's box
    """The negative evidence bound per image, without its constants."""
    code = anp.tanh((images - 0.3) @ layers[0] + layers[1]) @ layers[2] + layers[3]
    mean, log_variance = code[:, :LATENT], code[:, LATENT:]
    seen = _decoded(layers, mean + anp.exp(log_variance / 2) * noise)
    error = PRECISION / 2 * anp.sum((seen - images) ** 2)
    divergence = anp.sum(anp.exp(log_variance) + mean**2 - 1 - log_variance) / 2
    return (error + divergence) / len(images)


def _descended(layers: Layers, batch: Callable[[int], tuple[Floats, Floats]], steps: int) -> Layers:
    """Adam with a rate that falls to 0 as a cosine does."""
    gradient = value_and_grad(_loss)
    first, second = ([np.zeros_like(layer) for layer in layers] for _ in range(2))
    for step in range(steps):
        _, slopes = gradient(layers, *batch(step))
        rate = RATE * (1 + np.cos(np.pi * step / steps)) / 2
        rate *= np.sqrt(1 - 0.999 ** (step + 1)) / (1 - 0.9 ** (step + 1))
        first = [mean + 0.1 * (slope - mean) for mean, slope in zip(first, slopes, strict=True)]
        second = [square + 0.001 * (slope**2 - square) for square, slope in zip(second, slopes, strict=True)]
        moves = [rate * mean / (np.sqrt(square) + 1e-8) for mean, square in zip(first, second, strict=True)]
        layers = [layer - move for layer, move in zip(layers, moves, strict=True)]
    return layers
