"""Who may use the review page, and as what."""

from typing import get_args

from outcross.data.review.items import Role
from outcross.data.samples import Filled, Record


class Account(Record):
    """A person as the page knows them."""

    name: Filled
    role: Role

    def may(self, least: Role) -> bool:
        """Whether the role is `least` or above it: reviewer, then adjudicator, then manager."""
        ranks = get_args(Role)
        return ranks.index(self.role) >= ranks.index(least)
