"""Tools: what a model may call while it is drafted."""

from fractions import Fraction
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.data.recipe_drafting import Tool as Named
from outcross.data.samples import Action
from outcross.errors import InputError
from outcross.tasks.drafting.tools import programs
from outcross.tasks.drafting.tools.amounts import written
from outcross.tasks.drafting.tools.convert import UNITS
from outcross.tasks.drafting.tools.registry import TOOLS
from outcross.tasks.drafting.tools.tool import LONGEST
from outcross.verifiers import sandbox


def test_a_recipe_can_name_each_tool_that_there_is_and_no_other():
    assert set(get_args(Named)) == TOOLS.keys()


@pytest.mark.parametrize(
    ("tool", "arguments", "result"),
    [
        ("calculate", '{"expression": "(12 + 3.5) * 4 - 2**3"}', "54"),
        ("calculate", '{"expression": "0.1 + 0.2"}', "0.3"),
        ("calculate", '{"expression": "1,200 × 3 ÷ 7"}', "3600/7, about 514.2857143"),
        ("calculate", '{"expression": "15% * 80"}', "12"),
        ("calculate", '{"expression": "1 - 1.05"}', "-0.05"),
        ("convert", '{"value": 5, "unit": "mi", "to": "km"}', "8.04672 km"),
        ("convert", '{"value": 212, "unit": "F", "to": "C"}', "100 C"),
        ("convert", '{"value": -40, "unit": "C", "to": "F"}', "-40 F"),
        ("convert", '{"value": 0.1, "unit": "gal", "to": "fl_oz"}', "12.8 fl_oz"),
        ("convert", '{"value": 1, "unit": "psi", "to": "Pa"}', "about 6894.757293 Pa"),
        ("calendar", '{"date": "2024-01-31", "months": 1}', "2024-02-29 (a Thursday)"),
        ("calendar", '{"date": "2024-03-01", "days": -1}', "2024-02-29 (a Thursday)"),
        (
            "calendar",
            '{"date": "2023-12-25", "until": "2024-12-25"}',
            "366 days from 2023-12-25 (a Monday), until 2024-12-25 (a Wednesday)",
        ),
        ("python", '{"code": "print(sum(range(10)))"}', "45"),
        ("python", '{"code": "1"}', "it prints nothing"),
    ],
)
def test_a_tool_gives_the_exact_result(tool, arguments, result):
    assert TOOLS[tool].use(arguments) == result


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("calculate", "no JSON", "Invalid JSON"),
        ("calculate", "[]", "should be an object"),
        ("calculate", '{"expression": "1", "path": "/"}', "path: Extra inputs are not permitted"),
        ("calculate", '{"expression": "10 / 0"}', "divides by zero"),
        ("calculate", '{"expression": "9 ** 9 ** 9"}', "can't be worked out"),
        ("calculate", '{"expression": "x + 1"}', "'x + 1' is neither a number"),
        ("calculate", '{"expression": ""}', "can't be worked out"),
        ("calculate", '{"expression": "\\ud800"}', "Invalid JSON"),
        ("convert", '{"value": 1, "unit": "F", "to": "km"}', "F is a temperature, and km a length"),
        ("convert", '{"value": 1, "unit": "parsec", "to": "km"}', "unit: Input should be"),
        ("convert", '{"value": NaN, "unit": "m", "to": "km"}', "value"),
        ("calendar", '{"date": "the ides of March"}', "is no day as YYYY-MM-DD"),
        ("calendar", '{"date": "2024-01-31", "days": 9999999999999}', "beyond the calendar"),
        ("calendar", '{"date": "2024-01-31", "months": -9999999}', "beyond the calendar"),
        ("python", '{"code": "print(1); 1 / 0"}', "the code raises ZeroDivisionError"),
        ("python", '{"code": "open(\'/etc/passwd\')"}', "Permission"),
        ("python", '{"code": "import socket; socket.socket()"}', "not permitted"),
        ("python", '{"code": "import os; os.fork()"}', "not permitted"),
        ("python", '{"code": "x = \'x\' * 10**9"}', "MemoryError"),
    ],
)
def test_what_goes_wrong_is_told_in_words_and_raises_nothing(tool, arguments, said):
    result = TOOLS[tool].use(arguments)
    assert "error: " in result
    assert said in result


@given(st.sampled_from(sorted(TOOLS.keys() - {"python"})), st.text(max_size=200) | st.just("[" * 100_000))
def test_no_arguments_bring_a_tool_down(tool, arguments):
    Action(role="tool", text=TOOLS[tool].use(arguments))


@given(st.text("0123456789+-*/^(). ,%", max_size=80))
def test_no_sum_brings_the_calculator_down(expression):
    result = TOOLS["calculate"].use(f'{{"expression": "{expression}"}}')
    assert len(result) <= LONGEST + 10


@pytest.mark.parametrize("unit", UNITS)
def test_each_unit_is_of_some_measure(unit):
    assert TOOLS["convert"].use(f'{{"value": 7, "unit": "{unit}", "to": "{unit}"}}') == f"7 {unit}"


@given(st.fractions())
def test_a_number_that_is_written_out_is_exact(value):
    said = written(value)
    if "about" not in said:
        assert Fraction(said) == value
    elif "," in said:
        assert Fraction(said.partition(",")[0]) == value


def test_what_a_program_prints_is_cut_and_can_be_stored_anywhere():
    shouted = TOOLS["python"].use('{"code": "print(\'x\' * 10**7)"}')
    assert len(shouted) < LONGEST + 10
    assert shouted.endswith("… (cut)")
    odd = TOOLS["python"].use('{"code": "import sys; sys.stdout.buffer.write(bytes([0, 255, 65]))"}')
    assert odd == "␀�A"


def test_a_program_gives_the_same_each_time_it_is_run():
    code = '{"code": "print({chr(n) for n in range(97, 117)}, hash(\'a\'))"}'
    assert TOOLS["python"].use(code) == TOOLS["python"].use(code)


def test_a_machine_on_which_no_program_can_be_shut_in_is_said_and_none_is_run(monkeypatch):
    def refuse(*_: object) -> None:
        raise sandbox.SandboxFailed("no walls")

    monkeypatch.setattr(programs.sandbox, "printed", refuse)
    with pytest.raises(InputError, match="Take it out of"):
        TOOLS["python"].use('{"code": "1"}')


@pytest.mark.parametrize("tool", TOOLS.values())
def test_a_schema_names_each_argument_and_allows_no_other(tool):
    assert tool.schema["additionalProperties"] is False
    assert set(tool.schema["required"]) <= tool.schema["properties"].keys()
    for name, part in tool.schema["properties"].items():
        assert f"{name} ({part['type']})" in tool.described
