"""The sandbox and the verifier of code: what passes, what doesn't, and code that tries to get out."""

import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.signals import run
from outcross.verifiers.code import Code, source
from outcross.verifiers.fences import blocks
from outcross.verifiers.sandbox import Limits, SandboxFailed
from outcross.verifiers.sandbox import run as tried
from tests.validating import frame

LIMITS = Limits(seconds=1, memory=256, files=4, clock=100)
TESTS = "assert f(2) == 4\nassert f(3) == 9"
SQUARE = "\ndef f(x):\n    return x * x\n"


def result(code: str, tests: str = TESTS) -> str:
    return tried(code, tests, "f", LIMITS)


@pytest.mark.parametrize(
    "extra",
    [
        "",
        "import asyncio\nasyncio.run(asyncio.sleep(0))",
        "import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()",
        "import tempfile\ntempfile.TemporaryFile().write(b'a')",
        "import sqlite3, decimal, zoneinfo, random\nrandom.random()",
        "print('x' * 10_000_000)",
        "open('own', 'w').write('a')\nassert open('own').read() == 'a'",
    ],
)
def test_honest_code_passes(extra):
    assert result(extra + SQUARE) == ""


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def f(x): return 2 * x", "line 2 of the tests, 'assert f(3) == 9', raises AssertionError"),
        ("def g(x): return x", "the code defines no function f"),
        ("def f(x: return", "the code raises SyntaxError"),
        ("def f(x): raise KeyError(x)", "line 1 of the tests, 'assert f(2) == 4', raises KeyError: 2"),
        ("while True: pass", "more than 1 s of processor time"),
        ("import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile 1: 1", "more than 1 s of processor time"),
        ("x = 'a' * 10**10", "the code raises MemoryError"),
        ("x = []\nwhile True: x.append(x * 9)", "the code raises MemoryError"),
        ("import os\nos._exit(0)", "ends before its tests do, with status 0"),
        ("import sys\nsys.exit()", "the code raises SystemExit"),
        ("import os\nfor fd in range(64):\n  try: os.close(fd)\n  except OSError: pass", "ends before its tests do"),
        ("n = 0\nwhile True:\n  n += 1\n  open(str(n), 'w').write('a' * 900_000)", "writes more than 4 MB"),
        ("class E(Exception):\n  def __str__(self): raise self\nraise E", "the code raises E"),
        ("import numpy", "the code raises ModuleNotFoundError"),
    ],
)  # fmt: skip
def test_code_that_is_wrong_or_takes_too_much_is_told_so(code, reason):
    assert reason in result(code)


def test_code_that_waits_is_not_waited_for():
    assert tried("import time\ntime.sleep(60)", "", "", Limits(clock=1)) == "it takes longer than 1 s"


@pytest.mark.parametrize(
    "code",
    [
        "open('/etc/passwd').read()",
        "import os\nos.listdir('/')",
        "import os\nos.listdir(os.path.expanduser('~'))",
        "open('/proc/self/environ').read()",
        "open('/tmp/outcross-escaped', 'w')",
        "import os\nos.mkdir('deep')",
        "import os\nos.chmod('.', 0)",
        "import os\nos.utime('/tmp')",
        "import os\nos.symlink('/etc/passwd', 'mine')",
        "import os\nos.fork()",
        "import os\nos.execv('/bin/sh', ['sh'])",
        "import subprocess\nsubprocess.run(['true'])",
        "import os\nos.kill(os.getppid(), 9)",
        "import os\nos.killpg(0, 9)",
        "import os, resource\nresource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
        "import socket\nsocket.socket()",
        "import socket\nsocket.socket(socket.AF_UNIX)",
        "import socket\nsocket.socketpair(type=socket.SOCK_DGRAM)",
        "import fcntl, os\nfcntl.fcntl(0, fcntl.F_SETOWN, os.getppid())",
        "import fcntl, termios\nfcntl.ioctl(0, termios.TIOCSTI, b'a')",
    ],
)
def test_nothing_outside_is_read_changed_signalled_or_called(code):
    assert "PermissionError" in result(code)


@pytest.mark.parametrize("call", [57, 58, 101, 165, 272, 321, 425], ids=str)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the calls' numbers are this machine's")
def test_a_call_that_python_has_no_function_for_is_refused_too(call):
    code = f"import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nassert libc.syscall({call}) == -1\n"
    assert result(code + "assert ctypes.get_errno() == 1" + SQUARE) == ""


def test_a_fork_that_slips_past_the_filter_by_the_newer_call_is_none():
    code = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nassert libc.syscall(435, None, 0) == -1"
    assert result(code + SQUARE) == ""


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result("open('own', 'w').write('a')" + SQUARE)
    assert not list(tmp_path.iterdir())
    assert not Path("/tmp/outcross-escaped").exists()


def test_environment_and_standard_input_are_empty(monkeypatch):
    monkeypatch.setenv("SECRET", "s3cret")
    code = "import os, sys\nassert 'SECRET' not in os.environ\nassert sys.stdin.read() == ''"
    assert result(code + SQUARE) == ""


def test_a_machine_without_the_walls_runs_nothing(monkeypatch, tmp_path):
    script = tmp_path / "program.py"
    script.write_text('import json, os, sys\nos.write(int(sys.argv[1]), b\'{"unconfined": "no Landlock"}\\n\')')
    monkeypatch.setattr("outcross.verifiers.sandbox._PROGRAM", script)
    with pytest.raises(SandboxFailed, match="can't be run safely here: no Landlock"):
        result(SQUARE)
    row = {"response": SQUARE, "key": json.dumps({"tests": TESTS})}
    (failure,) = run(Code(), frame(row), References())["failure"]
    assert failure == "NotJudged: code can't be run safely here: no Landlock"


def test_code_is_verified_by_its_tests_or_by_the_check_they_define():
    fenced = f"Here it is:\n```python{SQUARE}```\nand how to use it:\n```\nf(2)\n```"
    check = "def check(candidate):\n    assert candidate(2) == 4"
    rows = [
        {"response": fenced, "key": json.dumps({"tests": TESTS, "entry": "f"})},
        {"response": SQUARE, "key": json.dumps({"tests": check, "entry": "f"})},
        {"response": "def f(x): return x", "key": json.dumps({"tests": check, "entry": "f"})},
        {"response": "def f(x): return x"},
        {"response": "", "key": json.dumps({"tests": 3})},
        {"response": "", "key": json.dumps({"tests": "", "entry": 3})},
    ]
    signals = run(Code(), frame(*rows), References())
    assert signals["score"].to_list() == [1.0, 1.0, 0.0, 1.0, None, None]
    assert signals["reason"][2] == "line 2 of the tests, 'assert candidate(2) == 4', raises AssertionError"


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from(["```", "```python", "~~~", "a", "", "  ```", "def f(): 1", "\x0b", "````"]), max_size=9)
)
def test_blocks_are_found_in_any_text(lines):
    text = "\n".join(lines)
    assert all(block.text in text.replace("\x0b", "\n") for block in blocks(text))
    assert source(text) in (text, *(block.text for block in blocks(text)))


def test_many_at_once_do_not_disturb_each_other():
    found: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda n=n: found.update({n: result(f"def f(x): return x * x + {n % 2}")}))
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [bool(found[n]) for n in range(6)] == [False, True] * 3


def test_bounds_that_nothing_could_run_in_are_refused():
    with pytest.raises(RecipeError, match=r"64 <= memory <= 65536 \(MB\), not 5 and 1"):
        Code(memory=1)
