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
    "lopsided": "A constant budget of rows: 30 % of them human, but all of those from one of the two strata.",
}
"""What each policy does, in a sentence."""

GOLDEN = 0.6180339887498949
"""Weight on human rows at one synthetic row each: (sqrt(5) - 1) / 2 (He, Xu and Cheng, arXiv 2502.18049)."""

SHARE = 0.1
"""Human share of the budget under `share`."""

MARKS = (0, 50, 100, 150, 200, 350, 2000)
"""Generations at which the original paper shows its pictures (Shumailov et al., arXiv 2305.17493)."""

WEIGHTS = {"human": 1.0, "replace": 0.0, "share": SHARE, "golden": GOLDEN, "depth1": GOLDEN, "ours": GOLDEN}
"""Weight on the human rows where it doesn't change; the others are what was written last."""

DEPTH_ONE = ("depth1", "ours")
"""Policies whose synthetic rows all come from generation 0."""


def weight(policy: str, generation: int) -> float:
    """Weight on what is kept: on the human rows, or under `accumulate` on the pool of all generations before.

    Args:
        generation: from 1; each writes as many rows as there are human ones.
    """
    return generation / (generation + 1) if policy == "accumulate" else WEIGHTS[policy]


EXTRAS = {"components": {"lopsided": "30 %, one stratum"}}
"""Titles of policies that one experiment alone is run under as well, by experiment and key."""
