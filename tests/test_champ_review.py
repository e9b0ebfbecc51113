"""CHAMP from end to end: people's solutions, models' drafts, known answers, two reviewers, and a release."""

import pytest

import outcross
from outcross.data import recipe as recipes
from outcross.data.release.verify import verify
from outcross.data.review.items import Claim
from outcross.data.review.judgements import Records
from outcross.data.review.management import Management
from outcross.data.samples import Reasoning
from outcross.data.stores import trust
from outcross.data.stores.home import Home
from outcross.tasks import gold, imports, ingest, review
from outcross.tasks.release import release
from outcross.tasks.screening.screen import screen, unjudged
from tests import judging

pytest.importorskip("champ_dataset", reason="the data set is a wheel of its own: pip install --no-deps champ-dataset")

SKILL = "reasoning:en"


@pytest.fixture(scope="module")
def champ(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with the data set in it, screened and queued."""
    home = Home(tmp_path_factory.mktemp("champ") / "home")
    recipe = recipes.load(home, "champ")
    ingest.ingest(home, recipe)
    imports.import_solutions(home, recipe)
    screen(home, recipe, unjudged(home, recipe))
    review.enqueue(home, recipe)
    gold.add_gold(home, recipe)
    return home


def test_a_solution_whose_answer_is_known_is_no_work_and_work_has_no_known_answer(champ):
    items = Records(champ.queue).frames("champ").items
    work, known = items.filter(items["source"] != "gold"), items.filter(items["source"] == "gold")
    assert set(work["sample_id"]).isdisjoint(known["sample_id"])
    assert set(work["need"]) == {2}
    assert set(items["skill"]) == {SKILL}
    assert gold.add_gold(champ, recipes.load(champ, "champ")) == 0
    with Management(champ.queue)._connected() as connection:
        training, silent = (
            connection.execute("SELECT count(*) FROM gold WHERE training = ?", (flag,)).fetchone()[0] for flag in (1, 0)
        )
    assert min(training, silent) >= 40
    assert training + silent == known.height
    assert Management(champ.queue).prove()["gold"] == known.height


def last_step_wrong(claim: Claim) -> dict[str, object]:
    """Every second solution is said to go wrong at its end."""
    content = claim.shown.content
    assert isinstance(content, Reasoning)
    steps = len(content.steps)
    if int(claim.shown_hash, 16) % 2:
        return {"verdict": "correct", "labels": [1] * steps}
    return {
        "verdict": "error",
        "labels": [*[1] * (steps - 1), -1],
        "reasons": ["logic"],
        "note": "The end doesn't follow.",
    }


def test_what_two_reviewers_agree_on_goes_into_a_release_as_labelled_steps(champ):
    recipe = recipes.load(champ, "champ")
    queue = judging.sit_down(champ, "ada", "bob")
    judging.qualified(champ, "champ", SKILL, "ada", "bob")
    for name in ("ada", "bob"):
        judging.answer(queue, name, last_step_wrong, 40)
    assert review.collect(champ) == 80
    made = release(champ, recipe)
    proof = verify(champ, made)
    frame = outcross.read("champ", home=champ.root)
    hybrid = frame.filter(klass="hybrid")
    assert 20 < hybrid.height <= 40
    assert set(frame["klass"]) == {"human", "hybrid"}, "none goes in that nobody has seen"
    for labels, steps in hybrid.select("labels", "steps").iter_rows():
        assert len(labels) == len(steps)
        assert set(labels[:-1]) <= {1}
    trusted = [value for key, value in trust.current(champ, "champ").items() if key in set(hybrid["sample_id"])]
    assert len(trusted) == hybrid.height
    assert set(trusted) != {1.0}
    assert proof.rows == frame.height
    assert proof.witnesses.gaps == ()
