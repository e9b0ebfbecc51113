"""Randomness: whether a string was drawn by a machine, as keys are, or made up by a person, as placeholders are."""

import math
import re
from collections import Counter

_MADE_UP = re.compile(
    r"x{4,}|\*{3,}|\.{3}|…|0{6,}|1234567|abcdef|qwerty|deadbeef|example|sample|dummy|fake|placeholder|redacted|"
    r"change_?me|replace|insert|secret|password|passw0rd|hunter2|s3cr3t|token|your|here|todo|none|null|test|demo|"
    r"foo_?bar|admin|default|user|hidden|masked|random|value|correct-?horse",
    re.I,
)
_VARIABLE = re.compile(
    r"[<{\[(%$].*|.*[>})\]%;]|[\w-]*\(.*|[A-Za-z_][\w-]{0,99}(?:\.[A-Za-z_][\w-]{0,99}){1,9}|[/~.]{1,2}[\w./-]*|"
    r"[a-z]{2,9}://.*",
    re.S,
)


def entropy(text: str) -> float:
    """Bits per character of the text's own distribution of characters (Shannon 1948), 0 for an empty text."""
    counts = Counter(text).values()
    return -math.fsum(count / len(text) * math.log2(count / len(text)) for count in counts)


def is_random(text: str, bits: float) -> bool:
    """Whether a key of a known form holds `bits` per character or more, and no word that people put where keys go."""
    return entropy(text) >= bits and not _MADE_UP.search(text)


def is_password(text: str) -> bool:
    """Whether what is assigned looks drawn: letters and digits, 3 bits per character, and no variable, call or path.

    Passwords that people can remember are told from words by no pattern, and are passed over.
    """
    mixed = re.search(r"\d", text) and re.search(r"[A-Za-z]", text)
    return bool(mixed) and is_random(text, 3.0) and not _VARIABLE.fullmatch(text)
