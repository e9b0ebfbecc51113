"""Contraction of a small data set: what is measured from a home's own rows, signals and decisions."""

from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from outcross.agreement.intervals import upper_bound
from outcross.data.samples import Instruction, Sample
from outcross.data.stores import screening, trust, vault
from outcross.tasks.mixing import kept
from outcross.tasks.mixing.bias import biases
from outcross.tasks.mixing.candidates import candidates
from outcross.tasks.mixing.contraction import GATES, STRATA, Contraction, measure
from outcross.tasks.screening.suite import Screen
from outcross.validators.signals import params_digest
from tests import make
from tests.released import decide, drafted


def prose(rng, power, *, stratum, words=40):
    return " ".join(f"{stratum}{word}" for word in rng.zipf(power, words) % 3_000)


def of(sample, source, **changed):
    """The sample of another document."""
    return sample.model_copy(update={"provenance": sample.provenance.model_copy(update={"source": source, **changed})})


def signal(home, recipe, sample_ids, name, score):
    """What a validator said, as if it had run."""
    (validator,) = [one for one in Screen.of(recipe).validators if one.name == name]
    rows = [(key, name, validator.version, params_digest(validator), score, "", None) for key in sample_ids]
    schema = {"sample_id": pl.String, "validator": pl.String, "version": pl.Int64, "params_digest": pl.String,
              "score": pl.Float64, "reason": pl.String, "failure": pl.String}  # fmt: skip
    screening.add_signals(home, recipe.name, pl.DataFrame(rows, schema=schema, orient="row"))


@pytest.fixture
def measured_home(home, tmp_path):
    """Two strata of 120 human rows; a model that narrows one, and wrote 10 rows of the other."""
    rng = np.random.default_rng(0)
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    people = [
        make.human(prose(rng, 1.3, stratum=stratum), stratum=stratum, source=f"{stratum}{n // 4}")
        for stratum in ("red", "blue")
        for n in range(120)
    ]
    seed = make.human("Shown to the model.", source="shown")
    vault.add(home, recipe.name, [*(("mixture", one) for one in people), ("seed", seed)])
    drafts = [
        of(make.synthetic([seed], prose(rng, 1.6, stratum=stratum), stratum=stratum), f"{stratum}{n // 4}")
        for stratum, count in (("red", 80), ("blue", 10))
        for n in range(count)
    ]
    drafted(home, recipe, drafts, "accepted")
    return home, recipe, drafts


def test_strata_have_the_lower_bound_and_are_unknown_where_rows_are_few(measured_home):
    home, recipe, _ = measured_home
    strata = measure(home, recipe, candidates(home, recipe)).strata
    assert dict(strata.schema) == STRATA
    blue, red = strata.iter_rows(named=True)
    assert (blue["stratum"], blue["kappa"], blue["kappa_point"], blue["rows"]) == ("blue", None, None, 10)
    assert red["rows"] == 80
    assert 0 < red["kappa"] < red["kappa_point"] < 0.8


def test_more_rare_words_than_people_s_count_as_all_of_them(measured_home):
    home, recipe, _ = measured_home
    found = candidates(home, recipe)
    noisy = [
        of(make.synthetic([], prose(np.random.default_rng(n), 1.05, stratum="red"), stratum="red"), f"red{n // 4}")
        for n in range(100)
    ]
    found = replace(found, rows={**found.rows, **{one.sample_id: one for one in noisy}})
    red = measure(home, recipe, found).strata.row(by_predicate=pl.col("stratum") == "red", named=True)
    assert red["kappa_point"] > 1.1
    assert red["kappa"] == 1


def test_the_same_rows_give_the_same_numbers(measured_home):
    home, recipe, _ = measured_home
    one, other = (measure(home, recipe, candidates(home, recipe)) for _ in range(2))
    for name in ("strata", "gates", "generators", "tilts"):
        assert getattr(one, name).equals(getattr(other, name))


def test_each_generator_is_compared_by_its_drafts_whether_they_were_let_through_or_not(measured_home):
    home, recipe, _ = measured_home
    seed = vault.samples(home, recipe.name, "seed")[0]
    other = [make.synthetic([seed], prose(np.random.default_rng(n), 1.3, stratum="red"), stratum="red")
             for n in range(60)]  # fmt: skip
    renamed = [
        of(one, f"red{n // 4}", generation=one.provenance.generation.model_copy(update={"model": "large"}))
        for n, one in enumerate(other)
    ]
    drafted(home, recipe, renamed, "rejected")
    found = measure(home, recipe, candidates(home, recipe)).generators
    large, tiny = found.iter_rows(named=True)
    assert (large["model"], large["rows"], tiny["model"], tiny["rows"]) == ("large", 60, "tiny", 90)
    assert large["low"] <= 1 <= large["high"]
    assert tiny["high"] < 0.9


def test_a_gate_on_drafts_is_what_its_own_rule_keeps(measured_home):
    home, recipe, drafts = measured_home
    ids = [one.sample_id for one in drafts]
    signal(home, recipe, ids[:30], "length", 0.59)
    signal(home, recipe, ids[30:80], "length", 0.6)
    found = {one.validator: one for one in kept.of_drafts(home, recipe)}
    assert found["length"].judged == set(ids[:80])
    assert found["length"].kept == set(ids[30:80])
    gates = measure(home, recipe, candidates(home, recipe)).gates
    assert dict(gates.schema) == GATES
    gate = gates.row(by_predicate=(pl.col("validator") == "length") & (pl.col("origin") == "synthetic"), named=True)
    assert (gate["rows"], gate["judged"]) == (50, 80)
    assert not gate["flagged"]


def test_a_validator_that_cuts_people_s_rare_words_is_flagged_in_words(measured_home):
    """The longest rows hold the rare words here, and the screen wants short ones."""
    home, recipe, _ = measured_home
    rng = np.random.default_rng(1)
    short = [make.human(prose(rng, 2.5, stratum="red", words=20), stratum="red", source=f"more{n // 4}")
             for n in range(120)]  # fmt: skip
    vault.add(home, recipe.name, [("mixture", one) for one in short])
    strict = recipe.model_copy(update={"profile": None, "screen": {"length": {"maximum": 20}, "near_duplicate": {}}})
    found = measure(home, strict, candidates(home, strict))
    human = {row["validator"]: row for row in found.gates.filter(origin="human").iter_rows(named=True)}
    assert human["length"]["flagged"]
    assert human["length"]["kappa"] < 0.95
    assert human["length"]["documents"] <= 15
    assert not human["near_duplicate"]["flagged"]
    assert len(found.warnings) == 1
    assert "`length` leaves rare words" in found.warnings[0]
    assert "whatever the generator" in found.warnings[0]


def test_a_warning_says_where_the_interval_reaches_beyond_the_limit():
    row = ("length", "human", 0.94, 0.9, 0.97, 50, 9, 60, 1.0, True)
    gates = pl.DataFrame([row], schema=GATES, orient="row")
    empty = pl.DataFrame()
    (said,) = Contraction(empty, gates, empty, empty).warnings
    assert "kappa 0.94, 0.90 to 0.97, which doesn't exclude 0.95" in said


def test_people_s_rows_are_judged_by_whole_documents_against_the_others(home, tmp_path):
    """Each text stands in two documents: a row that met its own copy in its own half would be no duplicate."""
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    recipe = recipe.model_copy(update={"profile": None, "screen": {"near_duplicate": {}}})
    rng = np.random.default_rng(0)
    people = [make.human(prose(rng, 1.2, stratum="red"), stratum="red", source=f"doc{n // 4}") for n in range(48)]
    vault.add(home, recipe.name, [("mixture", one) for one in people])
    (found,) = kept.of_people(home, recipe, people)
    assert len(found.judged) == 24
    assert found.kept == found.judged
    documents = {one.provenance.source for one in people if one.sample_id in found.judged}
    assert {one.sample_id for one in people if one.provenance.source in documents} == found.judged
    copies = [
        Sample(
            content=Instruction(instruction=f"Case {n}?", response=one.content.response),
            provenance=one.provenance.model_copy(update={"source": f"copy{n // 4}"}),
        )
        for n, one in enumerate(people)
    ]
    vault.add(home, recipe.name, [("mixture", one) for one in copies])
    (found,) = kept.of_people(home, recipe, [*people, *copies])
    times = Counter(one.content.response for one in (*people, *copies) if one.sample_id in found.judged)
    both = {one.sample_id for one in (*people, *copies) if times[one.content.response] == 2}
    assert 0 < len(both) < len(found.judged)
    assert found.kept == both


def test_no_more_rows_are_judged_than_the_limit_and_those_of_whole_documents(home, tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "MOST_ROWS", 10)
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    recipe = recipe.model_copy(update={"profile": None, "screen": {"shape": {}}})
    people = [make.human(f"It adds {n}.", source=f"doc{n // 4}") for n in range(48)]
    vault.add(home, recipe.name, [("mixture", one) for one in people])
    (found,) = kept.of_people(home, recipe, people)
    assert len(found.judged) == 8
    (found,) = kept.of_people(home, recipe, [of(one, "all in one") for one in people])
    assert len(found.judged) == 10


def test_experts_words_are_credited_to_the_stratum_up_to_a_half(measured_home):
    home, recipe, drafts = measured_home
    words = drafts[0].content.response.split()
    tenth = make.hybrid(drafts[0], " ".join([*words[4:], "one", "two", "three", "four"]))
    whole = make.hybrid(drafts[1], "Every word of it is new.")
    moved = make.hybrid(drafts[2], " ".join(reversed(drafts[2].content.response.split())))
    for seq, (draft, edit) in enumerate(zip(drafts, (tenth, whole, moved), strict=False)):
        decide(home, draft, "edit", seq=seq + 1, edit=edit)
    blue, red = biases(home, recipe, candidates(home, recipe)).iter_rows(named=True)
    # The recipe's model writes the question too, whose four words and sign the edits kept.
    assert red["credit"] == pytest.approx((4 / 45 + 0.5 + 0) / 3)
    assert blue["credit"] == 0


def test_unreviewed_rows_are_as_wrong_as_audits_may_have_found(measured_home):
    home, recipe, drafts = measured_home
    assert biases(home, recipe, candidates(home, recipe))["unreviewed_bias"].to_list() == [1, 1]
    for seq, draft in enumerate(drafts[:20]):
        verdict = "reject" if seq < 2 else "approve"
        decide(home, draft, verdict, seq=seq + 1, route="audit")
    decide(home, drafts[20], "edit", seq=21, edit=make.hybrid(drafts[20], "Mended."), route="audit")
    decide(home, drafts[21], "reject", seq=22, route="border")
    found = biases(home, recipe, candidates(home, recipe))
    assert found["unreviewed_bias"].to_list() == pytest.approx([upper_bound(3, 21)] * 2)
    for seq, draft in enumerate(drafts[22:32]):
        decide(home, draft, "approve", seq=seq + 23, route="audit")
    decide(home, drafts[85], "reject", seq=40, route="audit")
    found = biases(home, recipe, candidates(home, recipe))
    # 31 of red were audited by now, and one alone of blue.
    assert found["unreviewed_bias"].to_list() == pytest.approx([upper_bound(4, 32), upper_bound(3, 31)])


def test_audits_of_drafts_that_the_screen_no_longer_accepts_say_nothing_of_those_it_does(measured_home):
    home, recipe, drafts = measured_home
    for seq, draft in enumerate(drafts[:5]):
        decide(home, draft, "reject", seq=seq + 1, route="audit")
    strict = recipe.model_copy(update={"screen": {**recipe.screen, "length": {"target": 9}}})
    drafted(home, strict, drafts[4:], "accepted")
    found = biases(home, strict, candidates(home, strict))
    assert found["unreviewed_bias"].to_list() == [upper_bound(1, 1)] * 2
    drafted(home, strict, drafts[:4], "borderline")
    decide(home, drafts[5], "approve", seq=6, route="audit")
    assert biases(home, strict, candidates(home, strict))["unreviewed_bias"][0] == pytest.approx(upper_bound(1, 2))


def test_rows_that_experts_let_through_are_as_wrong_as_they_are_not_trusted(measured_home):
    home, recipe, drafts = measured_home
    edit = make.hybrid(drafts[0], "Mended.")
    decide(home, drafts[0], "edit", seq=1, edit=edit)
    for seq, draft in enumerate((drafts[1], drafts[2], drafts[85])):
        decide(home, draft, "approve", seq=seq + 2)
    posteriors = {edit.sample_id: 0.7, drafts[1].sample_id: 0.9, drafts[2].sample_id: 0.8, drafts[3].sample_id: 0.1}
    rows = [(recipe.name, key, posterior, 1) for key, posterior in posteriors.items()]
    trust.add(home, pl.DataFrame(rows, schema=trust.SCHEMA, orient="row"))
    blue, red = biases(home, recipe, candidates(home, recipe)).iter_rows(named=True)
    assert (red["hybrid_bias"], red["reviewed_bias"]) == pytest.approx((0.3, 0.15))
    # Nobody has weighed the one that was approved there.
    assert (blue["hybrid_bias"], blue["reviewed_bias"]) == (0, 0)


def test_a_verdict_that_all_steps_are_right_is_no_fault_though_it_makes_a_sample(measured_home):
    home, recipe, drafts = measured_home
    edit = make.hybrid(drafts[0], drafts[0].content.response)
    decide(home, drafts[0], "edit", seq=1, edit=edit, route="audit", answer='{"verdict": "correct"}')
    assert biases(home, recipe, candidates(home, recipe))["unreviewed_bias"][0] == pytest.approx(upper_bound(0, 1))


def test_rows_of_a_class_are_tilted_towards_people_with_mean_one(measured_home):
    home, recipe, _ = measured_home
    found = candidates(home, recipe)
    tilts = measure(home, recipe, found).tilts
    assert set(tilts["sample_id"]) == {key for key, one in found.rows.items() if one.provenance.origin != "human"}
    red = tilts.filter(pl.col("sample_id").is_in([key for key, one in found.rows.items()
                                                 if one.provenance.stratum == "red"]))  # fmt: skip
    assert red["tilt"].mean() == pytest.approx(1)
    assert red["tilt"].max() > 1.2
    blue = tilts.join(red, on="sample_id", how="anti")
    assert blue["tilt"].to_list() == [1] * 10


def test_people_s_rows_alone_are_measured_too(home, tmp_path):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    vault.add(home, recipe.name, [("mixture", make.human(f"It adds {n}.")) for n in range(3)])
    found = measure(home, recipe, candidates(home, recipe))
    assert found.strata.select("stratum", "kappa", "rows").rows() == [("sums", None, 0)]
    assert found.generators.is_empty()
    assert found.tilts.is_empty()
    assert found.warnings == ()
