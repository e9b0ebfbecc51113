"""What the page says beside each experiment, before a number is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from outcross.tasks.drawing.axes import Scale


@dataclass(frozen=True)
class Measure:
    """How a measure is shown."""

    title: str
    scale: Scale = "linear"
    better: str = ""
    """Which way is good, in a word or two."""


@dataclass(frozen=True)
class Caption:
    """An experiment's heading, what it does, and its measures; those that aren't named are shown by their own name."""

    title: str
    lead: str
    measures: Mapping[str, Measure] = field(default_factory=dict)
    pictures: str = ""
    """What its pictures show."""

    def of(self, measure: str) -> Measure:
        scale: Scale = "log" if "perplexity" in measure else "linear"
        return self.measures.get(measure, Measure(measure[:1].upper() + measure[1:], scale))


CAPTIONS = {
    "gaussian": Caption(
        "One Gaussian",
        "The truth is a bell curve. Each generation sees 100 numbers, takes their mean and spread, and writes the next "
        "100. Two engines are shown apart: the noise of a finite sample, and a generator that writes a tenth less "
        "variance than it learnt, as temperatures, filters and quality gates do. Medians of 1,000 runs.",
        {
            "spread": Measure("Spread, noise alone", better="1 is the truth"),
            "distance": Measure("Distance to the truth, noise alone", better="0 is the truth"),
            "spread, narrowed": Measure("Spread, with narrowing", better="1 is the truth"),
            "distance, narrowed": Measure("Distance to the truth, with narrowing", better="0 is the truth"),
        },
    ),
    "components": Caption(
        "Two components in the plane",
        "The pictures of the original paper. People write from two clouds, 70 and 30 % of the rows; each generation "
        "sees 500 rows, fits two Gaussians to them, and writes the next 500. Medians of ten runs; the pictures show "
        "what the first of them writes.",
        {
            "distance": Measure("Distance to the truth", better="0 is the truth"),
            "spread": Measure("Spread inside components", better="0.7 is the truth"),
            "smaller component": Measure("Share of the smaller component", better="0.3 is the truth"),
        },
        "What the model writes, by generation",
    ),
    "zipf": Caption(
        "A long tail of rare symbols",
        "A Zipf law over 20,000 symbols, as words of a language have. Each generation counts 100,000 symbols and "
        "writes as many from those counts, by top-p 0.95: it leaves out the rarest that hold 5 % of the mass. The tail "
        "is the rarest symbols that hold a tenth of the truth.",
        {
            "symbols": Measure("Symbols in training", "log"),
            "tail mass": Measure("Tail mass kept", better="1 is the human sample"),
            "entropy": Measure("Entropy in bits"),
            "symbols, no cut": Measure("Symbols, noise alone", "log"),
            "tail mass, no cut": Measure("Tail mass, noise alone", better="1 is the human sample"),
            "entropy, no cut": Measure("Entropy in bits, noise alone"),
        },
    ),
    "language": Caption(
        "A language model on real text",
        "A word-trigram model is trained on paragraphs that people wrote, and writes the text that the next one is "
        "trained on. Perplexity is measured on paragraphs that no model saw.",
        pictures="A paragraph as the last model writes it",
    ),
    "digits": Caption(
        "A model of handwritten digits",
        "A small variational autoencoder learns long-tailed digits and draws those that the next one learns from. What "
        "it draws is the mean of what it imagines, which narrows as text models do at low temperature.",
        pictures="Digits as the model draws them, by generation",
    ),
    "transformer": Caption(
        "A small transformer on real text",
        "One model, fine-tuned each generation on what the last one wrote.",
        pictures="A paragraph as the last model writes it",
    ),
}
"""By experiment."""
