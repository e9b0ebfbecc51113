"""What judgements are worth: told from all of them, kept where it changes, and weighed by in a release."""

import duckdb
import polars as pl
import pytest

import outcross
from outcross.data.recipe import Recipe
from outcross.data.release import versions as releases
from outcross.data.release.verify import verify
from outcross.data.review.answers import Answer
from outcross.data.review.gold import Gold
from outcross.data.review.items import Claim, Item
from outcross.data.review.judgements import Records
from outcross.data.review.management import Management
from outcross.data.samples import Sample
from outcross.data.stores import trust, vault
from outcross.data.stores.home import Home
from outcross.errors import VerificationFailed
from outcross.tasks import review
from outcross.tasks.release import release
from outcross.tasks.trust import estimate
from tests import judging, make, released

NO = {"verdict": "reject", "reasons": ["inaccurate"]}


def number(claim: Claim) -> int:
    """The draft's number, read from its text."""
    return int(claim.shown.content.response.split()[2])


def text(n: int) -> Sample:
    return make.imported(make.human(f"It joins {n} texts.").content)


@pytest.fixture
def judged(home: Home) -> tuple[Home, Recipe]:
    """Thirty drafts, of which every fifth is bad; ada knows, bob says yes to all, and both see the first ten."""
    recipe = make.recipe(home, home.root / "mine.jsonl")
    rules = recipe.review.model_copy(update={"overlap_share": 0.0})
    recipe = recipe.model_copy(update={"review": rules, "mixture": {**recipe.mixture, "human_floor": 0.8}})
    vault.add(home, "mine", [("mixture", make.human(f"It adds {n}.")) for n in range(40)])
    for reviewers, part in ((2, range(10)), (1, range(10, 30))):
        released.drafted(home, recipe, [text(n) for n in part], "borderline")
        asked = recipe.model_copy(update={"review": rules.model_copy(update={"reviewers": reviewers})})
        review.enqueue(home, asked)
    queue = judging.sit_down(home, "ada", "bob")
    judging.answer(queue, "ada", lambda claim: NO if number(claim) % 5 == 0 else {"verdict": "approve"}, 20)
    judging.answer(queue, "bob", lambda _: {"verdict": "approve"}, 20)
    return home, recipe


def known(home: Home, count: int) -> None:
    """Bob approves bad items whose answer is known."""
    gold = [
        Gold(
            item=Item.of(text(100 + n), recipe="mine", source="gold", incl_prob=1.0),
            answer=Answer(verdict="reject"),
            explanation="It is bad.",
        )
        for n in range(count)
    ]
    Management(home.queue).add_gold(gold)
    recipe = make.recipe(home, home.root / "mine.jsonl")
    more = [text(200 + n) for n in range(count)]
    released.drafted(home, recipe, more, "borderline")
    review.enqueue(home, recipe.model_copy(update={"review": recipe.review.model_copy(update={"overlap_share": 0.0})}))
    queue = judging.sit_down(home, "bob")
    queue._chance = lambda: 0.0
    judging.answer(queue, "bob", lambda _: {"verdict": "approve"}, count)


def approved_by(home: Home, *names: str) -> str:
    """The first draft that these people, and nobody else, approved."""
    said = Records(home.queue).judgements().group_by("sample_id").agg(pl.col("reviewer").sort(), pl.col("stance"))
    alike = pl.col("stance").list.eval(pl.element() == "good").list.all()
    kept = said.filter(alike, pl.col("reviewer").list.join("") == "".join(names))
    return str(kept["sample_id"].min())


def test_a_draft_that_two_people_approved_is_trusted_more_than_one_that_one_of_them_did(judged):
    home, _ = judged
    review.collect(home)
    found = trust.current(home, "mine")
    both, ada, bob = (found[approved_by(home, *names)] for names in (("ada", "bob"), ("ada",), ("bob",)))
    assert 0 < max(ada, bob) < both <= 1
    assert len(found) == 30


def test_known_answers_lower_the_trust_in_what_a_careless_person_approved(judged):
    home, _ = judged
    review.collect(home)
    row = approved_by(home, "bob")
    before = trust.current(home, "mine")[row]
    known(home, 3)
    assert review.collect(home) == 0
    after = trust.current(home, "mine")
    assert after[row] < before - 0.1
    assert text(100).sample_id not in after


def test_answers_in_training_count_for_nothing(judged):
    home, _ = judged
    review.collect(home)
    before = trust.current(home, "mine")
    gold = [
        Gold(
            item=Item.of(text(300 + n), recipe="mine", source="gold", incl_prob=1.0),
            answer=Answer(verdict="reject"),
            explanation="It is bad.",
            training=True,
        )
        for n in range(10)
    ]
    Management(home.queue).add_gold(gold)
    queue = judging.sit_down(home, "bob")
    assert len(judging.answer(queue, "bob", lambda _: {"verdict": "approve"}, 10, desk="training")) == 10
    review.collect(home)
    assert trust.current(home, "mine") == before


def test_collecting_again_adds_no_value_and_a_change_adds_only_what_changed(judged):
    home, _ = judged
    review.collect(home)
    count = "SELECT count(*) FROM trust"
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        first = connection.execute(count).fetchone()
    review.collect(home)
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        assert connection.execute(count).fetchone() == first == (30,)


def test_a_release_weighs_reviewed_rows_by_trust_and_the_same_inputs_give_the_same_release(judged):
    home, recipe = judged
    review.collect(home)
    made = release(home, recipe)
    verify(home, made)
    rows = outcross.read("mine", home=home.root).filter(klass="reviewed")
    found = trust.current(home, "mine")
    ratio = rows["weight"] / pl.Series([found[key] for key in rows["sample_id"]])
    assert ratio.min() == pytest.approx(ratio.max())
    assert rows["weight"].n_unique() > 1
    assert rows["weight"].sum() == pytest.approx(8)
    review.collect(home)
    assert release(home, recipe) == made
    known(home, 3)
    review.collect(home)
    assert release(home, recipe).version == 2


def test_an_edit_is_trusted_as_its_editor_is(home):
    recipe = make.recipe(home, home.root / "mine.jsonl")
    released.drafted(home, recipe, [text(n) for n in range(6)], "borderline")
    vault.add(home, "mine", [("mixture", make.human())])
    review.enqueue(home, recipe.model_copy(update={"review": recipe.review.model_copy(update={"overlap_share": 0.0})}))
    queue = judging.sit_down(home, "ada")
    judging.answer(queue, "ada", lambda claim: {"verdict": "edit", "edit": f"Edited {number(claim)}."})
    review.collect(home)
    hybrids = trust.editors(home)
    assert hybrids["editor"].to_list() == ["ada"] * 6
    found = trust.current(home, "mine")
    values = {found[key] for key in hybrids["sample_id"]}
    assert len(values) == 1
    assert 0.8 < values.pop() < 1


@pytest.mark.parametrize(("approved", "others", "expected"), [(20, 0, 0.984), (20, 5, 0.935), (100, 20, 0.958)])
def test_one_person_alone_is_believed_about_as_the_docs_say(approved, others, expected):
    stances = ["good"] * approved + ["bad"] * others
    said = pl.DataFrame(
        {
            "item": [f"{n:03}" for n in range(len(stances))],
            "sample_id": [f"{n:03}" for n in range(len(stances))],
            "recipe": "mine",
            "source": "border",
            "reviewer": "ada",
            "stance": stances,
            "truth_stance": pl.Series([None] * len(stances), dtype=pl.String),
        }
    )
    drafts, people = estimate(said)
    assert drafts["posterior"][0] == pytest.approx(expected, abs=0.001)
    assert drafts["posterior"][:approved].n_unique() == 1
    assert people["editor"].to_list() == ["ada"]


def test_a_forged_weight_is_named_where_no_trust_could_give_it(judged):
    home, recipe = judged
    review.collect(home)
    made = release(home, recipe)
    row = released.first(made, "klass = 'reviewed'")
    released.tampered(made, f"UPDATE samples SET weight = 1.5 WHERE sample_id = '{row}'")
    with pytest.raises(VerificationFailed, match=r"it weighs 1\.5, and the manifest gives a reviewed row"):
        verify(home, releases.find(home, "mine"))
