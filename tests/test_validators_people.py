"""What the validators say of docstrings that people wrote, those of Python's own library, and of spoiled ones."""

import ast
import importlib.util
from pathlib import Path

import polars as pl
import pytest

from outcross.data.samples import digest
from outcross.validators.references import References
from outcross.validators.registry import VALIDATORS, build
from outcross.validators.rules import ACCEPTED, REJECTED, decide
from outcross.validators.signals import run
from outcross.validators.text.words import squeezed
from tests.validating import frame

MODULES = """
argparse ast bisect calendar cmd configparser contextlib copy csv datetime decimal difflib
dis email.message enum fractions functools gzip heapq http.client inspect ipaddress json json.decoder
locale logging mailbox pathlib pickle plistlib pprint queue random shutil smtplib socket
statistics string subprocess tarfile tempfile textwrap threading tokenize trace traceback types typing
unittest.case urllib.parse urllib.request uuid weakref zipfile
"""
HELD_OUT = {"fractions", "ipaddress", "pathlib", "statistics", "zipfile"}


def functions(module: str) -> list[tuple[str, str]]:
    """Source without docstring, and docstring, of every documented function of a module."""
    source = Path(importlib.util.find_spec(module).origin).read_text(encoding="utf-8")
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and (docstring := ast.get_docstring(node)):
            node.body = node.body[1:] or [ast.Pass()]
            found.append((ast.unparse(node), docstring))
    return found


def to_samples(pairs: list[tuple[str, str]]) -> pl.DataFrame:
    rows = [
        {"sample_id": digest(pair), "prompt": "Document this function.", "context": pair[0], "response": pair[1]}
        for pair in dict.fromkeys(pairs)
    ]
    return frame(*rows)


def texts(rows: pl.DataFrame) -> pl.DataFrame:
    """The docstrings and the code, each sample a document of its own."""
    both = rows.unpivot(["context", "response"], index="sample_id", value_name="text")
    return both.select("sample_id", source="sample_id", text="text")


@pytest.fixture(scope="module")
def heldout() -> pl.DataFrame:
    return to_samples([pair for module in MODULES.split() if module in HELD_OUT for pair in functions(module)])


@pytest.fixture(scope="module")
def people(heldout: pl.DataFrame) -> pl.DataFrame:
    rows = to_samples([pair for module in MODULES.split() if module not in HELD_OUT for pair in functions(module)])
    return rows.with_columns(shown=pl.lit("\n\n".join(heldout["response"].head(3))))


@pytest.fixture(scope="module")
def references(people: pl.DataFrame, heldout: pl.DataFrame) -> References:
    drafts = people.select("sample_id", "rank", "prompt", "response")
    return References(earlier=drafts, heldout=texts(heldout))


@pytest.fixture(scope="module")
def signals(people: pl.DataFrame, references: References) -> pl.DataFrame:
    return pl.concat(run(validator, people, references) for validator in build({name: {} for name in VALIDATORS}))


def said(name: str, samples: pl.DataFrame, references: References | None = None) -> pl.DataFrame:
    """One validator's signals with its default rule's outcome."""
    signals = run(build({name: {}})[0], samples, references or References())
    return signals.join(decide(signals, {name: VALIDATORS[name].rule}), on="sample_id")


def test_the_corpus_is_large_and_mostly_short(people):
    assert people.height > 1_000
    assert people["response"].str.count_matches(r"\w+").median() < 30


@pytest.mark.parametrize("name", VALIDATORS)
def test_no_validator_crashes_on_a_large_batch_of_real_text(people, references, name):
    (validator,) = build({name: {}})
    assert validator(people, references).height == people.height


COMPARING = ["near_duplicate", "repeated_task", "semantic"]
"""People repeat one another too, and the task is one and the same for all docstrings."""


@pytest.mark.parametrize("name", [name for name in VALIDATORS if name not in COMPARING])
def test_people_are_hardly_ever_rejected(signals, name):
    ours = signals.filter(pl.col("validator") == name)
    outcomes = decide(ours, {name: VALIDATORS[name].rule})["outcome"]
    assert ours["failure"].null_count() == ours.height
    assert (outcomes == REJECTED).mean() < 0.01
    assert (outcomes != ACCEPTED).mean() < 0.04


def test_what_is_rejected_as_a_duplicate_has_a_twin(people, signals):
    texts = people.select("sample_id", words=squeezed(pl.col("response")).str.split(" "))
    sets = {i: {tuple(words[k : k + 3]) for k in range(max(1, len(words) - 2))} for i, words in texts.rows()}
    rejected = signals.filter((pl.col("validator") == "near_duplicate") & (pl.col("score") < 0.1))
    assert 0 < rejected.height < 0.1 * people.height
    for sample_id in rejected["sample_id"]:
        ours = sets[sample_id]
        others = (theirs for other, theirs in sets.items() if other != sample_id)
        assert any(len(ours & theirs) > 0.9 * len(ours | theirs) for theirs in others)


def test_all_rules_together_accept_most_of_what_people_wrote(signals):
    rules = {name: made.rule for name, made in VALIDATORS.items() if name not in COMPARING}
    outcomes = decide(signals.filter(~pl.col("validator").is_in(COMPARING)), rules)["outcome"]
    assert (outcomes == REJECTED).mean() < 0.015
    assert (outcomes == ACCEPTED).mean() > 0.93


def test_a_made_up_parameter_is_found_in_every_docstring(people):
    spoiled = people.with_columns(pl.col("response") + "\n\n:param imaginary: never there.")
    found = said("names", spoiled)
    judged = found.filter(pl.col("failure").is_null())
    assert judged.height == found.height
    assert judged["reason"].str.contains("mentions parameter `imaginary`").all()


def test_a_docstring_caught_in_a_loop_is_never_accepted(people):
    looping = people.with_columns(pl.concat_str(["response"] * 6, separator="\n"))
    assert (said("repetition", looping)["outcome"] == REJECTED).all()


def test_a_copied_example_is_rejected(people):
    copies = people.filter(pl.col("response").str.count_matches(r"\w+") >= 12)
    copies = copies.with_columns(shown=pl.format("Another example.\n\n{}", "response"))
    assert (said("copied", copies)["outcome"] == REJECTED).all()


def test_a_copied_held_out_text_is_rejected(heldout):
    copies = heldout.filter(pl.col("response").str.count_matches(r"\w+") >= 12)
    references = References(heldout=texts(heldout))
    assert copies.height > 100
    assert (said("heldout_overlap", copies, references)["outcome"] == REJECTED).all()


def test_a_light_edit_of_a_human_row_is_a_near_duplicate(people):
    long = people.filter(pl.col("response").str.count_matches(r"\w+") >= 30)
    edited = long.with_columns(pl.col("response").str.replace(r"\w+", "changed"), sample_id="e" + pl.col("sample_id"))
    found = said("near_duplicate", edited, References(human=people.select("sample_id", "response")))
    assert (found["outcome"] != ACCEPTED).all()
