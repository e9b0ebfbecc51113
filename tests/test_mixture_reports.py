"""A plan on a terminal says what it takes, what binds, and what more rows would bring."""

import io

import numpy as np
from rich.console import Console

from outcross import mixture_reports
from outcross.mixture.plan import plan
from outcross.mixture.policy import Policy
from outcross.mixture.supply import Supply
from tests.supplies import example, of_size


def printed(planned, width=160):
    console = Console(file=io.StringIO(), width=width)
    mixture_reports.plan(console, planned)
    return console.file.getvalue()


def test_a_plan_shows_each_stratum_with_its_rows_floor_and_price():
    text = printed(plan(example(), Policy(human_floor=0, size=20_000)))
    assert "A mixture of 20,000 rows of at most 53,666 that the rules allow" in text
    line = next(line.split() for line in text.splitlines() if line.startswith("email"))
    assert line[1:6] == ["3.0%", "0.80", "50%", "300", "→"]
    assert line[-1] == "133.3"
    assert "binding: bias budget: " in text
    assert "% lower. It ranks mixtures" in text
    assert "A draft that an expert vouches for is worth most in email, " in text


def test_strata_beyond_the_largest_are_summed_up_and_all_adds_up():
    text = printed(plan(of_size(50), Policy()))
    assert "… 30 more" in text
    supply = of_size(50)
    assert f"{supply.human.sum():,} → " in next(line for line in text.splitlines() if line.startswith("all"))


def test_an_unknown_contraction_is_said_to_be_unknown():
    text = printed(plan(Supply(("a",), np.array([[5, 0, 0, 0]])), Policy()))
    line = next(line.split() for line in text.splitlines() if line.startswith("a "))
    assert line == ["a", "100.0%", "?", "90%", "5", "4.0"], "a class without any row has no column"


def test_a_contraction_that_leaves_nothing_is_not_said_to_be_unknown():
    text = printed(plan(Supply(("a",), np.array([[5, 0, 0, 0]]), kappa=np.array(0.0)), Policy()))
    assert next(line.split() for line in text.splitlines() if line.startswith("a "))[2:4] == ["0.00", "90%"]


def test_a_hostile_stratum_stays_text():
    text = printed(plan(Supply(("[red]x\x1b[2J",), np.array([[5, 0, 5, 0]])), Policy()))
    assert "[red]x\\x1b[2J" in text
    assert "\x1b" not in text
