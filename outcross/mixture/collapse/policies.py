"""The ways to mix what people wrote with what models wrote that every experiment is run under."""

POLICIES = {
    "human": "human only",
    "replace": "replace",
    "accumulate": "accumulate",
    "share": "a tenth human",
    "golden": "golden weight",
    "depth1": "depth 1",
    "ours": "ours",
}
"""Short titles by key, in the order in which they are shown."""

MEANINGS = {
    "human": "Each generation is fitted to the human rows alone. The control: what nothing below can beat for nothing.",
    "replace": "Each generation is fitted to what the last one wrote, and to nothing else.",
    "accumulate": "Each generation is fitted to the human rows and to all that any generation wrote, rows alike.",
    "share": "A constant budget of rows: a tenth of them human, the others from the last generation.",
    "golden": "Human rows and as many from the last generation; the human ones hold 0.618 of the weight.",
    "depth1": "The same weights, but all synthetic rows come from generation 0, which saw human rows only.",
    "ours": "Depth 1, the same weights, strata pinned to their human shares, and rare content not allowed to thin.",
}
"""What each policy does, in a sentence."""

GOLDEN = 0.6180339887498949
"""Weight on human rows at one synthetic row each: (sqrt(5) - 1) / 2 (He, Xu and Cheng, arXiv 2502.18049)."""

SHARE = 0.1
"""Human share of the budget under `share`."""

MARKS = (0, 50, 100, 150, 200, 350, 2000)
"""Generations at which the original paper shows its pictures (Shumailov et al., arXiv 2305.17493)."""
