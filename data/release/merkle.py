"""A Merkle root: one digest that commits to a list of rows, in order."""

import hashlib
from collections.abc import Sequence


def root(leaves: Sequence[str]) -> str:
    """The root over texts, as 64 hexadecimal characters; leaves and nodes are hashed apart.

    Source: RFC 6962, section 2.1.
    """
    level = [hashlib.sha256(b"\x00" + leaf.encode("utf-8")).digest() for leaf in leaves]
    if not level:
        return hashlib.sha256(b"").hexdigest()
    while len(level) > 1:
        # A node left without a neighbour moves up as it is; that gives the RFC's unbalanced tree.
        paired = [hashlib.sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level = paired + level[len(paired) * 2 :]
    return level[0].hex()
