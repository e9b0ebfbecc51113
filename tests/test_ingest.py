"""The door: what comes in, what is refused with which reason, and that good rows go on."""

import json
from pathlib import Path

import duckdb
import pytest

from outcross.data.corpora import stdlib
from outcross.data.corpora.candidates import Candidate
from outcross.data.corpora.jsonl import MAX_LINE
from outcross.data.samples import Origin
from outcross.data.stores import quarantine, vault
from outcross.data.stores.home import Home
from outcross.data.stores.lease import lease
from outcross.errors import InputError
from outcross.tasks.imports import import_drafts
from outcross.tasks.ingest import ingest
from tests import make


def refused(home: Home) -> list[tuple[int, str]]:
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return connection.execute("SELECT line, reason FROM quarantine ORDER BY line").fetchall()


def test_good_rows_go_on_past_bad_ones_which_are_kept_with_line_and_reason(home, tmp_path):
    good = [json.dumps(row).encode() for row in make.tasks(3)]
    bad = {
        2: (b'{"question": "cut of', "not JSON"),
        4: (b'["a", "list"]', "a JSON list where an object is wanted"),
        5: (b'{"question": "Why?"}', "response: Field required"),
        6: (b'{"question": "Wh\\u0000y?", "answer": "Because."}', "holds a NUL byte"),
        7: (b'{"question": "Wh\xff?", "answer": "Because."}', "not UTF-8"),
        8: (b'{"question": "Why?", "answer": "  "}', "String should match pattern"),
        9: (b'{"question": "' + b"x" * 10_000_000 + b'", "answer": "y"}', f"longer than {MAX_LINE:,} bytes"),
        10: (b'{"question": "Why?", "answer": "So.", "origin": "synthetic"}', "only people's rows enter the vault"),
        11: (b'{"question": "Why?", "answer": ' + b"[" * 100_000, "not JSON"),
        12: (b'{"question": "Why \\ud800?", "answer": "So."}', "unable to parse raw data as a unicode string"),
        16: (b'{"question": "Why?", "answer": ' + b"9" * 5_000 + b"}", "not JSON"),
        17: (b'{"question": "Why?", "answer": NaN}', "response: Input should be a valid string"),
    }
    lines = {1: good[0], 3: good[1], 13: good[2], 14: good[2], 15: b""} | {n: line for n, (line, _) in bad.items()}
    path = tmp_path / "mine.jsonl"
    path.write_bytes(b"\n".join(lines[number] for number in sorted(lines)))
    taken = ingest(home, make.recipe(home, path, stratum=""))
    assert taken.new == 3, "a row that stands twice comes in once"
    found = refused(home)
    assert [line for line, _ in found] == sorted(bad)
    for line, reason in found:
        assert bad[line][1] in reason, (line, reason)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        ("{}".encode("utf-16"), "looks like UTF-16"),
        (b'{"a": 1, "b": 2}\n', "has the fields 'a', 'b', and none of the usual pairs"),
        (b"nothing\nof\nuse\n", "not one row could be taken in"),
    ],
)
def test_a_file_that_gives_nothing_is_an_error_in_one_sentence(home, tmp_path, data, said):
    path = tmp_path / "mine.jsonl"
    path.write_bytes(data)
    with pytest.raises(InputError, match=said) as error:
        ingest(home, make.recipe(home, path))
    assert "\n" not in str(error.value)


def test_rows_before_the_first_that_has_a_usual_pair_are_refused_and_the_rest_come_in(home, tmp_path):
    odd = [{"question": "Why?"}, {"\ud800\0": "a name that no store takes"}, {"input": "x", "output": "y"}]
    path = make.write_jsonl(tmp_path / "mine.jsonl", [*odd, *make.tasks(50), {"question": "Why?"}])
    taken = ingest(home, make.recipe(home, path, stratum=""))
    assert (taken.read, taken.new) == (54, 50)
    pair = "say which is which with --field instruction=NAME --field response=NAME"
    assert refused(home) == [
        (1, f"has the fields 'question', and none of the usual pairs: {pair}"),
        (2, f"has the fields '\\ud800\\x00', and none of the usual pairs: {pair}"),
        (3, f"has the fields 'input', 'output', and none of the usual pairs: {pair}"),
        (54, "response: Field required"),
    ]


def test_of_the_usual_names_those_are_taken_under_which_a_row_has_the_most(home, tmp_path):
    row = {"instruction": "Sum.", "input": "1, 2", "response": "3"}
    ingest(home, make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", [row]), stratum="", heldout_share=0.0))
    (content,) = vault.table(home, "mine", *vault.PARTS)["content"]
    assert json.loads(content)["context"] == "1, 2"


def test_where_the_recipe_names_fields_no_row_comes_in_under_others(home, tmp_path):
    named = {"prompt": "Why?", "completion": "Because a model said so.", "human": "Because."}
    lacking = {"prompt": "Why not?", "completion": "Because a model said so."}
    path = make.write_jsonl(tmp_path / "mine.jsonl", [lacking, named])
    fields = {"instruction": "prompt", "response": "human"}
    assert ingest(home, make.recipe(home, path, fields=fields, stratum="")).refused == {"response: Field required": 1}


def test_a_missing_file_is_named(home, tmp_path):
    with pytest.raises(InputError, match=r"gone\.jsonl can't be read: No such file"):
        ingest(home, make.recipe(home, tmp_path / "gone.jsonl"))


def test_rows_without_the_field_that_slices_them_are_refused_and_not_filed_under_none(home, tmp_path):
    rows = [*make.tasks(3), {"question": "Why?", "answer": "So."}]
    recipe = make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", rows))
    assert ingest(home, recipe).refused == {"has no field topic: the recipe slices by it": 1}
    with pytest.raises(InputError, match="4 × has no field tpoic"):
        ingest(home, make.recipe(home, tmp_path / "mine.jsonl", stratum="tpoic"))


def test_rows_of_any_kind_may_bring_fields_of_their_own_beside_the_kinds(home, tmp_path):
    rows = [
        {"text": f"Once there were {n} bears.", "licence": "MIT", "attestation": "ada", "page": n} for n in range(3)
    ]
    path = make.write_jsonl(tmp_path / "tales.jsonl", rows)
    recipe = make.recipe(home, path, stratum="")
    texts = recipe.model_copy(update={"kind": "text"})
    assert ingest(home, texts).new == 3


@pytest.mark.parametrize("missing", ["licence", "attestation"])
def test_rows_that_nobody_vouches_for_are_refused(home, tmp_path, missing):
    path = make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(2))
    with pytest.raises(InputError, match=f"2 × has no {missing}"):
        ingest(home, make.recipe(home, path, **{missing: ""}))
    assert quarantine.count(home, "mine") == 0, "the file is the mistake, not its rows"


def test_a_row_may_bring_its_own_licence_and_attestation(home, tmp_path):
    own = {"licence": "MIT", "attestation": "ada"}
    path = make.write_jsonl(tmp_path / "mine.jsonl", [row | own for row in make.tasks(2)])
    ingest(home, make.recipe(home, path, licence="", attestation=""))
    parts = [sample.provenance for part in vault.PARTS for sample in vault.samples(home, "mine", part)]
    assert {(said.licence, said.attestation) for said in parts} == {("MIT", "ada")}


def test_ingesting_twice_adds_nothing(home, tmp_path):
    recipe = make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", [*make.tasks(50), {"no": "row"}]))
    assert ingest(home, recipe).new == 50
    before = vault.counts(home, "mine")
    assert ingest(home, recipe).new == 0
    assert vault.counts(home, "mine") == before
    assert quarantine.count(home, "mine") == 1


@pytest.mark.parametrize("said", ["licence", "attestation"])
def test_rows_that_the_vault_has_under_another_word_stay_and_are_counted(home, tmp_path, said):
    path = make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(30))
    recipe = make.recipe(home, path)
    assert ingest(home, recipe).otherwise == ingest(home, recipe).otherwise == 0
    before = vault.table(home, "mine", *vault.PARTS)
    make.write_jsonl(path, make.tasks(40))
    taken = ingest(home, make.recipe(home, path, **{said: "another"}))
    assert (taken.new, taken.otherwise) == (10, 30)
    after = vault.table(home, "mine", *vault.PARTS)
    assert after.join(before, on="sample_id", how="semi").equals(before)


def test_another_stratum_is_counted_and_a_copy_in_another_document_is_not(home, tmp_path):
    rows = make.tasks(30)
    path = make.write_jsonl(tmp_path / "mine.jsonl", [*rows, rows[0] | {"topic": "copies"}])
    ingest(home, make.recipe(home, path))
    assert ingest(home, make.recipe(home, path)).otherwise == 0
    assert ingest(home, make.recipe(home, path, stratum="answer")).otherwise == 30


def test_a_document_is_on_one_side_of_the_split_only(home, tmp_path):
    rows = [row | {"book": f"book {number % 20}"} for number, row in enumerate(make.tasks(400))]
    ingest(home, make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", rows), document="book"))
    sides = [{sample.provenance.source for sample in vault.samples(home, "mine", part)} for part in vault.PARTS]
    assert sum(len(side) for side in sides) == len(set().union(*sides)) == 20


@pytest.mark.parametrize(
    "column", ["origin = 'synthetic'", "depth = 1", "licence = ' '", "attestation = ''", "part = 'x'"]
)
def test_the_vault_itself_refuses_what_is_not_clean_human_data(home, column):
    vault.add(home, "mine", [("mixture", make.human())])
    with pytest.raises(duckdb.ConstraintException), lease(home.vault) as connection:
        connection.execute(f"UPDATE human_sample SET {column}")


def test_no_model_row_can_be_labelled_human_on_its_way_into_the_vault(home):
    draft = make.synthetic([make.human()])
    with pytest.raises(duckdb.ConstraintException):
        vault.add(home, "mine", [("mixture", draft)])


def test_drafts_come_in_labelled_synthetic_under_their_makers_name(home, tmp_path):
    recipe = make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(5)))
    claims_human = make.tasks(1)[0] | {"origin": "human"}
    path = make.write_jsonl(tmp_path / "theirs.jsonl", [*make.tasks(4), claims_human])
    taken = import_drafts(home, recipe, path, "their-model-7b")
    assert (taken.read, taken.new) == (5, 4)
    assert list(taken.refused) == ["claims the origin 'human' among drafts: people's rows go to --human"]
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        made = connection.execute(
            "SELECT origin, provenance->'generation'->>'model', count(*) FROM sample GROUP BY ALL"
        ).fetchall()
    assert made == [(Origin.SYNTHETIC.value, "their-model-7b", 4)]
    assert import_drafts(home, recipe, path, "their-model-7b").new == 0


def test_drafts_may_have_the_usual_fields_where_the_recipe_names_its_own(home, tmp_path):
    fields = {"instruction": "task", "response": "solution"}
    recipe = make.recipe(home, tmp_path / "mine.jsonl", fields=fields, stratum="")
    theirs = [
        {"instruction": "What is one?", "response": "A number."},
        {"task": "What is two?", "solution": "A number too.", "instruction": "Answer.", "response": "Not this."},
        {"instruction": "What is three?", "response": "A third number."},
        {"question": "What is four?"},
    ]
    taken = import_drafts(home, recipe, make.write_jsonl(tmp_path / "theirs.jsonl", theirs), "their-model-7b")
    assert (taken.new, taken.refused) == (3, {"instruction: Field required": 1})
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        found = connection.execute("SELECT content->>'response' FROM sample ORDER BY 1").fetchall()
    assert found == [("A number too.",), ("A number.",), ("A third number.",)]


def test_drafts_without_a_maker_are_refused(home, tmp_path):
    recipe = make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(5)))
    with pytest.raises(InputError, match="--generator NAME"):
        import_drafts(home, recipe, make.write_jsonl(tmp_path / "theirs.jsonl", make.tasks(4)), " ")


@pytest.fixture(scope="module")
def library() -> list[Candidate]:
    return [row for row in stdlib.read() if isinstance(row, Candidate)]


def test_the_standard_library_gives_thousands_of_docstrings_in_a_long_tail_of_modules(library):
    documented = [row for row in library if not row.target]
    strata = [row.stratum for row in documented]
    assert len(documented) > 2_000
    assert len(set(strata)) > 80
    assert sum(strata.count(name) < 10 for name in set(strata)) > 30


def test_a_documented_function_is_shown_without_its_docstring(library):
    found = next(
        row for row in library if row.file == "Lib/textwrap.py" and "def dedent(" in str(row.content["context"])
    )
    assert str(found.content["response"]).startswith("Remove any common leading whitespace")
    assert "common leading" not in str(found.content["context"])
    compile(str(found.content["context"]), "dedent", "exec")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\n"])
def test_a_form_feed_ends_no_line(tmp_path, monkeypatch, end, last):
    page = ["\f", "def add(a, b):", '    """Add."""', "    total = a + b", "    return total"]
    (tmp_path / "sums.py").write_bytes((end.join(["import os", *page, *page]) + last).encode())
    monkeypatch.setattr(stdlib.sysconfig, "get_paths", lambda: {"stdlib": str(tmp_path)})
    code = "def add(a, b):\n    total = a + b\n    return total"
    assert [row.content["context"] for row in stdlib.read() if isinstance(row, Candidate)] == [code, code]


def test_no_test_module_counts_as_documentation(library):
    assert not [row.file for row in library if "/test" in Path(row.file).parent.as_posix() + "/"]
