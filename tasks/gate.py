"""The quality gate: the rules that a release table must keep, checked by Great Expectations before it is published."""

import logging
import math
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import polars as pl
import pyarrow as pa

from outcross.data.release.decided import ORIGIN
from outcross.data.release.table import OWN
from outcross.data.samples import KINDS, Origin, Record
from outcross.mixture.policy import Policy
from outcross.mixture.supply import SLACK

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

STANDING = [(origin.value, klass) for klass, origin in ORIGIN.items()]
"""The origins that rows of each class may have."""

SHOWN = 3
"""Offending rows that a failure names."""

LONG = 200
"""Characters of a value that a result keeps."""

PAIR = {"column_A": "origin", "column_B": "klass"}

Json = dict[str, Any]


class Check(Record):
    """One rule, and what the table showed."""

    rule: str
    """In plain words, such as "weight is above 0"."""
    passed: bool
    observed: str
    """Such as "all 1,204 rows keep it", or how many don't and which."""


class GateReport(Record):
    """What the gate found."""

    passed: bool
    checks: tuple[Check, ...]
    failures: tuple[str, ...]
    """A sentence for each rule that is broken."""
    result: Json
    """Great Expectations' own results as JSON: `rows`, and `shares` where they could be summed."""


class Rule(NamedTuple):
    """A rule in plain words, and the expectation that checks it."""

    text: str
    expectation: str
    """A class of `great_expectations.expectations`."""
    arguments: Json
    of: str = ""
    """Which rows: those of this origin, or all."""

    @property
    def over(self) -> set[str]:
        """Columns that it needs."""
        named = {value for key, value in self.arguments.items() if key in ("column", "column_A", "column_B")}
        return named | ({"origin"} if self.of else set())


def gate(table: pa.Table, policy: Policy, strata: pl.DataFrame) -> GateReport:
    """Check a release table against its schema and its policy; nothing is written, printed or sent.

    The first call in a process imports Great Expectations, which takes seconds.

    Args:
        table: one row a sample, with the columns `OWN` and the content fields of its kind.
        policy: the rules that its weights were made under.
        strata: `stratum`, `floor` (least share that people's words hold), `credit` (what a hybrid row counts for
            in that) and `pinned` (its share of the release): what the policy came to, as in `Plan.strata`.

    Returns:
        Every rule with its outcome. A rule over a missing column isn't tried: the missing column fails.
    """
    parts = {"rows": (table, list(_row_rules(table, policy)), "sample_id")}
    if {"origin", "stratum", "klass", "weight"} <= set(table.column_names):
        parts["shares"] = (_shares(table, strata), list(_share_rules(policy)), "stratum")
    result = {name: _validated(frame, rules, named_by) for name, (frame, rules, named_by) in parts.items()}
    checks = tuple(_check(one, parts[name][2]) for name, part in result.items() for one in part["results"])
    failures = tuple(f"“{check.rule}” doesn’t hold: {check.observed}." for check in checks if not check.passed)
    return GateReport(passed=not failures, checks=checks, failures=failures, result=result)


def _row_rules(table: pa.Table, policy: Policy) -> Iterator[Rule]:
    """Rules over rows; those over missing columns are left out."""
    there = set(table.column_names)
    seen = table["kind"].unique().to_pylist() if "kind" in there else []
    kinds = [kind for kind in KINDS if kind in seen]
    fields = {name: field for kind in kinds for name, field in KINDS[kind].model_fields.items() if name != "kind"}
    filled = [*OWN, *(name for name, field in fields.items() if field.is_required())]
    prose = [name for name in filled if name in fields and fields[name].annotation is str]
    columns = list(dict.fromkeys([*OWN, *fields]))
    rules = [
        Rule("the table has rows", "ExpectTableRowCountToBeBetween", {"min_value": 1}),
        Rule("its columns are there", "ExpectTableColumnsToMatchSet", {"column_set": columns, "exact_match": False}),
        *(Rule(f"{name} is filled in", "ExpectColumnValuesToNotBeNull", {"column": name}) for name in filled),
        *(_matches(f"{name} has visible text", name, r"\S") for name in ("stratum", *prose)),
        _matches("sample_id is 64 hexadecimal digits", "sample_id", r"^[0-9a-f]{64}\Z"),
        Rule("sample_id is there once only", "ExpectColumnValuesToBeUnique", {"column": "sample_id"}),
        _among("kind is a known one", "kind", KINDS),
        Rule("all rows are of one kind", "ExpectColumnUniqueValueCountToBeBetween", {"column": "kind", "max_value": 1}),
        _among("origin is human, hybrid or synthetic", "origin", Origin),
        Rule("klass fits origin", "ExpectColumnPairValuesToBeInSet", PAIR | {"value_pairs_set": STANDING}),
        _between(f"depth is at most {policy.depth_cap}", "depth", min_value=0, max_value=policy.depth_cap),
        _between("weight is above 0", "weight", min_value=0, strict_min=True),
        *(
            _between(f"{origin} rows weigh at most {cap:g}", "weight", origin, max_value=cap * (1 + SLACK))
            for origin, cap in zip(Origin, policy.repeats, strict=False)
        ),
    ]
    yield from (rule for rule in rules if rule.over <= there)


def _share_rules(policy: Policy) -> Iterator[Rule]:
    """Rules over the shares of mass."""
    yield _between("people’s words hold at least its floor in each stratum", "above_floor", min_value=-SLACK)
    yield _between(
        f"each stratum keeps its share, to {policy.pinning:g} of it", "off", max_value=policy.pinning + SLACK
    )
    for name, cap in (("synthetic", policy.synthetic_cap), ("unreviewed", policy.unreviewed_cap)):
        yield Rule(
            f"{name} rows hold at most {cap:g} of the release",
            "ExpectColumnSumToBeBetween",
            {"column": f"{name}_share", "max_value": cap + SLACK},
        )


def _matches(text: str, column: str, regex: str) -> Rule:
    return Rule(text, "ExpectColumnValuesToMatchRegex", {"column": column, "regex": regex})


def _among(text: str, column: str, values: Iterable[str]) -> Rule:
    return Rule(text, "ExpectColumnValuesToBeInSet", {"column": column, "value_set": [str(value) for value in values]})


def _between(text: str, column: str, of: str = "", **bounds: float) -> Rule:
    return Rule(text, "ExpectColumnValuesToBeBetween", {"column": column, **bounds}, of)


def _shares(table: pa.Table, strata: pl.DataFrame) -> pa.Table:
    """By stratum: people's share above its floor, how far its own share is off, and shares of the whole release.

    A stratum of the plan without a row is off by all of its share; one that the plan lacks has a floor of 1.
    """
    weight, origin = pl.col("weight"), pl.col("origin")
    sums = (
        pl.DataFrame(table.select(["stratum", "origin", "klass", "weight"]))
        .group_by("stratum", maintain_order=True)
        .agg(
            mass=weight.sum(),
            human=weight.filter(origin == "human").sum(),
            hybrid=weight.filter(origin == "hybrid").sum(),
            synthetic=weight.filter(origin == "synthetic").sum(),
            unreviewed=weight.filter(pl.col("klass") == "unreviewed").sum(),
        )
        .join(strata.select("stratum", "floor", "credit", "pinned"), on="stratum", how="full", coalesce=True)
        .with_columns(pl.col("floor").fill_null(1.0), pl.all().exclude("stratum", "floor").fill_null(0.0))
    )
    share, wanted = pl.col("mass") / pl.col("mass").sum(), pl.col("pinned")
    counted = (pl.col("human") + pl.col("credit") * pl.col("hybrid")) / pl.col("mass")
    return sums.select(
        "stratum",
        above_floor=pl.when(pl.col("mass") > 0).then(counted - pl.col("floor")).otherwise(0.0),
        off=pl.when(wanted > 0).then((share - wanted).abs() / wanted).otherwise(share),
        synthetic_share=pl.col("synthetic") / pl.col("mass").sum(),
        unreviewed_share=pl.col("unreviewed") / pl.col("mass").sum(),
    ).to_arrow()


def _validated(table: pa.Table, rules: list[Rule], named_by: str) -> Json:
    """Great Expectations' verdict on a table, in the order of the rules, as JSON without tracebacks."""
    # Read at import, which is why it stands before it: a release's shape is nobody else's business.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    # Its own loggers have levels of their own, and a flow's worker prints what they say.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("release").add_dataframe_asset("table")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch(
        {"dataframe": table.to_pandas(types_mapper=pd.ArrowDtype)}
    )
    suite = gx.ExpectationSuite(name="release", expectations=[_expectation(rule) for rule in rules])
    shown: Json = {"result_format": "SUMMARY", "partial_unexpected_count": SHOWN}
    if named_by in table.column_names:
        shown["unexpected_index_column_names"] = [named_by]
    found: Json = batch.validate(suite, result_format=shown).to_json_dict()  # type: ignore[no-untyped-call]  # GX left it bare
    order = {rule.text: place for place, rule in enumerate(rules)}
    results = sorted(map(_plain, found["results"]), key=lambda one: order[one["expectation_config"]["meta"]["rule"]])
    return {"version": gx.__version__, "success": found["success"], "results": results}


def _expectation(rule: Rule) -> "Expectation":
    """The rule as Great Expectations knows it."""
    import great_expectations.expectations as known
    from great_expectations.expectations.row_conditions import Column

    only = {"row_condition": Column("origin") == rule.of} if rule.of else {}
    make: Callable[..., Expectation] = getattr(known, rule.expectation)
    return make(**rule.arguments, **only, meta={"rule": rule.text})


def _plain(found: Json) -> Json:
    """A result that any JSON reader takes and a manifest can hold: no NaN, no traceback, no long text."""
    info = found.get("exception_info", {})
    raised = [one for one in (info, *info.values()) if isinstance(one, dict) and one.get("exception_message")]
    found = found | {"exception_info": raised[0]["exception_message"] if raised else None}
    return {key: _clean(value) for key, value in found.items()}


def _clean(value: object) -> object:
    """The same value with texts cut and without numbers that JSON lacks."""
    match value:
        case dict():
            return {key: _clean(one) for key, one in value.items()}
        case list():
            return [_clean(one) for one in value]
        case str() if len(value) > LONG:
            return value[:LONG] + "…"
        case float() if not math.isfinite(value):
            return None
        case _:
            return value


def _check(found: Json, named_by: str) -> Check:
    """One result in words."""
    rule, passed, result = found["expectation_config"]["meta"]["rule"], found["success"], found["result"]
    if found["exception_info"]:
        observed = f"it couldn’t be checked: {found['exception_info']}"
    elif "element_count" in result:
        total, broken = result["element_count"], result["unexpected_count"]
        observed = (
            f"all {total:,} keep it" if passed else f"{broken:,} of {total:,} break it{_such_as(result, named_by)}"
        )
    elif isinstance(value := result["observed_value"], list):
        lacking = result.get("details", {}).get("mismatched", {}).get("missing", [])
        observed = f"found no {', '.join(lacking)}" if lacking else f"found {', '.join(value)}"
    else:
        observed = "found no number" if value is None else f"found {value:,.6g}"
    return Check(rule=rule, passed=passed, observed=observed)


def _such_as(result: Json, named_by: str) -> str:
    """The first offenders, by value and by name where they have one."""
    rows = result.get("partial_unexpected_index_list") or []
    names = [row.get(named_by) if isinstance(row, dict) else None for row in rows]
    pairs = zip_longest(result["partial_unexpected_list"], names)
    shown = [_row(value, f"{named_by} {name!r:.80}" if name not in (None, value) else "") for value, name in pairs]
    shown = [text for text in shown if text]
    return f", such as {'; '.join(shown)}" if shown else ""


def _row(value: object, name: str) -> str:
    """A value and whose it is, on one line; a null's owner alone, for a null says nothing."""
    return name if value is None else f"{value!r:.80} in {name}" if name else f"{value!r:.80}"
