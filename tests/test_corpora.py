"""A corpus in Parquet files: screened slice by slice, resumed, and the same however it is cut."""

import json

import polars as pl
import pytest

from outcross.data.corpora.evaluation import texts
from outcross.errors import InputError
from outcross.tasks.screening import corpora
from outcross.tasks.screening.corpora import Job, check, compare, decide, slices, usual_kind
from tests.running import outcross, prefect_server

WORDS = (
    "anchor basil cedar dune ember fable grove harbour island jasmine kettle lantern meadow nectar orchard pebble "
    "quarry river saffron thistle umber valley willow yarrow zephyr"
)
NAMES = WORDS.split()
SENTENCES = [
    f"Between the {NAMES[n % 25]} and the {NAMES[(n * 7 + 3) % 25]} {NAMES[(n * 11 + 5) % 25]} stood {n + 2} of the "
    f"{NAMES[(n * 3 + 8) % 25]} {NAMES[(n * 13 + 1) % 25]} makers, who sold {NAMES[(n * 17 + 9) % 25]} by the pound."
    for n in range(25)
]
HELD = "Every evening the lighthouse keeper climbs one hundred and twelve steps to light a lamp that nobody needs."


@pytest.fixture
def files(tmp_path):
    """Two files: good answers, one of them twice, a loop, a refusal, and one that an evaluation set holds."""
    rows = [*SENTENCES, SENTENCES[4].upper(), "again and " * 30, "I'm sorry, but I can't help with that.", HELD]
    frame = pl.DataFrame({"sample_id": [f"row{n:03}" for n in range(len(rows))], "response": rows})
    frame = frame.with_columns(prompt=pl.concat_str(pl.lit("What happens, number "), "sample_id", pl.lit("?")))
    cut = 15
    frame.head(cut).write_parquet(tmp_path / "first.parquet")
    frame.slice(cut).write_parquet(tmp_path / "second.parquet")
    (tmp_path / "exam.jsonl").write_text(json.dumps({"question": "Who?", "answers": [HELD]}) + "\n")
    return [tmp_path / "first.parquet", tmp_path / "second.parquet"]


def screened(job, rows):
    parts = slices(job.files, rows)
    for part in parts:
        check(job, part)
    compare(job)
    for part in reversed(parts):
        decide(job, part)
    return pl.concat(pl.read_parquet(job.verdicts(part)) for part in parts).sort("sample_id")


def test_what_is_wrong_with_a_row_is_found_and_good_ones_are_accepted(files, tmp_path):
    job = Job(tuple(files), tmp_path / "out", "instruction", evaluation=(tmp_path / "exam.jsonl",))
    found = screened(job, 1_000)
    bad = {row[0]: " ".join(row[2]) for row in found.filter(pl.col("outcome") != "accepted").iter_rows()}
    last = len(SENTENCES)
    assert "near_duplicate: " in bad.pop(f"row{last:03}")
    assert "repetition: " in bad.pop(f"row{last + 1:03}")
    assert "refusal: " in bad.pop(f"row{last + 2:03}")
    assert "heldout_overlap: " in bad.pop(f"row{last + 3:03}")
    assert bad == {}


def test_slices_of_any_size_give_the_same_verdicts(files, tmp_path):
    jobs = [Job(tuple(files), tmp_path / str(rows), "instruction") for rows in (1_000, 7)]
    whole, cut = (screened(job, rows) for job, rows in zip(jobs, (1_000, 7), strict=True))
    assert whole.equals(cut)


def test_a_slice_that_is_done_is_not_done_again_and_half_a_file_is_never_there(files, tmp_path, monkeypatch):
    job = Job(tuple(files), tmp_path / "out", "instruction")
    first, *others = slices(job.files, 10)
    check(job, first)
    monkeypatch.setattr(corpora, "run", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    check(job, first)
    with pytest.raises(KeyboardInterrupt):
        check(job, others[0])
    assert [file.name for file in job.signals(first).parent.iterdir()] == [first.name]


def test_other_rules_and_other_files_have_another_folder(files, tmp_path):
    folders = {
        Job(tuple(files), tmp_path, "instruction").folder,
        Job(tuple(files[:1]), tmp_path, "instruction").folder,
        Job(tuple(files), tmp_path, "instruction", "code").folder,
        Job(tuple(files), tmp_path, "instruction", evaluation=(tmp_path / "exam.jsonl",)).folder,
    }
    assert len(folders) == 4


def test_a_file_that_holds_other_rows_by_now_is_screened_anew(files, tmp_path):
    job = Job(tuple(files), tmp_path / "out", "instruction")
    screened(job, 1_000)
    pl.read_parquet(files[0]).head(3).write_parquet(files[0])
    rows = sum(pl.read_parquet(file, columns=["sample_id"]).height for file in files)
    assert screened(job, 1_000).height == rows


@pytest.mark.parametrize("second", [{"response": "text"}, {}])
@pytest.mark.parametrize("kind", [pl.Int64, pl.Categorical])
def test_files_need_not_agree_on_the_name_of_the_text_nor_hold_ids_and_ranks_as_texts(tmp_path, second, kind):
    rows = pl.DataFrame({"sample_id": [str(n) for n in range(10, 21)], "response": SENTENCES[:11]})
    rows = rows.with_columns(
        rank=pl.Series([*range(11)]), text=pl.lit("something else"), prompt=pl.lit("What happens?")
    )
    rows = rows.with_columns(pl.col("sample_id").cast(kind))
    rows.head(9).write_parquet(tmp_path / "a.parquet")
    again = rows.tail(2).with_columns(response=pl.lit(SENTENCES[0]))
    (again.drop("text").rename(second) if second else again).write_parquet(tmp_path / "b.parquet")
    job = Job((tmp_path / "a.parquet", tmp_path / "b.parquet"), tmp_path / "out", "instruction")
    found = screened(job, 4)
    assert found.filter(pl.col("outcome") == "rejected")["sample_id"].to_list() == ["19", "20"]
    assert pl.read_parquet(job.clusters)["keeper"].unique().to_list() == ["10"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"sample_id": ["a", "b", "a"]}, "the `sample_id` 'a' stands twice"),
        ({"sample_id": ["a", None, "b"]}, "has rows without a `sample_id`"),
        ({"sample_id": ["a", "b", "c"], "prompt": [["x"], ["y"], []]}, "in its column `prompt`; give texts there"),
    ],
)
def test_rows_that_cannot_be_told_apart_or_read_are_refused_before_any_work(tmp_path, rows, said):
    pl.DataFrame({"response": ["x"] * 3, **rows}).write_parquet(tmp_path / "odd.parquet")
    with pytest.raises(InputError, match=said):
        slices([tmp_path / "odd.parquet"])


def test_one_id_in_two_files_is_refused_before_any_work(files, tmp_path):
    with pytest.raises(InputError, match="stands twice in the files"):
        slices([*files, files[0]])


def test_a_file_that_cannot_be_screened_is_refused_in_a_sentence(tmp_path):
    pl.DataFrame({"question": ["Why?"]}).write_parquet(tmp_path / "odd.parquet")
    with pytest.raises(InputError, match=r"has the columns question\. Name the text"):
        slices([tmp_path / "odd.parquet"])
    (tmp_path / "no.parquet").write_text("no")
    with pytest.raises(InputError, match="can't be read as Parquet"):
        slices([tmp_path / "no.parquet"])


def test_all_texts_of_an_evaluation_set_are_read_and_half_a_set_is_refused(tmp_path):
    path = tmp_path / "exam.jsonl"
    path.write_text('{"a": "one", "b": [{"c": "two"}, 3], "d": " "}\n\n{"a": "three"}\n')
    assert list(texts(path)) == [("exam.jsonl#1", "one"), ("exam.jsonl#1", "two"), ("exam.jsonl#3", "three")]
    pl.DataFrame({"q": ["four"], "n": [1]}).write_parquet(tmp_path / "exam.parquet")
    assert list(texts(tmp_path / "exam.parquet")) == [("exam.parquet#1", "four")]
    path.write_text('{"a": "one"}\n{"a": \n')
    with pytest.raises(InputError, match=r"exam.jsonl, line 2: not JSON.*all of the set must be known"):
        list(texts(path))


@pytest.mark.xdist_group("prefect")
def test_the_command_writes_verdicts_beside_the_files(files, tmp_path):
    words = ["--out", tmp_path / "screened", "--evaluation", tmp_path / "exam.jsonl"]
    with prefect_server(tmp_path / "prefect") as env:
        done = outcross("screen-corpus", *files, *words, env=env)
    assert done.returncode == 0, done.stderr
    assert f"{len(SENTENCES)} accepted" in done.stdout
    assert len(list((tmp_path / "screened").glob("*/verdicts/*.parquet"))) == 2


def test_rows_without_a_prompt_anywhere_are_taken_for_texts(files, tmp_path):
    bare = tmp_path / "bare.parquet"
    pl.read_parquet(files[0]).drop("prompt").write_parquet(bare)
    assert usual_kind([bare]) == "text"
    assert usual_kind([bare, *files]) == "instruction"
