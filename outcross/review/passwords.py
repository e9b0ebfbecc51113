"""Passwords: hashed slowly with Argon2id, and compared in the same time whether or not there is one to compare."""

import secrets
import unicodedata
from functools import cache
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from outcross.errors import ReviewError

SHORTEST, LONGEST = 10, 1_000

HASHER = PasswordHasher()
"""The library's own parameters: those of RFC 9106 for 64 MiB of memory."""
ONE_AT_A_TIME = Lock()
"""Many sign-ins at once would each take those 64 MiB."""


def hashed(password: str, name: str) -> str:
    """The hash to keep of the password that `name` has chosen.

    Raises:
        ReviewError: it is too short or too long, or the name itself.
    """
    text = _normal(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise ReviewError(f"A password has {SHORTEST} to {LONGEST:,} characters, and this one has {len(text):,}.")
    if text.casefold() == _normal(name).casefold():
        raise ReviewError("Your name is the first thing that anybody would try: choose another password.")
    with ONE_AT_A_TIME:
        return HASHER.hash(text)


def right(password: str, kept: str | None) -> bool:
    """Whether the password is the one whose hash was kept; False, after as much work, where none was."""
    with ONE_AT_A_TIME:
        try:
            return HASHER.verify(kept or _nobodys(), _normal(password)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def _normal(password: str) -> str:
    """One form for what keyboards type differently, as NIST SP 800-63B has it (section 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys() -> str:
    return HASHER.hash(secrets.token_urlsafe())
