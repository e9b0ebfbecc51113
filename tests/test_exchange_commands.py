"""Export and import as people use them: through the stores, the queue and the door."""

import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from outcross.cli import app
from outcross.data.corpora.candidates import Refusal
from outcross.data.exchange import formats
from outcross.data.exchange.judged import Imported, Judged, Judgement
from outcross.data.recipe import Recipe
from outcross.data.review.answers import Answer, Ruling
from outcross.data.review.gold import Gold
from outcross.data.review.items import Item
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.samples import MAX_TEXT, Instruction, Reasoning, Sample, Text
from outcross.data.stores import warehouse
from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.tasks.exchange import export, import_file, judged
from tests import judging, make
from tests.judged import judge
from tests.released import drafted
from tests.review_items import a_sample
from tests.test_fates import FIRST_BAD, PER_STEP, PROOF, WRONG, queued


@pytest.fixture
def recipe(home: Home, tmp_path: Path) -> Recipe:
    return make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(3)))


def decide(home: Home, samples: list[Sample], *rulings: dict[str, object]) -> None:
    """Let Ada decide on drafts, in their order; known answers come first, where there are any."""
    queue = Queue(home.queue, chance=lambda: 0.0)
    queue.add_reviewer("ada")
    for sample, ruling in zip(samples, rulings, strict=True):
        queue.enqueue([Item.of(sample, recipe="mine", source="border", incl_prob=1.0)])
        claim = queue.claim("ada")
        facts = {"shown_hash": claim.shown_hash, "idem": f"idem-{claim.token[:20]}"}
        queue.submit(claim.token, "ada", Ruling.model_validate(ruling | facts))


@pytest.fixture
def reviewed(home: Home, recipe: Recipe) -> list[Sample]:
    """Three drafts: one approved, one edited, one rejected."""
    samples = [make.synthetic([], f"=SUM(A{n})") for n in range(3)]
    drafted(home, recipe, samples, "borderline")
    edited = {"verdict": "edit", "edit": "It sums."}
    rejected = {"verdict": "reject", "reasons": ["other"], "note": "It is a formula."}
    decide(home, samples, {"verdict": "approve"}, edited, rejected)
    return samples


def test_the_samples_go_out_with_what_was_decided_in_the_order_of_the_queue(home, reviewed):
    rows = judged(home, "mine")
    assert [row.sample for row in rows] == reviewed
    said = [(row.decisions[0].verdict, row.decisions[0].edit, row.decisions[0].reviewer) for row in rows]
    assert said == [("approve", None, "ada"), ("edit", "It sums.", "ada"), ("reject", None, "ada")]
    assert rows[2].decisions[0].reasons == ("other",)


def test_what_measured_reviewers_does_not_go_out(home, recipe, reviewed):
    known = make.synthetic([], "Everybody knows.")
    drafted(home, recipe, [known], "borderline")
    answer = Answer(verdict="approve")
    marked = Item.of(known, recipe="mine", source="gold", incl_prob=1.0)
    Management(home.queue).add_gold([Gold(item=marked, answer=answer, explanation="It is known.")])
    decide(home, [make.synthetic([], "Nobody knows.")], {"verdict": "approve"})
    assert [row.source for row in Queue(home.queue).decisions()][-1] == "gold"
    assert known not in [row.sample for row in judged(home, "mine")]


def test_what_reviewers_split_on_goes_out_as_the_adjudicator_settled_it_and_not_before(home):
    queued(home, PROOF, reviewers=2)
    queue = judging.sit_down(home, "ada", "bob", adjudicator="eve")
    judging.answer(queue, "ada", lambda _: {"verdict": "correct", "labels": [1] * 7})
    (row,) = judged(home, "mine")
    assert row.settled is None, "one of two has decided"
    judging.answer(queue, "bob", lambda _: {"verdict": "error", "labels": FIRST_BAD, **WRONG})
    (row,) = judged(home, "mine")
    assert (len(row.decisions), row.settled) == (2, None)
    word = {"verdict": "correct", "labels": [1] * 7, "adjudication": {"cause": "reviewer_error"}}
    judging.answer(queue, "eve", lambda _: word, desk="adjudication")
    (row,) = judged(home, "mine")
    assert [said.reviewer for said in row.decisions] == ["ada", "bob", "eve"]
    assert (row.settled.verdict, row.settled.reviewer) == ("correct", "eve")
    (line,) = formats.FORMATS["steps"].dump([row])
    assert [step["reward"] for step in line["steps"]] == [1] * 7


def test_an_item_that_the_adjudicator_found_broken_goes_out_as_nobodys_opinion(home):
    queued(home, PROOF, reviewers=2)
    queue = judging.sit_down(home, "ada", "bob", adjudicator="eve")
    judging.answer(queue, "ada", lambda _: {"verdict": "correct", "labels": [1] * 7})
    judging.answer(queue, "bob", lambda _: {"verdict": "error", "labels": FIRST_BAD, **WRONG})
    broken = {"verdict": "broken", "note": "No sum.", "adjudication": {"cause": "ambiguous_item"}}
    judging.answer(queue, "eve", lambda _: broken, desk="adjudication")
    (row,) = judged(home, "mine")
    (refused,) = formats.FORMATS["steps"].dump([row])
    assert refused.reason == "the decision broken labels no steps"


def test_of_those_who_agree_the_later_stands_and_who_could_not_tell_never_does(home):
    queued(home, PROOF, reviewers=2, steps="per_step")
    queue = judging.sit_down(home, "ada", "bob", "cem")
    judging.answer(queue, "ada", lambda _: {"verdict": "error", "labels": PER_STEP, **WRONG})
    claim = queue.claim("cem")
    judging.rule(queue, claim, "cem", {"verdict": "give_up", "note": "It is too long."})
    judging.answer(queue, "bob", lambda _: {"verdict": "error", "labels": [1, 1, *PER_STEP[2:]], **WRONG})
    again = {"verdict": "give_up", "note": "It is too hard.", "revises": True, "idem": "idem-of-the-revision"}
    judging.rule(queue, claim, "cem", again)
    (row,) = judged(home, "mine")
    assert [said.reviewer for said in row.decisions] == ["ada", "bob", "cem"]
    assert (row.settled.reviewer, row.settled.labels[1]) == ("bob", 1)


def test_what_a_reviewer_revised_goes_out_as_they_said_it_last(home, recipe):
    draft = make.synthetic([], "It adds.")
    drafted(home, recipe, [draft], "borderline")
    queue = judging.sit_down(home, "ada")
    queue.enqueue([Item.of(draft, recipe="mine", source="border", incl_prob=1.0)])
    claim = queue.claim("ada")
    judging.rule(queue, claim, "ada", {"verdict": "approve"})
    again = {"verdict": "reject", "reasons": ["style"], "revises": True, "idem": "idem-of-the-revision"}
    judging.rule(queue, claim, "ada", again)
    (row,) = judged(home, "mine")
    assert [said.verdict for said in row.decisions] == ["reject"]
    assert row.settled == row.decisions[0]


@pytest.mark.parametrize("name", ["label-studio", "argilla", "csv"])
def test_a_file_that_went_out_comes_in_elsewhere_with_its_strata_and_adds_nothing_twice(
    home, recipe, reviewed, name, tmp_path
):
    file = tmp_path / f"decided.{name}"
    went = export(home, recipe, name, file)
    assert (went.samples, went.records, went.left_out) == (3, 3, {})
    other = Home(tmp_path / "other")
    theirs = make.recipe(other, tmp_path / "mine.jsonl")
    came = import_file(other, theirs, file, name, "tiny")
    assert (came.taken.new, came.answers) == (3, 3)
    assert import_file(other, theirs, file, name, "tiny").taken.new == 0
    stored = warehouse.drafted(other, "mine")
    contents = {json.dumps(json.loads(content), sort_keys=True) for content in stored["content"]}
    assert contents == {json.dumps(one.content.model_dump(), sort_keys=True) for one in reviewed}
    said = json.loads(stored["provenance"][0])
    assert (said["origin"], said["generation"]["model"], said["stratum"]) == ("synthetic", "tiny", "sums")


def test_an_export_is_there_whole_or_as_it_was_before(home, recipe, reviewed, tmp_path, monkeypatch):
    file = tmp_path / "out.json"
    file.write_text("before")

    def broken(rows: object) -> object:
        yield {"data": 1}
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(formats.FORMATS["argilla"], "dump", broken)
    with pytest.raises(OSError, match="No space left"):
        export(home, recipe, "argilla", file)
    assert [path.name for path in tmp_path.glob("*out*")] == ["out.json"]
    assert file.read_text() == "before"


def test_what_can_not_come_in_is_quarantined_with_its_place_and_reason(home, recipe, tmp_path):
    good = Judged(sample=a_sample(1, Instruction(instruction="Why?", response="So.")))
    text = Judged(sample=a_sample(1, Text(text="Once.")))
    human = Judged(sample=make.human())
    records = [
        *formats.FORMATS["label-studio"].dump([good, text, human]),
        "nothing",
        {"data": {"instruction": "Wh\0y?", "response": "So."}},
        {"data": {"instruction": "Why?", "response": "So."}, "annotations": [{"result": 7}]},
        {"data": {"instruction": json.loads("[" * 900 + "]" * 900), "response": "So."}},
    ]
    file = tmp_path / "tasks.json"
    file.write_text(json.dumps(records))
    came = import_file(home, recipe, file, "label-studio", "tiny")
    assert (came.taken.read, came.taken.new) == (7, 1)
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        rows = connection.execute("SELECT file, line, reason FROM quarantine ORDER BY line").fetchall()
    expected = [
        "its kind is text, and that of mine instruction",
        "claims the origin 'human' among drafts",
        "a JSON str where an object is wanted",
        "instruction: Value error, holds a NUL byte",
        "annotations.0.result: Input should be a valid tuple",
        "instruction: Input should be a valid string",
    ]
    assert [(file, line) for file, line, _ in rows] == [("tasks.json", line) for line in range(2, 8)]
    for (_, _, reason), words in zip(rows, expected, strict=True):
        assert words in reason


@pytest.mark.parametrize(("name", "record"), [
    ("label-studio", {"data": {"question": "Why?", "answer": "So.", "license": "MIT", "topic": "apples"}}),
    ("label-studio", {"data": {"question": "Why?", "answer": "So.", "topic": 7}, "meta": {"license": "MIT",
                                                                                         "topic": "apples"}}),
    ("argilla", {"fields": {"question": "Why?", "answer": "So."},
                 "metadata": {"license": "MIT", "topic": "apples", "origin": "crawl"}}),
    ("csv", {"instruction": "Why?", "response": "So.", "license": "MIT", "topic": "apples"}),
    ("csv", {"instruction": "Why?", "response": "So.", "licence": "MIT", "license": "GPL", "stratum": "apples",
             "topic": "pears"}),
])  # fmt: skip
def test_a_foreign_licence_and_the_recipes_own_stratum_stay_with_the_row(home, recipe, tmp_path, name, record):
    file = tmp_path / "theirs"
    cells = ",".join(record) + "\n" + ",".join(map(str, record.values())) + "\n"
    file.write_text(cells if name == "csv" else json.dumps([record]))
    assert import_file(home, recipe, file, name, "tiny").taken.new == 1
    said = json.loads(warehouse.drafted(home, "mine")["provenance"][0])
    assert (said["licence"], said["stratum"], said["origin"]) == ("MIT", "apples", "synthetic")


def test_labels_that_nobody_signed_are_counted_as_answers_that_were_not_taken(home, tmp_path):
    recipe, _ = queued(home, PROOF)
    lines = [
        {"problem": f"{n}?", "steps": [{"index": 0, "text": "So.", "reward": reward}], "answer": "1"}
        for n, reward in enumerate([1, -1, None])
    ]
    file = make.write_jsonl(tmp_path / "steps.jsonl", lines)
    came = import_file(home, recipe, file, "steps", "tiny")
    assert (came.taken.new, came.answers) == (3, 2)


def test_records_a_line_are_read_as_well_as_an_array(home, recipe, tmp_path):
    records = list(formats.FORMATS["argilla"].dump([Judged(sample=a_sample(n)) for n in range(3)]))
    file = make.write_jsonl(tmp_path / "records.jsonl", records)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes() + b"{broken\n")
    came = import_file(home, recipe, file, "argilla", "tiny")
    assert (came.taken.new, sum(came.taken.refused.values())) == (3, 1)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("label-studio", b"[{", "is not JSON"),
        ("label-studio", b"[" * 100_000, "is not JSON"),
        ("label-studio", b"[" + b"9" * 5_000 + b"]", "is not JSON"),
        ("argilla", b"", "is empty"),
        ("csv", "kind,text\r\ntext,\xe9".encode("latin-1"), "is not UTF-8 at byte"),
        ("csv", b"kind,text\r\n", "not one row could be taken in"),
        ("hh", b"[]", "not one row could be taken in"),
    ],
)
def test_a_file_that_gives_nothing_is_an_error_in_one_sentence(home, recipe, tmp_path, name, data, said):
    file = tmp_path / "theirs"
    file.write_bytes(data)
    with pytest.raises(InputError, match=said) as error:
        import_file(home, recipe, file, name, "tiny")
    assert "\n" not in str(error.value)


def test_a_format_that_there_is_not_is_said_with_those_that_there_are(home):
    words = ["export", "docstrings", "--format", "xlsx", "--out", "x", "--home", str(home.root)]
    with pytest.raises(InputError, match=r"there is no format 'xlsx'\. Choose one of: label-studio, argilla, .*csv"):
        CliRunner().invoke(app, words, catch_exceptions=False)


def test_nothing_comes_in_without_the_name_of_the_model_that_wrote_it(home, recipe, tmp_path):
    with pytest.raises(InputError, match="Name the model with --generator NAME"):
        import_file(home, recipe, tmp_path / "x.json", "argilla", " ")


def test_an_export_of_nothing_or_in_a_format_of_other_kinds_says_what_to_do(home, recipe, tmp_path):
    with pytest.raises(InputError, match=r"hh can't hold samples of kind instruction\. Choose one of: label-studio"):
        export(home, recipe, "hh", tmp_path / "x")
    with pytest.raises(InputError, match=r"nobody has decided on a draft of mine yet\. Review some first"):
        export(home, recipe, "csv", tmp_path / "x")


@pytest.mark.parametrize(("name", "count"), [("label-studio", 0), ("label-studio", 2), ("hh", 0), ("hh", 2)])
def test_a_written_file_is_read_back_whole_whatever_it_holds(tmp_path, name, count):
    records = [{"data": "line\nbreak \u2028"}] * count
    formats.write(name, tmp_path / "x", iter(records))
    if name == "label-studio" or count:
        assert [record for _, record in formats.read(name, tmp_path / "x")] == records
    else:
        assert (tmp_path / "x").read_text() == ""


@pytest.mark.parametrize("name", ["label-studio", "argilla", "csv"])
def test_a_record_too_long_to_come_back_is_left_out_and_the_rest_goes_both_ways(
    home, recipe, reviewed, name, tmp_path, monkeypatch
):
    longer = max(len(json.dumps(record)) for record in formats.FORMATS[name].dump(judged(home, "mine")))
    draft = make.synthetic([], "x" * longer)
    drafted(home, recipe, [draft], "borderline")
    decide(home, [draft], {"verdict": "approve"})
    monkeypatch.setattr(formats, "MAX_RECORD", longer + 100)
    went = export(home, recipe, name, tmp_path / "out")
    assert (went.samples, went.records) == (4, 3)
    assert went.left_out == {f"it takes {longer + 100:,} bytes or more, which no import would read": 1}
    assert len(list(formats.read(name, tmp_path / "out"))) == 3


@pytest.mark.parametrize("name", ["prm800k", "steps", "csv", "argilla"])
def test_a_solution_of_many_long_steps_comes_back(tmp_path, name):
    content = Reasoning(problem="How?", steps=["x" * MAX_TEXT] * 70, answer="So.")
    row = judge(content, "correct", labels=(1,) * 70)
    form = formats.FORMATS[name]
    assert formats.write(name, tmp_path / "out", form.dump([row, row])).records == 2
    found = [one for _, record in formats.read(name, tmp_path / "out") for one in form.load([record])]
    assert [one.content for one in found if isinstance(one, Imported)] == [content] * 2


def test_the_longest_record_that_goes_out_comes_back(tmp_path, monkeypatch):
    records = [{"a": "x" * length} for length in range(30, 50)]
    monkeypatch.setattr(formats, "MAX_RECORD", 50)
    went = formats.write("hh", tmp_path / "out", records)
    assert went.records < len(records)
    assert [record for _, record in formats.read("hh", tmp_path / "out")] == records[: went.records]


def test_a_line_that_is_longer_than_any_record_is_refused_and_the_next_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "MAX_RECORD", 50)
    file = make.write_jsonl(tmp_path / "theirs.jsonl", [{"a": "x" * 50}, {"b": 1}])
    (_, refused), second = formats.read("hh", file)
    assert isinstance(refused, Refusal)
    assert "the line is longer than 50 bytes" in refused.reason
    assert second == (2, {"b": 1})


def test_an_array_too_large_to_be_read_at_once_is_an_error_that_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "MAX_ARRAY", 10)
    (tmp_path / "theirs.json").write_text("[1, 2, 3, 4]")
    with pytest.raises(InputError, match=r"one JSON array of 12 bytes, more than 10: split it, or use JSONL"):
        list(formats.read("argilla", tmp_path / "theirs.json"))


def test_the_commands_say_what_went_and_what_came(home, recipe, reviewed, tmp_path):
    file = tmp_path / "decided.csv"
    where = ["--format", "csv", "--home", str(home.root)]
    went = CliRunner().invoke(app, ["export", "mine", "--out", str(file), *where], catch_exceptions=False)
    assert "3 samples with decisions; 3 records are in" in went.stdout.replace("\n", " ")
    assert "csv leaves out of every row: which model wrote it" in went.stdout.replace("\n", " ")
    assert '"\'=SUM(A0)"' in file.read_text()
    came = CliRunner().invoke(app, ["import", "mine", str(file), *where, "--generator", "x"], catch_exceptions=False)
    assert "3 rows read, 3 of them new" in came.stdout.replace("\n", " ")
    assert "They carry 3 answers given elsewhere" in came.stdout.replace("\n", " ")


def test_a_decision_reads_as_a_judgement_whatever_else_a_row_holds(home, reviewed):
    rows = Queue(home.queue).decisions()
    assert all(Judgement.model_validate(row.model_dump(include=set(Judgement.model_fields))) for row in rows)
