"""What judgements are worth: told from all of them, kept where it changes, and weighed by in a release."""

import duckdb
import polars as pl
import pytest

import outcross
from outcross.data.recipe import Recipe
from outcross.data.release import versions as releases
from outcross.data.release.verify import verify
from outcross.data.review.answers import Answer
from outcross.data.review.estimates import estimates
from outcross.data.review.gold import Gold
from outcross.data.review.items import Claim, Item
from outcross.data.review.judgements import Records
from outcross.data.review.management import Management
from outcross.data.samples import Sample
from outcross.data.stores import trust, vault
from outcross.data.stores.home import Home
from outcross.errors import VerificationFailed
from outcross.review.votes import trust as reliability
from outcross.tasks import review
from outcross.tasks.release import release
from tests import judging, make, released
from tests.test_fates import FIRST_BAD, PAIR, PROOF, WRONG, queued

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
    assert rows["weight"].sum() == pytest.approx(4), "a tenth of 40, for nothing is known of what models keep"
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
    hybrids = trust.hybrids(home)
    assert hybrids["editor"].to_list() == ["ada"] * 6
    found = trust.current(home, "mine")
    values = {found[key] for key in hybrids["sample_id"]}
    assert len(values) == 1
    assert 0.8 < values.pop() < 1


@pytest.mark.parametrize(("approved", "others", "expected"), [(20, 0, 0.984), (20, 5, 0.935), (100, 20, 0.958)])
def test_one_person_alone_is_believed_about_as_the_docs_say(approved, others, expected):
    stances = ["good"] * approved + ["bad"] * others
    drafts, people = estimates(votes("text", {("ada", n): stance for n, stance in enumerate(stances)}))
    assert drafts["posterior"][0] == pytest.approx(expected, abs=0.001)
    assert drafts["posterior"][:approved].n_unique() == 1
    assert people["reviewer"].to_list() == ["ada"]


def votes(kind: str, said: dict[tuple[str, int], str], known: dict[int, str] | None = None) -> pl.DataFrame:
    """Judgements, from the stance of each reviewer on each draft; `known` ones are gold."""
    known = known or {}
    rows = [
        {
            "item": f"{kind} {n:03}",
            "sample_id": f"{kind} {n:03}",
            "recipe": "mine",
            "kind": kind,
            "source": "gold" if n in known else "border",
            "reviewer": reviewer,
            "stage": "review",
            "stance": stance,
            "truth_stance": known.get(n),
        }
        for (reviewer, n), stance in said.items()
    ]
    return pl.DataFrame(rows, schema_overrides={"truth_stance": pl.String})


def test_who_is_careless_with_one_kind_is_believed_as_much_in_the_other():
    known = {n: "bad" if n % 2 else "good" for n in range(20)}
    careful = votes("text", {("ada", n): stance for n, stance in known.items()}, known)
    careless = votes("preference", {("ada", n): "good" for n in known}, known)
    both = estimates(pl.concat([careful, careless])).people
    assert both.equals(pl.concat([estimates(careful).people, estimates(careless).people]))
    text, pair = both["bad"]
    assert text > 0.9 > 0.3 > pair


def test_the_statistics_show_what_the_rows_are_weighed_by(judged):
    home, _ = judged
    known(home, 3)
    judgements = Records(home.queue).judgements()
    shown = {name: [one.accuracy for one in kinds] for name, kinds in reliability(judgements).items()}
    assert shown == {
        name: [accuracy] for name, accuracy in estimates(judgements).people.select("reviewer", "accuracy").rows()
    }
    assert set(shown) == {"ada", "bob"}


def test_a_draft_that_nearly_everybody_rejects_keeps_a_trust_that_can_be_stored(home):
    recipe = make.recipe(home, home.root / "mine.jsonl")
    released.drafted(home, recipe, [text(n) for n in range(12)], "borderline")
    many = recipe.review.model_copy(update={"reviewers": 7, "overlap_share": 0.0})
    review.enqueue(home, recipe.model_copy(update={"review": many}))
    names = [f"reviewer {n}" for n in range(7)]
    queue = judging.sit_down(home, *names)
    for name in names:
        judging.answer(queue, name, lambda claim: NO if number(claim) % 2 else {"verdict": "approve"})
    review.collect(home)
    found = trust.current(home, "mine")
    assert {found[text(n).sample_id] for n in range(12)} == {0.001, 1.0}


@pytest.mark.parametrize(
    ("content", "said", "right"),
    [
        (PROOF, {"verdict": "correct", "labels": [1] * 7}, True),
        (PROOF, {"verdict": "error", "labels": FIRST_BAD, **WRONG}, False),
        (PROOF, {"verdict": "error", "labels": FIRST_BAD, "edit": "Step 2 adds five.", **WRONG}, False),
        (PAIR, {"strength": 1}, False),
    ],
)
def test_labelled_steps_and_turned_pairs_are_trusted_as_the_judgement_that_made_them_is(home, content, said, right):
    """Two people agree on it, so it is worth more than either of them."""
    _, draft = queued(home, content, reviewers=2)
    queue = judging.sit_down(home, "ada", "bob")
    for name in ("ada", "bob"):
        judging.answer(queue, name, lambda claim: {"verdict": "a" if claim.swapped else "b"} | said)
    review.collect(home)
    (made,) = trust.hybrids(home)["sample_id"]
    found = trust.current(home, "mine")
    good = found[draft.sample_id]
    assert found[made] == pytest.approx(good if right else 1 - good)
    assert found[made] > max(estimates(Records(home.queue).judgements()).people["accuracy"])
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        assert connection.execute("SELECT DISTINCT reviewers FROM trust").fetchall() == [(2,)]


def test_a_forged_weight_is_named_where_no_trust_could_give_it(judged):
    home, recipe = judged
    review.collect(home)
    made = release(home, recipe)
    row = released.first(made, "klass = 'reviewed'")
    released.tampered(made, f"UPDATE samples SET weight = 1.5 WHERE sample_id = '{row}'")
    with pytest.raises(VerificationFailed, match=r"it weighs 1\.5, and the manifest gives a reviewed row"):
        verify(home, releases.find(home, "mine"))
