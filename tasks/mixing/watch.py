"""A release before the collapse monitor: its rows against people's, and against those that nothing was trained on."""

from collections.abc import Mapping

from outcross.data.recipe import Recipe
from outcross.data.samples import Origin, Sample
from outcross.data.stores import vault
from outcross.data.stores.home import Home
from outcross.mixture.monitor.alarms import Watch
from outcross.mixture.monitor.watch import watch
from outcross.tasks.mixing.texts import texts


def watched(
    home: Home,
    recipe: Recipe,
    made: Mapping[str, Sample],
    weights: Mapping[str, float],
    *,
    number: int,
    retention: float,
) -> Watch:
    """Look for collapse in the rows of a release.

    Args:
        home: its vault has the held-out rows.
        recipe: says what a model may write.
        made: the rows, by id.
        weights: of the rows, by id.
        number: the version it will be: later ones may spend less of the chance of a false alarm.
        retention: the part of people's tail that the policy wants kept.
    """
    people = [one for one in made.values() if one.provenance.origin is Origin.HUMAN]
    # A recipe whose shares were changed may have held out part of a document that others of its rows train on.
    known = {one.provenance.source for one in people}
    heldout = [
        one
        for one in vault.samples(home, recipe.name, "heldout")
        if one.content.kind == recipe.kind and one.provenance.source not in known
    ]
    release = texts(recipe, made.values(), weights)
    return watch(release, texts(recipe, people), texts(recipe, heldout), number=number, retention=retention)
