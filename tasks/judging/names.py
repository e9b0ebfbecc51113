"""The judges' names, for who must tell their tables from validators' without loading all that asks models."""

NAMES = frozenset({"perplexity", "difficulty", "reward", "rubric"})
