"""Text as numbers: words, tails, contraction, tilts, and language models that count."""
