"""The quality gate names every rule that a release table breaks, and stays quiet otherwise."""

import json
import socket

import polars as pl
import pyarrow as pa
import pytest

from outcross.mixture.policy import Policy
from outcross.mixture.weights import weigh
from outcross.tasks.gate import gate

POLICY = Policy(human_floor=0.5, unreviewed_cap=0.3, depth_cap=1, epoch_cap=4)
STRATA = pl.DataFrame({"stratum": ["code", "prose"], "floor": 0.5, "credit": 0.0, "pinned": 0.5})
KLASSES = ["human"] * 6 + ["hybrid", "reviewed", "unreviewed", "unreviewed"]


def release(**columns: list[object]) -> pa.Table:
    """Ten sound rows in two strata, with the columns given instead."""
    return pa.table(
        {
            "sample_id": [f"{index:064x}" for index in range(10)],
            "kind": ["instruction"] * 10,
            "instruction": ["Explain this function."] * 10,
            "context": ["", "def f(): ..."] * 5,
            "response": ["It does nothing."] * 10,
            "origin": ["human"] * 6 + ["hybrid"] + ["synthetic"] * 3,
            "depth": [0] * 6 + [1] * 4,
            "stratum": ["code", "prose"] * 5,
            "klass": KLASSES,
            "weight": [1.0] * 8 + [0.5] * 2,
            "source": ["a.py"] * 10,
            "licence": ["MIT"] * 10,
            **columns,
        }
    )


def first(value: object, column: str) -> dict[str, list[object]]:
    """The sound column with its first value replaced."""
    return {column: [value, *release()[column].to_pylist()[1:]]}


def last(value: object, column: str) -> dict[str, list[object]]:
    return {column: [*release()[column].to_pylist()[:-1], value]}


def test_a_sound_release_passes_every_rule():
    report = gate(release(), POLICY, STRATA)
    assert report.failures == ()
    assert report.passed
    assert all(check.passed for check in report.checks)
    assert {check.observed for check in report.checks} >= {"all 10 keep it", "all 6 keep it", "all 3 keep it"}
    assert report.result["rows"]["success"]
    assert report.result["shares"]["success"]


@pytest.mark.parametrize(
    ("columns", "failure"),
    [
        (
            first("0" * 63 + "1", "sample_id"),
            "“sample_id is there once only” doesn’t hold: 2 of 10 break it, such as '0",
        ),
        (first(None, "sample_id"), "“sample_id is filled in” doesn’t hold: 1 of 10 break it."),
        (
            first("A" * 64, "sample_id"),
            "“sample_id is 64 hexadecimal digits” doesn’t hold: 1 of 10 break it, such as 'A",
        ),
        (first("a" * 64 + "\n", "sample_id"), "“sample_id is 64 hexadecimal digits” doesn’t hold"),
        (first("text", "kind"), "“all rows are of one kind” doesn’t hold: found 2."),
        ({"kind": ["poem"] * 10}, "“kind is a known one” doesn’t hold: 10 of 10 break it, such as 'poem'"),
        (
            first("robot", "origin"),
            "“origin is human, hybrid or synthetic” doesn’t hold: 1 of 10 break it, such as 'robot'",
        ),
        (
            last("human", "klass"),
            "“klass fits origin” doesn’t hold: 1 of 10 break it, such as ['synthetic', 'human'] in",
        ),
        (last(2, "depth"), "“depth is at most 1” doesn’t hold: 1 of 10 break it, such as 2 in sample_id '00"),
        (last(0.0, "weight"), "“weight is above 0” doesn’t hold: 1 of 10 break it, such as 0.0"),
        (last(None, "weight"), "“weight is filled in” doesn’t hold: 1 of 10 break it, such as sample_id '00"),
        (last(float("nan"), "weight"), "“weight is above 0” doesn’t hold: 1 of 10 break it, such as sample_id '00"),
        (first(4.1, "weight"), "“human rows weigh at most 4” doesn’t hold: 1 of 6 break it, such as 4.1"),
        (last(1.1, "weight"), "“synthetic rows weigh at most 1” doesn’t hold: 1 of 3 break it, such as 1.1"),
        (
            {"weight": [1.0] * 6 + [2.1] + [1.0] * 3},
            "“hybrid rows weigh at most 2” doesn’t hold: 1 of 1 break it, such as 2.1",
        ),
        (first(None, "stratum"), "“stratum is filled in” doesn’t hold: 1 of 10 break it"),
        (first("  ", "stratum"), "“stratum has visible text” doesn’t hold: 1 of 10 break it, such as '  '"),
        (first(None, "licence"), "“licence is filled in” doesn’t hold: 1 of 10 break it"),
        (first("\n\t ", "response"), r"“response has visible text” doesn’t hold: 1 of 10 break it, such as '\n\t ' in"),
        (
            {"stratum": ["code", "prose"] * 3 + ["code"] * 4, "weight": [0.2, 1.0] * 3 + [1.0, 1.0, 0.5, 0.5]},
            "“people’s words hold at least its floor in each stratum” doesn’t hold: 1 of 2 break it, such as -0.3",
        ),
        ({"weight": [1.0, 0.9] * 5}, "“each stratum keeps its share, to 0.02 of it” doesn’t hold: 2 of 2 break it"),
        (
            {"klass": ["human"] * 6 + ["hybrid"] + ["reviewed"] * 3, "weight": [0.3] * 6 + [0.3] + [1.0] * 3},
            "“synthetic rows hold at most 0.5 of the release” doesn’t hold: found 0.58",
        ),
        (
            {"klass": ["human"] * 6 + ["hybrid"] + ["unreviewed"] * 3, "weight": [0.5] * 6 + [1.0] * 4},
            "“unreviewed rows hold",
        ),
    ],
)
def test_a_broken_rule_is_named(columns, failure):
    report = gate(release(**columns), POLICY, STRATA)
    assert not report.passed
    assert any(one.startswith(failure) for one in report.failures), report.failures


def test_a_missing_column_fails_and_the_other_rules_still_run():
    report = gate(release(**last(2, "depth")).drop(["klass", "response"]), POLICY, STRATA)
    assert [one[:40] for one in report.failures] == [
        "“its columns are there” doesn’t hold: fo",
        "“depth is at most 1” doesn’t hold: 1 of ",
    ]
    assert report.failures[0].endswith("found no klass, response.")


def test_an_empty_release_fails():
    assert gate(release().slice(0, 0), POLICY, STRATA).failures[0] == "“the table has rows” doesn’t hold: found 0."


def test_a_weighed_mixture_passes_at_the_very_edge_of_its_rules():
    table = pl.DataFrame(release())
    pool = table.select("sample_id", "stratum", "origin", "depth", reviewed=pl.col("klass") == "reviewed", trust=1.0)
    mixture = weigh(pool, rules := Policy(human_floor=0.8, retention=0.7, bias_budget=1))
    assert mixture.binding
    weighed = table.drop("weight", "klass", "stratum").join(mixture.rows, on="sample_id")
    assert gate(weighed.to_arrow(), rules, mixture.plan.strata).failures == ()


def test_a_hybrid_row_counts_for_a_floor_by_its_credit_and_no_more():
    held = 3.0 / 4.5
    for credit, kept in ((0.0, False), (0.5, True)):
        strata = STRATA.with_columns(floor=pl.Series([held + 0.1, 0.5]), credit=credit)
        assert gate(release(), POLICY, strata).passed is kept


def test_a_stratum_of_the_plan_that_the_table_lacks_fails():
    more = pl.concat([STRATA.with_columns(pinned=0.45), STRATA[:1].with_columns(stratum=pl.lit("rare"), pinned=0.1)])
    assert any("keeps its share" in one for one in gate(release(), POLICY, more).failures)


def test_columns_that_duckdb_gives_as_enums_are_read():
    table = release()
    coded = table.set_column(5, "origin", table["origin"].dictionary_encode())
    coded = coded.set_column(8, "klass", table["klass"].dictionary_encode())
    assert gate(coded, POLICY, STRATA).passed


def test_a_result_is_plain_json_however_wild_the_values():
    columns = {**first("x" * 10_000, "sample_id"), **last(float("inf"), "weight")}
    report = gate(release(**columns), POLICY, STRATA)
    text = json.dumps(report.result, allow_nan=False)
    assert "x" * 201 not in text
    assert "Traceback" not in text
    assert all("\n" not in one and len(one) < 500 for one in report.failures)


def test_nothing_is_printed_written_or_sent(tmp_path, monkeypatch, capfd):
    def refuse(*args):
        raise AssertionError(f"a connection was tried: {args}")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert not gate(release(**last(2, "depth")), POLICY, STRATA).passed
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")
