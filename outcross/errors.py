"""Every error that Outcross raises on purpose, so that a caller can catch one base class.

OutcrossError                what was wrong, with the value, and what to do next, in a sentence
├── InputError               what the user gave can't be used: a file, a recipe, an option
│   └── RecipeError          a recipe doesn't hold
├── StoreError               a store on disk can't be used as asked
│   ├── StoreBusy            another process kept it longer than the wait allowed
│   └── ReleaseError         a release can't be written, found or read
├── ServingError             the model can't be reached or isn't what was asked for
│   ├── ServerUnavailable    nothing answers, or it stopped answering
│   └── ModelMissing         the server or the weights of that name aren't there
├── MixtureRefused           the policy can't be met with the rows at hand; nothing was relaxed
├── GateFailed               the quality gate found a rule that the release table breaks
├── VerificationFailed       a row or a manifest doesn't hold
└── ReviewError              the review queue refuses an action
    ├── ClaimLost            the lease ran out, or the item was decided elsewhere
    └── NotAdmitted          who asks isn't let in: a wrong password, a link that was used
        └── TooManyAttempts  too many wrong passwords in a short time

A bad sample is data (a verdict, or a quarantined row with its reason), never an exception that ends a run.
"""

from collections.abc import Mapping


class OutcrossError(Exception):
    """Base of all errors raised on purpose; its text is written for the person who reads it."""


class InputError(OutcrossError):
    """What the user gave can't be used: a file, a recipe, an option."""


class RecipeError(InputError):
    """A recipe doesn't hold."""


class StoreError(OutcrossError):
    """A store on disk can't be used as asked."""


class StoreBusy(StoreError):
    """Another process kept the store longer than the wait allowed."""


class ReleaseError(StoreError):
    """A release can't be written, found or read."""


class ServingError(OutcrossError):
    """The model can't be reached or isn't what was asked for."""


class ServerUnavailable(ServingError):
    """Nothing answers at the address, or it stopped answering."""


class ModelMissing(ServingError):
    """The server or the weights of that name aren't there."""


class MixtureRefused(OutcrossError):
    """The policy can't be met with the rows at hand; nothing was relaxed."""

    def __init__(
        self, message: str, *, rule: str = "", largest: float = 0.0, missing: Mapping[str, int] | None = None
    ) -> None:
        super().__init__(message)
        self.rule = rule
        """The rule that binds."""
        self.largest = largest
        """The largest mixture that the policy allows, in rows of mass."""
        self.missing = dict(missing or {})
        """Human rows by stratum that would allow the size asked for, most first."""


class GateFailed(OutcrossError):
    """The quality gate found a rule that the release table breaks."""


class VerificationFailed(OutcrossError):
    """A row or a manifest doesn't hold."""


class ReviewError(OutcrossError):
    """The review queue refuses an action."""


class ClaimLost(ReviewError):
    """The lease ran out, or the item was decided elsewhere; the reviewer's draft is kept."""


class NotAdmitted(ReviewError):
    """Who asks isn't let in: a wrong password, or a link that was used."""


class TooManyAttempts(NotAdmitted):
    """Too many wrong passwords in a short time; the text says when the next one is heard."""
