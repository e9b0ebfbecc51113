"""Routing: which samples an expert sees all the same, and which of all samples a second one sees too."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Literal

from outcross.errors import InputError

Domain = Literal["audit", "reject_audit", "budget", "overlap"]
"""What is drawn for; draws for one thing say nothing of those for another."""

PREFIXES: Mapping[Domain, str] = {
    "audit": "",
    "reject_audit": "reject_audit:",
    "budget": "budget:",
    "overlap": "overlap:",
}
"""What stands before a sample's id where its ticket for a domain is made."""


def drawn(probabilities: Mapping[str, float], key: bytes, domain: Domain) -> set[str]:
    """Draw samples, each with its own probability and independently of all others.

    A sample is drawn iff its ticket, the first 8 bytes of HMAC-SHA256(`key`, the domain's prefix and the sample's id)
    as a big-endian integer, is below its probability times 2^64. So a retry draws the same ones, a larger probability
    draws more and drops none, and nobody without the key can tell which they will be.

    Samples are drawn one by one, also where they grew from one seed: given how many were drawn, they are then a
    simple random sample of whatever there was to draw from, and k of n errors have the exact bounds of such a one. If
    whole seeds were drawn, errors that a seed's samples share would come and go together, and those bounds would
    promise too much.

    Args:
        probabilities: by sample id, in [0, 1].
        key: a secret of the deployment; not empty.
        domain: what is drawn for.

    Raises:
        InputError: the key is empty, or a probability isn't in [0, 1].
    """
    if not key:
        raise InputError(f"the audit key is empty, so anyone could tell what the {domain} draws; set a secret one.")
    for share in set(probabilities.values()):
        if not 0 <= share <= 1:
            raise InputError(f"the {domain} share is {share}; give a number between 0 and 1.")
    prefix = PREFIXES[domain]
    return {sample_id for sample_id, share in probabilities.items() if _ticket(prefix + sample_id, key) < share * 2**64}


def audited(sample_ids: Iterable[str], key: bytes, share: float, ruleset: str = "") -> set[str]:
    """Draw the accepted samples to audit, all with the probability `share`; see `drawn`.

    Each rule set draws anew: whoever changed the rules knew what the audits of before had found, and of the samples
    that those passed over none would ever be drawn.
    """
    named = {ruleset + sample_id: sample_id for sample_id in sample_ids}
    return {named[name] for name in drawn(dict.fromkeys(named, share), key, "audit")}


def overlapping(sample_ids: Iterable[str], key: bytes, share: float) -> set[str]:
    """Draw the samples that a second person sees, of those that one person is to decide; see `drawn`."""
    return drawn(dict.fromkeys(sample_ids, share), key, "overlap")


def _ticket(text: str, key: bytes) -> int:
    return int.from_bytes(hmac.digest(key, text.encode("utf-8"), hashlib.sha256)[:8], "big")
