"""Recomputing: whether a certificate follows from what it lists, and from what its home holds."""

import polars as pl

from outcross.certificate.record import Certificate, follows
from outcross.data.recipe import Recipe
from outcross.data.samples import digest
from outcross.data.stores import certificates
from outcross.data.stores.home import Home
from outcross.errors import VerificationFailed
from outcross.tasks.certifying import audits as audited
from outcross.tasks.certifying.certify import population


def recompute(certificate: Certificate, certificate_id: str, home: Home, recipe: Recipe) -> None:
    """Compute a certificate again: its id, its bounds, its drafts, which of them were drawn, and what became of each.

    What was judged and decided by the time of issue counts. What can't be computed again is the order in which audits
    were first shown, and which of those that nobody settled somebody had seen: the queue alone knows it.

    Raises:
        VerificationFailed: names the first thing that doesn't follow.
    """
    for holds, what in (
        (certificate.certificate_id == certificate_id, "its content was changed: it no longer gives its id"),
        (follows(certificate), "its bounds don't follow from the audits that it lists"),
        (certificate.secret == audited.secret(home), "its audits were drawn by another secret than this home's"),
    ):
        _require(holds, certificate_id, what)
    accepted = population(home, recipe, certificate.regime, certificate.issued_at)
    _require(
        (certificate.population, certificate.sizes)
        == (digest(accepted["sample_id"].to_list()), dict(accepted.group_by("stratum").len().iter_rows())),
        certificate_id,
        f"it speaks of {certificate.size:,} accepted drafts, and the warehouse had {accepted.height:,} others then",
    )
    _require(certificate.share == audited.share(accepted), certificate_id, "another share of them was drawn")
    drawn = audited.drawn(home, accepted)
    settled = certificates.decided(home, recipe.name, certificate.issued_at)
    said = {key: audited.is_wrong(*word) for key, *word in settled.select("sample_id", "verdict", "said").iter_rows()}
    for audit in certificate.audits:
        _require(audit.sample_id in drawn, certificate_id, f"the secret doesn't draw {audit.sample_id}")
        if not audit.evaded:
            _require(
                said.get(audit.sample_id) == audit.wrong,
                certificate_id,
                f"experts didn't say of {audit.sample_id} what it says",
            )
    listed = {audit.sample_id for audit in certificate.audits}
    left_out = settled.filter(pl.col("sample_id").is_in(list(drawn - listed)))["sample_id"]
    _require(left_out.is_empty(), certificate_id, f"it leaves out audits that were decided, {left_out[:1].to_list()}")


def _require(holds: bool, certificate_id: str, what: str) -> None:  # one condition, named where it is given
    if not holds:
        raise VerificationFailed(f"certificate {certificate_id} does not hold: {what}.")
