"""The one server that all tests of a session share: it takes half a minute to come up."""

from collections.abc import Iterator

import pytest

from tests.running import prefect_server
from tests.vllm.server import Vllm, until, vllm_server


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    with vllm_server(tmp_path_factory.mktemp("vllm")) as running:
        yield running


@pytest.fixture
def server(shared: Vllm) -> Vllm:
    """The server, well and with nothing to do, whatever the test before did to it."""
    until(lambda: shared.well() and shared.idle())
    return shared


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment that leads to a Prefect server."""
    with prefect_server(tmp_path_factory.mktemp("prefect") / "home") as environment:
        yield environment
