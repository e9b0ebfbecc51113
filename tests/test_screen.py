"""The screen as a step: resumed, re-decided, audited; and decisions that come back from the queue."""

from pathlib import Path

import duckdb
import pytest

from outcross.data.recipe import Recipe
from outcross.data.review.answers import Ruling
from outcross.data.review.queue import Queue
from outcross.data.samples import Origin, Sample
from outcross.data.stores import journal, screening, vault, warehouse
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft
from outcross.tasks import review
from outcross.tasks.screening.screen import screen, unjudged
from outcross.tasks.screening.suite import Screen
from tests import make


@pytest.fixture
def drafted(home: Home, tmp_path: Path) -> tuple[Home, Recipe]:
    """A recipe with sixty drafts of its own, some of them poor."""
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    review = recipe.review.model_copy(update={"audit_share": 0.3, "overlap_share": 0.0, "reject_audit_share": 0.0})
    # All of these rows answer one task.
    limits = {name: table for name, table in recipe.screen.items() if name != "repeated_task"}
    recipe = recipe.model_copy(update={"review": review, "screen": limits})
    seed = make.human("It takes one number from another and says what is left over at the end.")
    vault.add(
        home, "mine", [("seed", seed), ("mixture", make.human("It adds two numbers and returns what they make."))]
    )
    drafts = []
    for number in range(60):
        text = f"It looks for value {number} in the rows and returns the place where number {number * 7} was found."
        text = "again and " * 40 if number % 10 == 3 else text
        sample = make.synthetic([seed], text)
        drafts.append(
            Draft(
                request_key=f"k{number}", setup="s", rank=f"{number:04}", state="drafted", sample=sample, model="tiny"
            )
        )
    journal.write(home, "mine", drafts)
    return home, recipe


def judged(home: Home, recipe: Recipe) -> list[tuple[object, ...]]:
    return screening.verdicts(home, recipe.name, Screen.of(recipe).ruleset).rows()


def test_every_draft_gets_one_verdict_however_the_work_is_cut(drafted, tmp_path):
    home, recipe = drafted
    ids = unjudged(home, recipe)
    assert len(ids) == len(set(ids))
    assert screen(home, recipe, ids[:7]) == 7
    assert screen(home, recipe, ids[:20]) == 13
    assert unjudged(home, recipe) == ids[20:]
    screen(home, recipe, unjudged(home, recipe))
    assert unjudged(home, recipe) == []
    pieces = judged(home, recipe)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("DELETE FROM verdict; DELETE FROM signal")
    screen(home, recipe, ids)
    assert judged(home, recipe) == pieces
    assert {row[1] for row in pieces} >= {"accepted", "rejected"}


def entry(rank: str, text: str, seed: Sample) -> Draft:
    return Draft(
        request_key=rank, setup="t", rank=rank, state="drafted", sample=make.synthetic([seed], text), model="tiny"
    )


def test_a_draft_that_was_judged_stays_ahead_of_one_that_comes_later_whatever_its_rank(drafted):
    home, recipe = drafted
    seed = vault.samples(home, "mine", "seed")[0]
    text = "It walks through the tree from its root to the leaves and gives each of the names once."
    journal.write(home, "mine", [entry("0002a", text, seed)])
    screen(home, recipe, unjudged(home, recipe))
    late = [entry("0001a", f"{text}\n", seed), entry("0001b", text.upper(), seed)]
    journal.write(home, "mine", late)
    screen(home, recipe, unjudged(home, recipe))
    ours = [entry("0002a", text, seed), *late]
    outcomes = {row[0]: row[1] for row in judged(home, recipe)}
    assert [outcomes[one.sample.sample_id] for one in ours] == ["accepted", "rejected", "rejected"]
    names = screening.signals(home, "mine", Screen.of(recipe).keys)
    said = dict(names.filter(names["validator"] == "near_duplicate").select("sample_id", "reason").iter_rows())
    first = ours[0].sample.sample_id[:12]
    assert [said[one.sample.sample_id] for one in late] == [f"1.0 alike with earlier draft {first}"] * 2


def test_a_draft_whose_question_is_a_held_out_one_is_rejected(drafted):
    home, recipe = drafted
    question = "How many legs do seven spiders have?"
    kept = make.human("Fifty-six.", source="kept.txt")
    vault.add(home, "mine", [("heldout", with_question(kept, question))])
    seed = vault.samples(home, "mine", "seed")[0]
    copy = with_question(make.synthetic([seed], "They have fifty-six of them in all."), question.upper())
    journal.write(home, "mine", [entry("9999", "Nothing.", seed).model_copy(update={"sample": copy})])
    screen(home, recipe, unjudged(home, recipe))
    (found,) = [row for row in judged(home, recipe) if row[0] == copy.sample_id]
    assert found[1] == "rejected"
    assert "the prompt is the same text as held-out kept.txt" in found[2][0]


def with_question(sample: Sample, question: str) -> Sample:
    content = sample.content.model_copy(update={"instruction": question})
    return Sample(content=content, provenance=sample.provenance)


def test_a_changed_rule_decides_again_without_running_a_validator_again(drafted, monkeypatch):
    home, recipe = drafted
    screen(home, recipe, unjudged(home, recipe))
    before = judged(home, recipe)
    stricter = recipe.model_copy(
        update={"screen": {**recipe.screen, "repetition": {"reject_below": 0.0, "accept_from": 0.0}}}
    )
    monkeypatch.setattr("outcross.tasks.screening.signalling.run", lambda *_: pytest.fail("a validator ran"))
    screen(home, stricter, unjudged(home, stricter))
    after = judged(home, stricter)
    assert len(after) == len(before)
    assert after != before
    assert judged(home, recipe) == before, "verdicts of the old rule set stay"


def test_only_accepted_drafts_are_audited_and_a_retry_draws_the_same_ones(drafted):
    home, recipe = drafted
    screen(home, recipe, unjudged(home, recipe))
    drawn = {row[0] for row in judged(home, recipe) if row[3]}
    accepted = {row[0] for row in judged(home, recipe) if row[1] == "accepted"}
    assert drawn < accepted
    assert drawn
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("DELETE FROM verdict")
    screen(home, recipe, unjudged(home, recipe))
    assert {row[0] for row in judged(home, recipe) if row[3]} == drawn


def test_a_validator_that_breaks_sends_the_row_to_an_expert_with_the_failure(drafted, monkeypatch):
    home, recipe = drafted

    def broken(*_: object) -> None:
        raise ZeroDivisionError("no words")

    monkeypatch.setattr("outcross.validators.checks.length.Length.__call__", broken)
    screen(home, recipe, unjudged(home, recipe))
    rows = [row for row in judged(home, recipe) if row[1] == "borderline"]
    assert rows
    assert all("ZeroDivisionError: no words" in " ".join(row[2]) for row in rows)


def test_decisions_come_back_once_and_an_edit_is_a_hybrid_child_of_its_draft(drafted):
    home, recipe = drafted
    screen(home, recipe, unjudged(home, recipe))
    queued = review.enqueue(home, recipe)
    assert queued > 2
    assert review.enqueue(home, recipe) == 0
    queue = Queue(home.queue)
    queue.add_reviewer("ada")
    verdicts = [("approve", (), None), ("edit", (), "It finds a value in the rows."), ("reject", ("inaccurate",), None)]
    for number, (verdict, reasons, edit) in enumerate(verdicts):
        claim = queue.claim("ada")
        idem = f"ruling-of-test-{number}"
        ruling = Ruling(verdict=verdict, reasons=reasons, edit=edit, shown_hash=claim.shown_hash, idem=idem)
        queue.submit(claim.token, "ada", ruling)
    assert review.collect(home) == 3
    assert review.collect(home) == 0
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        found = connection.execute("SELECT verdict, sample_id, edited_id FROM decision ORDER BY seq").fetchall()
    assert [row[0] for row in found] == ["approve", "edit", "reject"]
    draft_id, edited_id = found[1][1:]
    made = warehouse.samples(home, recipe.name, [draft_id, edited_id])
    child = made[edited_id]
    assert child.content.response == "It finds a value in the rows."
    assert (child.provenance.origin, child.provenance.editor, child.provenance.depth) == (Origin.HYBRID, "ada", 1)
    assert child.provenance.parents == (made[draft_id].as_parent,)
