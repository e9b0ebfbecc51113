"""Arms of real text, tried with the trigram model: what helps, what harms, and what only looks so."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
import pytest

from outcross.data.corpora.prose import held_out
from outcross.mixture.effect.arms import HELD_BACK, ROWS, STEPS, Arm, Material, hold_back
from outcross.mixture.effect.evaluate import Bench, evaluate
from outcross.mixture.effect.outcome import Effect, agreed
from outcross.mixture.effect.proxy import TrigramProxy
from outcross.mixture.text.ngram import Trigram
from outcross.mixture.text.tokens import Encoded, Vocabulary
from tests.people import docstrings

HUMAN = 400


@dataclass(frozen=True)
class FixedProxy:
    """The trigram model with one discount for all."""

    name: str = "fixed"

    def fit(self, rows, weights, n_types, dev):
        return Trigram.fit(rows, n_types, weights)


@dataclass
class World:
    """People's text: to test on, to tune on, to train on, held back, and what other models were trained on."""

    def __post_init__(self):
        rest, held = held_out(docstrings(), 0.4)
        self.test, self.dev = held_out(held, 0.2)
        rest = rest[np.random.default_rng(0).permutation(rest.height)]
        self.human, self.extra, self.other = rest[:HUMAN], rest[HUMAN : 2 * HUMAN], rest[2 * HUMAN :]

    @cached_property
    def external(self):
        return written(self.other["text"], 4 * HUMAN)

    @cached_property
    def own(self):
        return written(self.human["text"], HUMAN)

    def material(self, *drafts, **more):
        return Material(self.human, self.extra, release(self.human, *drafts), **more)

    def tried(self, arms, proxy=None):
        return evaluate(Bench.of(self.dev, self.test, arms), arms, proxy or TrigramProxy())


@pytest.fixture(scope="module")
def world():
    return World()


def written(texts, count):
    """What a trigram model of some texts writes."""
    vocabulary = Vocabulary.of(texts)
    encoded = vocabulary.encode(texts)
    rows = Trigram.fit(encoded, len(vocabulary)).sample(count, np.random.default_rng(1))
    names = ["", "?", *vocabulary.types]
    parts = np.split(rows.ids, rows.starts[1:-1])
    return pl.Series([" ".join(names[word] for word in part) for part in parts])


def drafts(texts, weight=0.25, **columns):
    """Texts as drafts of a release."""
    said = {"document": "", "stratum": "to f", "klass": "unreviewed", "generator": "tiny", "prompt": "p"} | columns
    rows = pl.DataFrame({"text": texts, **said, "weight": weight})
    return rows.select(pl.col(name).cast(kind) for name, kind in ROWS.items())


def release(human, *parts):
    people = drafts(human["text"], 1.0, klass="human", generator=None, prompt=None)
    return pl.concat([people, *parts])


def arm(outcome, kind, name=""):
    return next(one for one in outcome.arms if (one.kind, one.name) == (kind, name))


@pytest.mark.science
def test_an_external_generator_is_better_and_worth_rows_from_people(world):
    found = world.tried(world.material(drafts(world.external)).arms())
    assert found.against_human.verdict == "better"
    assert arm(found, "release").human_rows not in ("< 0", "0", "unknown")
    steps = [one.against_human.effect for one in found.arms if one.kind == "more"]
    assert steps == sorted(steps, reverse=True), "more rows from people help more"
    assert [one.human_rows for one in found.arms if one.kind == "more"] == ["50", "100", "200", "400"]
    assert found.paid[0].effect < found.paid[0].high < 0
    assert arm(found, "class", "unreviewed").against_human.effect == 0, "without its drafts it is people's rows"


@pytest.mark.science
def test_drafts_of_a_model_of_the_same_rows_are_worse(world):
    """Derived: an own generator has no information of its own; simulated: +.05 to +.37 nats."""
    found = world.tried(world.material(drafts(world.own)).arms())
    assert found.against_human.verdict == "worse"
    assert 0.03 < found.against_human.effect < 0.4
    assert arm(found, "release").human_rows == "< 0"


@pytest.mark.science
def test_of_two_generators_the_one_that_paid_comes_first(world):
    good, bad = drafts(world.external[:HUMAN]), drafts(world.own, generator="own", prompt="q", stratum="to p")
    found = world.tried(world.material(good, bad).arms())
    for kind, helps, harms in (("generator", "tiny", "own"), ("prompt", "p", "q"), ("stratum", "to f", "to p")):
        worth = {one.name: one for one in found.paid if one.kind == kind}
        assert list(worth) == [helps, harms], "the most helpful first"
        assert worth[helps].high < 0 < worth[harms].low


@pytest.mark.science
def test_a_validator_that_keeps_out_what_helps_is_seen(world):
    refused = {"good": drafts(world.external[HUMAN : 4 * HUMAN]), "bad": drafts(world.own), "idle": drafts([])}
    found = world.tried(world.material(drafts(world.external[:HUMAN]), refused=refused).arms())
    worth = {one.name: one for one in found.paid if one.kind == "validator"}
    assert set(worth) == {"good", "bad"}
    assert worth["good"].high < 0 < worth["bad"].low
    assert worth["bad"].rows == HUMAN


@pytest.mark.science
def test_the_same_rows_twice_look_catastrophic_only_with_a_fixed_discount(world):
    twice = pl.concat([world.human["text"]] * 2)
    arms = [Arm("human", "", weighed(world.human["text"])), Arm("release", "", weighed(twice))]
    tuned, fixed = (world.tried(arms, proxy).against_human.effect for proxy in (TrigramProxy(), FixedProxy()))
    assert abs(tuned) < 0.01
    assert fixed > 0.1


def weighed(texts):
    return pl.DataFrame({"text": texts}).with_columns(weight=1.0)


def test_a_release_of_people_alone_is_no_evidence_against_people_and_a_budget_changes_nothing(world):
    human = release(world.human)
    for weight in (1.0, 7.0):
        same = Material(world.human, world.extra[:0], human.with_columns(weight=weight), last=human)
        found = world.tried(same.arms())
        assert found.against_human.verdict == found.against_last.verdict == "no evidence"
        assert found.against_human.effect == pytest.approx(0, abs=1e-9)
        assert found.paid == ()


class Counting:
    name = "counting"

    def __init__(self):
        self.fits = 0

    def fit(self, rows: Encoded, weights, n_types, dev):
        self.fits += 1
        return Trigram.fit(rows, n_types, weights)


def test_arms_of_the_same_rows_are_tried_once(world):
    proxy = Counting()
    material = world.material(drafts(world.own[:50]))
    found = world.tried(replace(material, extra=world.extra[:0], last=release(world.human)).arms(), proxy)
    kinds = [(one.kind, one.name) for one in found.arms]
    parts = [("class", "human"), ("class", "unreviewed"), ("generator", "tiny"), ("prompt", "p"), ("stratum", "to f")]
    assert kinds == [("human", ""), ("release", ""), ("last", ""), *parts]
    assert proxy.fits == 3, "people, the release, and its drafts alone"


@pytest.mark.parametrize("rows", [1, 9, 40])
def test_whole_documents_are_held_back_and_no_more_than_a_quarter_of_the_rows(rows):
    human = pl.DataFrame([(f"d{n % 30}", f"t{n}") for n in range(30 * rows)], schema=["document", "text"], orient="row")
    rest, held = hold_back(human)
    assert set(rest["document"]).isdisjoint(held["document"])
    assert sorted([*rest["text"], *held["text"]]) == sorted(human["text"])
    assert 0 < held.height <= min(STEPS[-1], HELD_BACK * human.height)
    assert held.height > HELD_BACK * human.height - rows
    if rows > 1:
        assert held["document"][:4].n_unique() > 1, "a step isn't one document"


def test_of_a_single_document_nothing_is_held_back():
    human = pl.DataFrame({"document": ["d"] * 9, "text": ["t"] * 9})
    assert [part.height for part in hold_back(human)] == [9, 0]


def test_proxies_that_disagree_are_no_evidence(world):
    good, bad = (world.tried(world.material(drafts(one)).arms()[:2]) for one in (world.external, world.own))
    said = {"name": "r", "version": 1, "last": None, "documents": 1, "rows": 1, "human_rows": 1, "held_back": 0}
    mixed = Effect(**said, remarks=(), proxies=(good, bad.model_copy(update={"proxy": "other"})))
    assert mixed.against_human == "no evidence"
    assert [one.verdict for one in mixed.said] == ["no evidence"]
    assert "disagree" in mixed.said[0].reason
    assert mixed.against_last is None
    assert Effect(**said, remarks=(), proxies=(good, good)).against_human == "better"
    assert agreed(["worse", "worse"]) == "worse"
    assert Effect.model_validate_json(mixed.model_dump_json()) == mixed
