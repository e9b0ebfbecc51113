"""How many requests may be in flight: a limit found from what the server shows, with no clock or network of its own.

Where the server tells how many requests it works on and how many wait (`gauged`), the limit keeps that waiting line
just above empty: an empty one means that the server could do more, and what stands in it for longer gains nothing but
age. Where it doesn't tell, the limit climbs while the rate of answers (`answered`) rises faster than a small power of
the limit, and turns round where only their age grows. A server that sends requests away (`refused`) halves it.
"""

import math

from outcross.serving.asking.gauges import Gauges

START = 16
"""The limit begins here, and falls below only when the server refuses or shows a line; a lower cap is used whole."""
DOUBLING = 2.0
CAREFUL = 1.25
"""How much a step is worth before and after the first sign that it went too far."""
USED = 0.9
"""A limit counts as used from this share on: some who would ask again just pause after a fault."""
NEAR = 0.9
"""Of a limit that was once too much: from here on up it rises by a sixty-fourth a step."""
PRICE = 0.25
"""The limit is worth its rate of answers divided by this power of it: 25 % more in flight must bring 5.7 % more."""
SURE = 3
"""Times the limit: answers that make a rate once steps are small; fewer, and chance would choose the way."""
NOISE = 0.97
"""A higher limit is worse where it is worth less than this much of the last one, a lower one where it is worth less: in
doubt a busy machine is given more to do."""
STANDING = 16
"""One request may stand in line for so many that run, and never fewer than two."""
CROWDED, FULL = 0.90, 0.97
"""Shares of the KV cache: from the first the limit rises no more, from the second it falls, before vLLM throws running
requests out of the cache and computes them anew."""


class Load:
    """The limit of one client on one server. Times are seconds of any clock that never goes back."""

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.resumes = -math.inf
        """Until then, the server asked, nothing should be sent."""
        self.restarted()

    def restarted(self) -> None:
        """Begin as with a new server; what was learnt of the old one is forgotten."""
        self.limit = min(self.cap, START)
        """Requests that may be in flight, from 1 to `cap`."""
        self._step = DOUBLING
        self._scar = math.inf  # the limit at which it was last too much
        self._cut = -math.inf
        self._guided = False
        self._line = 0.0
        self._preemptions = math.inf
        self._age = 0.0
        self._worth = 0.0
        self._climbing = True
        self._opened = self._last = -math.inf
        self._began: float | None = None
        self._answers = 0

    def answered(self, now: float, sent: float, flying: int) -> None:
        """An answer came to what was sent then, with so many in flight, itself among them."""
        self._age += (now - sent - self._age) / 8 if self._age else now - sent
        if self._guided:
            return
        if flying < USED * self.limit:  # what isn't used shows nothing
            self._open(now)
            return
        if now < self._opened + self._age:  # answers still come at the last limit's rate
            return
        if self._began is None:
            self._began = now
        # Answers that come as one are counted as one: half a crowd would make a rate of its own.
        elif now > self._last and self._answers >= self._enough() and now - self._began >= self._age:
            self._settle(self._answers / (now - self._began), now)
            return
        self._answers, self._last = self._answers + 1, now

    def refused(self, now: float, sent: float, flying: int, wait: float = 0.0) -> None:
        """The server sent away what was sent then, for being busy; it asks everybody to wait so many seconds."""
        self.resumes = max(self.resumes, now + wait)
        if sent < self._cut:  # refused by the same crowd that the limit was halved for
            return
        held = min(self.limit, flying)
        if self._worth or self._guided or self._scar == math.inf:
            self._scar = held  # else it is still the same trouble, and the first limit was the one to fear
        self._climbing, self._step, self._worth, self._cut = True, CAREFUL, 0.0, now
        self._move(held // 2, now)

    def gauged(self, now: float, seen: Gauges | None, flying: int) -> bool:
        """What the server shows of itself, with so many of ours in flight; None where it shows nothing.

        Returns:
            Whether the limit is right as far as one can see, so that there is no hurry to look again.
        """
        self._guided = seen is not None
        if seen is None:
            return True
        before = self.limit
        # As in CoDel (Nichols and Jacobson 2012): the least that was in line for a while is what stands there.
        standing, self._line = min(seen.waiting, self._line), seen.waiting
        preempted, self._preemptions = seen.preemptions > self._preemptions, seen.preemptions
        welcome = max(2, math.floor(seen.running) // STANDING)
        excess = math.floor(standing) - welcome
        if excess > 0:
            self._step = CAREFUL
            self._move(min(self.limit, flying - excess), now)
        elif preempted or seen.cache >= FULL:
            self._step, self._scar = CAREFUL, min(self.limit, flying)
            self._move(self._scar - max(1, self._scar // 16), now)
        elif self._idle(seen, flying):
            self._move(self._raised(), now)
        return self.limit == before and seen.waiting <= welcome

    def _idle(self, seen: Gauges, flying: int) -> bool:
        """Whether the server takes more at once: all that may fly does, has mostly arrived there, and none waits."""
        arrived = seen.running + seen.waiting >= flying / 2
        return flying >= USED * self.limit and arrived and seen.waiting == 0 and seen.cache < CROWDED

    def _enough(self) -> int:
        """Answers that make a rate: for a big step one for each place, for a small one so many more."""
        return self.limit if self._step == DOUBLING else SURE * self.limit

    def _settle(self, rate: float, now: float) -> None:
        """Answers a second are known for this limit: go on, or turn round."""
        worth = rate / self.limit**PRICE
        if worth < self._worth * (NOISE if self._climbing else 1):
            self._climbing, self._step = not self._climbing, CAREFUL
        self._worth = worth
        low = min(START, self.limit)
        self._climbing |= self.limit <= low
        self._move(self._raised() if self._climbing else max(low, math.floor(self.limit / self._step)), now)

    def _raised(self) -> int:
        if self.limit > self._scar:
            self._scar = math.inf  # it isn't too much any more
        near = math.floor(NEAR * min(self._scar, 2 * self.cap))
        if self.limit >= near:
            return self.limit + max(1, self.limit // 64)
        step = DOUBLING if self.limit < self._scar / 2 < math.inf else self._step
        return min(max(self.limit + 1, math.floor(self.limit * step)), near)

    def _move(self, limit: int, now: float) -> None:
        self.limit = min(max(limit, 1), self.cap)
        self._open(now)

    def _open(self, now: float) -> None:
        """Begin to count answers anew, once those to what was sent before have come."""
        self._opened, self._began, self._answers = now, None, 0
