"""The command that runs the experiments: what it refuses, and that it goes on where it was killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from outcross.commands.mixture import app
from outcross.errors import InputError
from outcross.tasks.collapse.steps import PAGE
from tests.running import prefect_server

ROOT = Path(__file__).parents[1]
COMMAND = [
    sys.executable,
    "-c",
    "from outcross.commands.mixture import app; app()",
    "collapse",
    "--part",
    "gaussian",
    "--part",
    "zipf",
]


def done(home: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in home.glob("collapse/*/[a-z]*/said.json")}


def test_a_part_that_there_is_not_is_refused_before_anything_starts(tmp_path):
    ran = CliRunner().invoke(app, ["collapse", "--part", "nothing", "--home", str(tmp_path / "home")])
    assert isinstance(ran.exception, InputError)
    assert not (tmp_path / "home").exists()


@pytest.mark.slow
@pytest.mark.xdist_group("prefect")
def test_a_flow_that_is_killed_goes_on_and_ends_in_the_page(tmp_path):
    home = tmp_path / "home"
    with prefect_server(tmp_path / "prefect") as environment:
        env = os.environ | environment | {"PYTHONPATH": str(ROOT), "OUTCROSS_HOME": str(home)}
        with subprocess.Popen(COMMAND, env=env, start_new_session=True, stdout=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 120
            while len(done(home)) < 3 and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            os.killpg(process.pid, signal.SIGKILL)
        first = done(home)
        assert 3 <= len(first) < 14
        again = subprocess.run(COMMAND, env=env, capture_output=True, text=True, timeout=240, check=True)
    assert first.items() <= done(home).items(), "what was done is left alone"
    assert len(done(home)) == 14
    page = home / "collapse" / PAGE
    assert str(page) in again.stdout.replace("\n", "")
    text = page.read_text(encoding="utf-8")
    assert "One Gaussian" in text
    assert "A long tail of rare symbols" in text
