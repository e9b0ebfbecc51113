"""The certificate: what is promised of drafts that nobody read, with all that it takes to compute it again."""

from collections.abc import Sequence

from pydantic import AwareDatetime, Field

from outcross.certificate.promise import Part, Reviewers, Step, learned, part, reviewers, walked
from outcross.certificate.strata import split
from outcross.data.recipe_tables import Certification
from outcross.data.samples import Digest, Record, digest


class Regime(Record):
    """How drafts came to be accepted. A certificate holds for drafts of its own regime, and for no others."""

    model: str
    setup: str
    """Digest of the model, its depth, its prompts and its sampling parameters."""
    ruleset: Digest
    scorer: Digest | None = None
    """Of what gives a draft its probability of being right; None where no threshold was learned."""
    threshold: float | None = None
    """The least such probability that is accepted."""

    @property
    def digest(self) -> str:
        """Names it."""
        return digest(self.model_dump(mode="json"))


class Audit(Record):
    """An accepted draft that the secret drew and that somebody was shown."""

    sample_id: Digest
    stratum: str
    wrong: bool
    """A fault was found; or nothing was said of it, though it was shown."""
    evaded: bool = False
    """Nobody has settled it: it was skipped, or left, or nobody could tell."""


class Certificate(Record):
    """What is promised, and the proof."""

    recipe: str
    regime: Regime
    terms: Certification
    population: Digest
    """Of the ids of the accepted drafts, in their order."""
    sizes: dict[str, int]
    """How many those are, by stratum."""
    share: float = Field(ge=0, le=1)
    """Of them the share that is drawn."""
    secret: Digest
    """Of the secret that draws them; the secret itself leaves its home never."""
    audits: tuple[Audit, ...]
    """In the order in which they were first shown."""
    reviewers: Reviewers
    walk: tuple[Step, ...] = ()
    """The thresholds that were proven, strict to lenient, where one was learned; the last one is the regime's."""
    parts: tuple[Part, ...]
    """All drafts together, or each stratum."""
    people: tuple[str, ...]
    """Who decided the audits."""
    seconds: float = Field(ge=0)
    """Time at work on them."""
    guideline: str
    """Version of what the people were told."""
    issued_at: AwareDatetime

    @property
    def certificate_id(self) -> str:
        """Digest of all of it."""
        return digest(self.model_dump(mode="json"))

    @property
    def content(self) -> str:
        """Digest of all but the time of issue, by which it is known whether anything has changed."""
        return digest(self.model_dump(mode="json", exclude={"issued_at"}))

    @property
    def size(self) -> int:
        """Accepted drafts, read ones included."""
        return sum(self.sizes.values())

    @property
    def bound(self) -> float:
        """The largest bound of those parts that hold; 1 where none does."""
        return max((one.bound for one in self.parts if one.holds), default=1.0)

    @property
    def holds(self) -> bool:
        """Whether it promises anything: of all drafts, or of some strata."""
        return any(one.holds for one in self.parts)

    def covers(self, stratum: str) -> bool:
        """Whether it holds for the drafts of a stratum."""
        return any(one.holds for one in self.parts if one.stratum in (None, stratum))


def proven(
    terms: Certification, audits: Sequence[Audit], sizes: dict[str, int], noticed: Reviewers
) -> tuple[Part, ...]:
    """What follows from the audits of each part.

    Args:
        terms: what is to be proven, and how.
        audits: in the order in which they were first shown.
        sizes: accepted drafts by stratum.
        noticed: how much of what is wrong reviewers notice.
    """
    risk = terms.delta - noticed.delta
    if not terms.by_stratum:
        wrong = [one.wrong for one in audits]
        return (part(terms, wrong, sum(sizes.values()), delta=risk, seen=noticed.least),)
    shares = split(risk, dict.fromkeys(sizes, 1.0)) if sizes else {}
    return tuple(
        part(
            terms,
            [one.wrong for one in audits if one.stratum == stratum],
            sizes[stratum],
            delta=share,
            seen=noticed.least,
            stratum=stratum,
        )
        for stratum, share in shares.items()
    )


def follows(certificate: Certificate) -> bool:
    """Whether what a certificate promises follows from the audits, the walk and the known errors that it lists."""
    terms, noticed = certificate.terms, reviewers(certificate.terms, certificate.reviewers.caught)
    if noticed != certificate.reviewers:
        return False
    if terms.method != "learned":
        return proven(terms, certificate.audits, certificate.sizes, noticed) == certificate.parts
    walk, risk = certificate.walk, terms.delta - noticed.delta
    if not walk or walk[-1].threshold != certificate.regime.threshold or not noticed.least:
        return False
    if walked(terms, walk, delta=risk, seen=noticed.least) != walk:
        return False
    return (learned(walk, certificate.size, None, delta=risk, seen=noticed.least),) == certificate.parts
