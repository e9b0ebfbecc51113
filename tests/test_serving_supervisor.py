"""`outcross serve`: it says where a server is, keeps it up, and leaves nothing behind, however it ends."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from outcross.data.stores.home import Home
from outcross.errors import InputError, ServerUnavailable
from outcross.serving.servers import guard, local, supervisor, vllm, weights
from outcross.serving.servers.supervisor import MOST_STARTS, STEADY, Patience, keep
from tests.running import BIN, free_port, outcross

STAND_IN = Path(__file__).with_name("vllm_stand_in.py")


@dataclass
class Serving:
    """A run of the command, and what it has printed."""

    process: subprocess.Popen[str]
    home: Home
    port: int
    said: list[str]

    def announced(self, times: int = 1) -> None:
        """Wait until it has said that often how to use the server."""
        until(lambda: sum("export" in line for line in self.said) >= times or self.process.poll() is not None)
        assert self.process.poll() is None, self.said

    @property
    def note(self) -> Path:
        return local.folder(self.home) / f"{self.port}.json"

    def get(self, path: str, key: str = "") -> int:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {key}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def server(self) -> psutil.Process:
        return next(
            one for one in self.family() if "--port" in one.cmdline() and "guard.py" not in " ".join(one.cmdline())
        )


def until(held: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not held():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def gone(processes: list[psutil.Process]) -> bool:
    """Whether none of them runs any more; in a container nobody may be there to bury the dead."""
    return all(not one.is_running() or one.status() == psutil.STATUS_ZOMBIE for one in processes)


@pytest.fixture
def python(tmp_path) -> Path:
    """What passes for a Python that has vLLM."""
    path = tmp_path / "bin" / "python"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\ncase "$*" in *find_spec*) exit 0;; esac\nexec {sys.executable} {STAND_IN} "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def model(tmp_path) -> Path:
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


@contextmanager
def running(home: Home, *words: object, port: int = 0, **env: str) -> Iterator[Serving]:
    process = subprocess.Popen(
        [BIN / "outcross", "serve", *map(str, words)],
        env={**os.environ, "OUTCROSS_HOME": str(home.root), "COLUMNS": "200", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    serving = Serving(process, home, port, [])
    reading = threading.Thread(target=lambda: serving.said.extend(process.stdout), daemon=True)
    reading.start()
    try:
        yield serving
    finally:
        family = serving.family() if process.poll() is None else []
        process.kill()
        process.wait()
        until(lambda: gone(family))
        reading.join(10)
        process.stdout.close()


@contextmanager
def served(home: Home, python: Path, model: Path, *arguments: object, **env: str) -> Iterator[Serving]:
    port = free_port()
    words = [model, "--engine", "vllm", "--python", python, "--port", port, "--", *arguments]
    with running(home, *words, port=port, **env) as serving:
        yield serving


def test_it_says_how_to_use_the_server_and_ends_with_all_of_it(home, python, model):
    with served(home, python, model) as serving:
        serving.announced()
        note = json.loads(serving.note.read_text())
        key_file = local.key_file(home, note["base_url"])
        key = key_file.read_text()
        digest = weights.folder_digest(model)
        assert note == {
            "base_url": f"http://127.0.0.1:{serving.port}/v1",
            "model": "tiny",
            "weights_digest": digest,
            "unpacked_from": None,
            "pid": serving.process.pid,
        }
        assert {stat.S_IMODE(path.stat().st_mode) for path in (serving.note, key_file)} == {0o600}
        assert (serving.get("/v1/models", key), serving.get("/v1/models")) == (200, 401)
        found = local.find(home, note["base_url"])
        assert found is not None
        assert found.api_key.get_secret_value() == key
        family = serving.family()
        assert len(family) == 3  # the guard, the server, its engine
        assert not any(key in " ".join(one.cmdline()) for one in family)

        serving.process.terminate()
        assert serving.process.wait(30) == 0
        assert gone(family)
        assert not serving.note.exists()
        assert not key_file.exists()
    said = " ".join("".join(serving.said).split())
    assert f"tiny answers at http://127.0.0.1:{serving.port}/v1" in said
    assert digest in said
    assert f'export OUTCROSS_BASE_URL={note["base_url"]} OUTCROSS_API_KEY="$(cat {key_file})"' in said
    assert key not in said
    assert said.endswith("Stopped.")


def test_a_key_that_its_owner_chose_is_written_nowhere(home, python, model):
    with served(home, python, model, OUTCROSS_API_KEY="mine") as serving:
        serving.announced()
        assert serving.get("/v1/models", "mine") == 200
        assert [path.suffix for path in local.folder(home).iterdir() if b"mine" in path.read_bytes()] == []
        os.killpg(serving.process.pid, signal.SIGINT)
        assert serving.process.wait(30) == 0
    assert "API_KEY" not in "".join(serving.said)


def test_a_server_that_dies_is_started_again_with_the_same_key(home, python, model):
    with served(home, python, model) as serving:
        serving.announced()
        key = local.key_file(home, f"http://127.0.0.1:{serving.port}/v1").read_text()
        before = serving.family()
        serving.server().kill()
        serving.announced(times=2)
        assert gone(before)
        assert serving.get("/v1/models", key) == 200
        assert json.loads(serving.note.read_text())["pid"] == serving.process.pid


def test_a_server_whose_engine_is_dead_is_started_again(home, python, model, tmp_path):
    ill = tmp_path / "ill"
    with served(home, python, model, "--ill", ill) as serving:
        serving.announced()
        ill.touch()
        until(lambda: any("its engine is dead, as status 503 says" in line for line in serving.said))
        ill.unlink()
        serving.announced(times=2)
        assert serving.get("/health") == 200


def test_a_killed_command_leaves_no_process(home, python, model):
    with served(home, python, model) as serving:
        serving.announced()
        family = serving.family()
        serving.process.kill()
        serving.process.wait()
        until(lambda: gone(family), 30)
        assert local.find(home, f"http://127.0.0.1:{serving.port}/v1") is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_killed_guard_takes_the_server_with_it_and_both_are_replaced(home, python, model):
    with served(home, python, model) as serving:
        serving.announced()
        family = serving.family()
        next(one for one in family if guard.__file__ in one.cmdline()).kill()
        serving.announced(times=2)
        assert gone(family)


def test_a_server_that_cant_start_is_one_sentence_with_the_reason(home, python, model):
    with served(home, python, model, "--fail") as serving:
        assert serving.process.wait(60) == 1
    said = " ".join("".join(serving.said).split())
    log = local.folder(home) / f"{serving.port}.log"
    assert said == f"error: vLLM didn't start (ValueError: no room for the weights). All that it said is in {log}."
    assert "Engine core initialization failed" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_the_embedded_model_is_kept_up_the_same_way(home):
    pytest.importorskip("xllamacpp")
    with running(home, "--engine", "embedded") as serving:
        serving.announced()
        (note,) = local.folder(home).glob("*.json")
        serving.port = int(note.stem)
        key = note.with_suffix(".key").read_text()
        assert serving.get("/v1/models", key) == 200
        serving.family()[0].kill()
        serving.announced(times=2)
        serving.process.terminate()
        assert serving.process.wait(30) == 0
        assert list(local.folder(home).iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--engine", "embedded", "--port", "9"], "the embedded model takes no --port"),
        (["--engine", "vllm", "--python", "/nowhere/python"], "/nowhere/python is no Python that has vLLM"),
        (["some/model", "--", "--model=another"], "--model can't stand after --"),
        (["some/model"], "vLLM isn't here. Run `make .vllm/ready`"),
    ],
)
def test_what_cant_be_served_is_refused_with_what_to_do(tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OUTCROSS_VLLM_PYTHON", raising=False)
    done = outcross("serve", *words, env={"OUTCROSS_HOME": str(tmp_path / "home"), "COLUMNS": "200"})
    assert done.returncode == 1
    assert said in done.stderr


def test_a_port_that_is_taken_is_refused(home, python, model):
    with served(home, python, model) as first:
        first.announced()
        words = [model, "--engine", "vllm", "--python", python, "--port", first.port]
        done = outcross("serve", *words, env={"OUTCROSS_HOME": str(home.root), "COLUMNS": "200"})
        assert done.returncode == 1
        assert f"port {first.port} can't be had (Address already in use)" in done.stderr
        assert first.get("/health") == 200


def test_a_death_in_a_row_waits_longer_and_the_last_one_is_final():
    patience = Patience()
    assert [patience.after(1) for _ in range(MOST_STARTS + 1)] == [1, 2, 4, 8, 16, None]
    assert patience.after(STEADY) == 1


def test_a_server_that_keeps_dying_is_given_up(monkeypatch):
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0)
    starts, told = [], []

    @contextmanager
    def start() -> Iterator[local.LocalServer]:
        starts.append(1)
        yield local.LocalServer(base_url=f"http://127.0.0.1:{free_port()}/v1", model="tiny", pid=1)

    with pytest.raises(ServerUnavailable, match=rf"nothing answers at .* It died {MOST_STARTS + 1} times in a row"):
        keep(start, told.append)
    assert len(starts) == MOST_STARTS + 1
    assert len(told) == MOST_STARTS


def test_a_port_that_the_dead_server_still_holds_is_waited_for(monkeypatch):
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0)
    starts, told = [], []

    @contextmanager
    def start() -> Iterator[local.LocalServer]:
        starts.append(1)
        if len(starts) == 2:
            raise InputError("port 9 can't be had.")
        if len(starts) == 3:
            raise KeyboardInterrupt
        yield local.LocalServer(base_url=f"http://127.0.0.1:{free_port()}/v1", model="tiny", pid=1)

    with pytest.raises(KeyboardInterrupt):
        keep(start, told.append)
    assert told[1] == "port 9 can't be had. It is started again in 0 s."


def test_a_long_log_is_cut_at_the_front(tmp_path):
    log = tmp_path / "log"
    lines = 3 * guard.LOG_BYTES // 1000
    command = [sys.executable, "-c", f"for n in range({lines}): print(f'{{n:0999d}}')"]
    guarded = [sys.executable, "-I", guard.__file__, str(os.getpid()), log, *command]
    with subprocess.Popen(guarded, stdin=subprocess.PIPE, start_new_session=True) as guarding:
        guarding.wait(60)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2 * guard.LOG_BYTES
    assert int(log.read_text().splitlines()[-1]) == lines - 1


def test_the_digest_of_weights_is_what_sha256sum_gives(tmp_path):
    for name in ("model-2.safetensors", "model-1.safetensors"):
        (tmp_path / name).write_text(name)
    (tmp_path / "config.json").write_text("{}")
    shell = "LC_ALL=C sha256sum *.safetensors | sha256sum"
    done = subprocess.run(shell, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert weights.folder_digest(tmp_path) == done.stdout.split()[0]
    (tmp_path / "model-1.safetensors").write_text("other")
    assert weights.folder_digest(tmp_path) != done.stdout.split()[0]


def test_a_folder_without_weights_is_refused(tmp_path):
    with pytest.raises(InputError, match=f"{re.escape(str(tmp_path))} holds no weights"):
        weights.named(str(tmp_path))


def test_vllm_learns_nothing_of_ours(monkeypatch):
    monkeypatch.setenv("OUTCROSS_API_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", "here")
    known = vllm.environment()
    assert "secret" not in known.values()
    assert "PYTHONPATH" not in known
    assert known["VLLM_NO_USAGE_STATS"] == known["DO_NOT_TRACK"] == "1"
