"""Profiles: for each kind of sample, the validators that look at it and the limits that suit it."""

from collections.abc import Mapping

from outcross.errors import RecipeError

Settings = Mapping[str, Mapping[str, float]]
"""Validator → its limits and the keys of its rule, as in a recipe's `[screen]` tables."""

# An answer of a few words may be one that many tasks share, and a held-out text that a few words repeat is chance.
_EVERYWHERE: Settings = {
    "shape": {"wrapped": 1.0},
    "quality": {},
    "language": {},
    "repetition": {},
    "near_duplicate": {"shortest": 8},
    "heldout_overlap": {},
    "personal": {},
    "secrets": {},
    "toxicity": {},
    "confidence": {},
}

CHAT: Settings = {
    **_EVERYWHERE,
    "refusal": {"remark": 1.0},
    "length": {"minimum": 0, "target": 0, "maximum": 1_500},
    # An answer that rewrites, translates or mends repeats what it was given.
    "copied": {"prompt_run": 40},
    "steps": {},
    "grounded": {},
}
"""Instructions and conversations: an answer may be a word, a symbol, a list or a program, and greet its user."""

REASONING: Settings = {
    **_EVERYWHERE,
    "refusal": {},
    # Worked steps share their phrases: "so the number of ... is". Only a loop makes most of them.
    "repetition": {"reject_below": 0.3, "accept_from": 0.5},
    "quality": {"symbols": 0.7},
    "length": {"minimum": 0, "target": 0, "maximum": 8_000, "characters": 60_000},
    "repeated_task": {},
    "steps": {},
}
"""Problems worked out in steps: long, full of symbols, alike in their phrases; the same problem counts once."""

PREFERENCE: Settings = {**CHAT, "pair": {}}
"""Pairs: the better answer is judged as in a chat, and the two against each other."""

CODE: Settings = {
    **_EVERYWHERE,
    "refusal": {"remark": 1.0},
    # Statements of one form, such as rows of a table or assertions of a test, repeat most of their words.
    "repetition": {"reject_below": 0.15, "accept_from": 0.3},
    "quality": {"symbols": 0.7, "upper_case": 1.0, "mashed": 0.8, "longest_word": 2_000},
    "length": {"minimum": 0, "target": 0, "maximum": 5_000, "characters": 60_000},
    "copied": {"prompt_run": 400},
}
"""Programs and patches: symbols, capitals and repeated statements are its usual form."""

TRAJECTORY: Settings = {
    **_EVERYWHERE,
    "refusal": {"remark": 1.0},
    "quality": {"symbols": 0.7},
    "length": {"minimum": 0, "target": 0, "maximum": 5_000, "prompt_maximum": 60_000, "prompt_characters": 600_000},
}
"""Turns with tool calls: what comes before the last answer is long, and holds what tools gave back."""

TEXT: Settings = {
    **_EVERYWHERE,
    "refusal": {},
    "length": {"minimum": 5, "target": 20, "maximum": 30_000, "characters": 200_000},
}
"""Prose without a task: whole paragraphs, in nothing's answer."""

PROFILES: Mapping[str, Settings] = {
    "chat": CHAT,
    "reasoning": REASONING,
    "preference": PREFERENCE,
    "code": CODE,
    "trajectory": TRAJECTORY,
    "text": TEXT,
}

BY_KIND: Mapping[str, str] = {
    "instruction": "chat",
    "preference": "preference",
    "reasoning": "reasoning",
    "conversation": "chat",
    "trajectory": "trajectory",
    "text": "text",
}
"""Kind of sample → the profile that suits it where a recipe names none."""


def settings(profile: str | None, screen: Settings) -> dict[str, dict[str, float]]:
    """The tables of a profile with a recipe's own `[screen]` tables laid over them, key by key.

    A recipe takes a profile's validator out of the decision with `reject_below = 0` and `accept_from = 0`.

    Args:
        profile: one of `PROFILES`, or None for the recipe's own tables alone.
        screen: the recipe's tables.

    Raises:
        RecipeError: there is no profile of that name.
    """
    if profile is not None and profile not in PROFILES:
        raise RecipeError(f"there is no profile {profile!r} to screen by; take one of {', '.join(sorted(PROFILES))}.")
    base = PROFILES[profile] if profile is not None else {}
    return {name: {**base.get(name, {}), **screen.get(name, {})} for name in (*base, *screen)}
