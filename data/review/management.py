"""What managers and flows do with the queue beside passing items: rules, known answers, pauses, skills."""

from collections.abc import Iterable

from outcross.data.review import chain, gold, policies, queued, rulings
from outcross.data.review.file import ReviewFile
from outcross.data.review.gold import Gold, Progress
from outcross.data.review.items import Policy
from outcross.errors import ReviewError


class Management(ReviewFile):
    """The manager's side of the same file; see `Queue` for the reviewers'."""

    def prove(self) -> dict[str, int]:
        """Check the log's hash chain, and every item, decision and known answer against it; return how many hold.

        Raises:
            VerificationFailed: names the first event that doesn't hold.
        """
        with self._snapshot() as connection:
            events, _ = chain.verify(connection)
            return {"event": events, **chain.recorded(connection)}

    def set_policy(self, recipe: str, policy: Policy) -> bool:
        """Put a recipe's rules in force; return whether they are new.

        A new major version ends every skill that was earned under an earlier one.
        """
        with self._transaction() as connection:
            now = self._now()
            if new := policies.put(connection, recipe, policy, now):
                body = {"recipe": recipe, "version": policy.version, "steps": policy.steps}
                chain.append(connection, "policy_set", body, now)
            return new

    def add_gold(self, entries: Iterable[Gold]) -> int:
        """Add items whose answer is known, all or none; return how many were new."""
        with self._transaction() as connection:
            return sum(queued.insert_gold(connection, entry, self._now()) for entry in entries)

    def retire_gold(self, item: str, *, by: str) -> bool:
        """Withdraw a known answer that is wrong: it is given to nobody any more, and counts in nobody's figures.

        Who was paused stays so until `reinstate`.

        Returns:
            Whether that is new; False where it was retired already.

        Raises:
            ReviewError: no answer is known of such an item.
        """
        now = self._now()
        with self._transaction() as connection:
            rulings.ripen(connection, now)
            if gold.known(connection, item) is None:
                raise ReviewError(f"no answer is known of an item {item!r}: give the whole id of one that has.")
            return gold.retire(connection, item, {"by": by}, now)

    def pause(self, reviewer: str) -> None:
        """Give a reviewer no more work until `reinstate`."""
        self._change_reviewer(reviewer, "paused = :now", "reviewer_paused")

    def reinstate(self, reviewer: str) -> None:
        """Give a paused reviewer work again; gold that was answered before counts no more."""
        self._change_reviewer(reviewer, "paused = NULL, reinstated = :now", "reviewer_reinstated")

    def _change_reviewer(self, reviewer: str, setting: str, event: str) -> None:
        now = self._now()
        with self._transaction() as connection:
            rulings.ripen(connection, now)
            facts = {"now": now, "name": reviewer}
            if not connection.execute(f"UPDATE reviewer SET {setting} WHERE name = :name", facts).rowcount:
                raise ReviewError(f"{reviewer!r} is no reviewer of {self.path}.")
            chain.append(connection, event, {"name": reviewer}, now)

    def grant_skill(self, reviewer: str, recipe: str, skill: str) -> None:
        """Let a reviewer judge without a qualification, on a manager's word; `skill` is kind:language."""
        with self._transaction() as connection:
            reached = Progress(answered=0, right=0, passed=True)
            gold.grant(connection, reviewer, recipe, skill, reached, self._now())

    def revoke_skill(self, reviewer: str, recipe: str, skill: str) -> None:
        """End a skill; the reviewer may qualify anew."""
        with self._transaction() as connection:
            now = self._now()
            connection.execute(
                "UPDATE skill SET revoked_at = ? WHERE reviewer = ? AND recipe = ? AND name = ? AND revoked_at IS NULL",
                (now, reviewer, recipe, skill),
            )
            chain.append(connection, "skill_revoked", {"reviewer": reviewer, "recipe": recipe, "name": skill}, now)
