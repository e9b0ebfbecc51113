"""Routing: which accepted samples an expert sees all the same, and which of all samples a second one sees too."""

import hashlib
import hmac
from collections.abc import Iterable

from outcross.errors import InputError


def audited(sample_ids: Iterable[str], key: bytes, share: float) -> set[str]:
    """Draw the samples to audit.

    A sample is drawn iff the first 8 bytes of HMAC-SHA256(`key`, `sample_id`), as a big-endian integer, are
    below `share` times 2^64. So a retry draws the same ones, a larger share draws more and drops none, and
    nobody without the key can tell which they will be.

    Args:
        sample_ids: ids of accepted samples.
        key: a secret of the deployment; not empty.
        share: expected share of the samples, in [0, 1].

    Raises:
        InputError: the key is empty, or the share isn't in [0, 1].
    """
    return _drawn(sample_ids, key, share, "audit", prefix="")


def overlapping(sample_ids: Iterable[str], key: bytes, share: float) -> set[str]:
    """Draw the samples that a second person sees, as `audited` does, and independently of it.

    Args:
        sample_ids: ids of samples that one person is to decide.
        key: as for `audited`.
        share: expected share of the samples, in [0, 1].

    Raises:
        InputError: the key is empty, or the share isn't in [0, 1].
    """
    return _drawn(sample_ids, key, share, "overlap", prefix="overlap:")


def _drawn(sample_ids: Iterable[str], key: bytes, share: float, what: str, prefix: str) -> set[str]:
    if not key:
        raise InputError(f"the audit key is empty, so anyone could tell what the {what} draws; set a secret one.")
    if not 0 <= share <= 1:
        raise InputError(f"the {what} share is {share}; give a number between 0 and 1.")
    limit = share * 2**64
    return {sample_id for sample_id in sample_ids if _ticket(prefix + sample_id, key) < limit}


def _ticket(text: str, key: bytes) -> int:
    return int.from_bytes(hmac.digest(key, text.encode("utf-8"), hashlib.sha256)[:8], "big")
