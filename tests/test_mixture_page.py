"""The page about mixtures says what the code does: its table, its picture, its refusal and its defaults."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from outcross.errors import MixtureRefused
from outcross.mixture.plan import plan
from outcross.mixture.policy import Policy
from outcross.mixture.retention import bias_budget, human_floor
from outcross.mixture.supply import Supply

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/mixture.md").read_text(encoding="utf-8")


def test_the_table_of_floors_is_the_formula_s():
    rows = re.findall(r"^\| (0\.\d\d) \| (.+) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 3
    for wanted, cells in rows:
        for kappa, cell in zip((0.95, 0.90, 0.80, 0.57), cells.split(" | "), strict=True):
            said = [float(part) for part in cell.split(" / ")]
            # One floor lies half-way between two hundredths.
            floors = [float(human_floor(float(wanted), kappa, depth)) for depth in (None, 1)]
            assert said == pytest.approx(floors, abs=0.0051)


def test_the_picture_is_what_its_script_draws():
    spec = importlib.util.spec_from_file_location("mixture_picture", ROOT / "benchmarks/mixture_picture.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.PICTURE.read_text(encoding="utf-8") == script.drawn()


def test_the_refusal_is_one_that_is_given():
    supply = Supply(
        ("docs", "email"),
        np.array([[9_700, 500, 2_000, 8_000], [20, 10, 50, 400]]),
        kappa=np.array([0.8, 0.8]),
        bias=np.array([[0, 0.02, 0.05, 0.1]] * 2),
        target=np.array([0.97, 0.03]),
    )
    with pytest.raises(MixtureRefused) as refusal:
        plan(supply, Policy(size=20_000))
    assert str(refusal.value) in " ".join(PAGE.replace("\n> ", " ").split())


def test_every_key_of_a_policy_stands_there_with_its_default():
    for name, field in Policy.model_fields.items():
        assert f"`{name}`" in PAGE, name
        if name not in ("size", "temperature", "bias_budget"):
            assert re.search(rf"`{name}`\s\(({field.default}|{field.default:g})\b", PAGE), name


def test_the_shares_that_the_budget_leaves():
    assert bias_budget(Policy().bias_budget, 10_000) / 0.02 == pytest.approx(0.16, abs=0.005)
    assert bias_budget(Policy().bias_budget, 1_000_000) / 0.02 == pytest.approx(0.016, abs=0.0005)
