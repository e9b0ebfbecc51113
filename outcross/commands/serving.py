"""The command that keeps a model server running: vLLM where there is a GPU or where asked, llama.cpp otherwise."""

import os
import secrets
import shlex
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import SecretStr
from rich.console import Console
from typer.core import TyperCommand

from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.options import HomeFolder
from outcross.reports import visible
from outcross.serving.servers import embedded, local, vllm, weights
from outcross.serving.servers.local import LocalServer
from outcross.serving.servers.supervisor import keep
from outcross.settings import from_environment

PORT = 8000
OURS = {"--model", "--served-model-name", "--host", "--port", "--api-key"}
"""Of vLLM's options, those whose values are written down here, or must not stand on a command line."""
REST = "outcross.rest"
"""Where a context keeps what came after `--`."""

app = typer.Typer()
console = Console()


class Engine(StrEnum):
    """What answers."""

    VLLM = "vllm"
    EMBEDDED = "embedded"


class _WithRest(TyperCommand):
    """A command that leaves what comes after `--` to another program, instead of reading it as its own arguments."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  # Typer's Click isn't public
        end = args.index("--") if "--" in args else len(args)
        ctx.meta[REST] = args[end + 1 :]
        return super().parse_args(ctx, args[:end])


@app.command(cls=_WithRest)
def serve(
    context: typer.Context,
    model: Annotated[
        str | None,
        typer.Argument(help="A folder of weights, or a name that vLLM knows.", show_default="the built-in weights"),
    ] = None,
    engine: Annotated[
        Engine | None, typer.Option(help="What answers.", show_default="vllm for a MODEL or a GPU, else embedded")
    ] = None,
    python: Annotated[
        Path | None,
        typer.Option(envvar="OUTCROSS_VLLM_PYTHON", help="The Python that has vLLM.", show_default=".vllm/bin/python"),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Where vLLM listens.", show_default=str(PORT))
    ] = None,
    home: HomeFolder = None,
) -> None:
    """Run a model server on this machine, start it again when it dies, and stop it with Ctrl-C.

    What comes after [bold]--[/] goes to vLLM as it is.
    """
    place = Home(home or from_environment().home)
    arguments = context.meta[REST]
    _require_others(arguments)
    with _stoppable():
        found = None if engine is Engine.EMBEDDED else vllm.find_python(python)
        if engine is Engine.VLLM or model or (found and vllm.has_gpu()):
            start = _vllm(place, _required(found), model, port or PORT, arguments)
        elif port or arguments:
            raise InputError(
                "the embedded model takes no --port and no arguments after --. Use --engine vllm for them."
            )
        else:
            start = partial(_embedded, place)
        keep(start, lambda reason: console.print(visible(reason), style="yellow", soft_wrap=True))


def _require_others(arguments: Sequence[str]) -> None:
    """Refuse what would make the server another than the one that is written down.

    Raises:
        InputError: names it.
    """
    names = [word.partition("=")[0].replace("_", "-") for word in arguments if word.startswith("--")]
    if taken := sorted(OURS.intersection(names)):
        raise InputError(
            f"{taken[0]} can't stand after --. Give MODEL and --port before it, and the key in OUTCROSS_API_KEY; the "
            "server listens on this machine alone."
        )


def _required(python: Path | None) -> Path:
    if python is None:
        raise InputError(
            "vLLM isn't here. Run `make .vllm/ready` in a checkout, or `pip install vllm` in an environment of its "
            "own, and name its Python with --python."
        )
    return python


def _vllm(
    place: Home, python: Path, model: str | None, port: int, arguments: Sequence[str]
) -> Callable[[], AbstractContextManager[LocalServer]]:
    """What starts vLLM; its weights are read once, and its key is the same at every start."""
    chosen = from_environment().api_key
    api_key = chosen or SecretStr(secrets.token_urlsafe(24))
    log = local.folder(place) / f"{port}.log"
    with console.status("Reading the weights …"):
        found = weights.named(model) if model else weights.built_in(place, python)

    @contextmanager
    def start() -> Iterator[LocalServer]:
        with ExitStack() as running:
            with console.status("Starting vLLM …") as status:
                serving = vllm.serve(
                    python,
                    found,
                    port=port,
                    api_key=api_key,
                    log=log,
                    arguments=arguments,
                    watch=lambda line: status.update(visible(f"Starting vLLM … {line[: console.width // 2]}")),
                )
                base_url = running.enter_context(serving)
            server = LocalServer(
                base_url=base_url,
                model=found.name,
                weights_digest=found.digest,
                unpacked_from=found.unpacked_from,
                pid=os.getpid(),
                api_key=None if chosen else api_key,
            )
            running.enter_context(local.announced(place, server))
            _show(place, server, f"vLLM, whose log is {log}")
            yield server

    return start


@contextmanager
def _embedded(place: Home) -> Iterator[LocalServer]:
    with ExitStack() as running:
        with console.status("Starting the embedded model …"):
            started = running.enter_context(embedded.serve())
        server = LocalServer(
            base_url=started.base_url,
            model=embedded.MODEL,
            weights_digest=started.weights_digest,
            pid=os.getpid(),
            api_key=started.api_key,
        )
        running.enter_context(local.announced(place, server))
        _show(place, server, "llama.cpp")
        yield server


def _show(place: Home, server: LocalServer, what: str) -> None:
    """Say where it answers, and what to type in another shell to use it; the key itself isn't shown."""
    known = f"weights {server.weights_digest}" if server.weights_digest else "weights that only it knows"
    words = [f"OUTCROSS_BASE_URL={server.base_url}"]
    if server.api_key is not None:
        key = shlex.quote(str(local.key_file(place, server.base_url).absolute()))
        words.append(f'OUTCROSS_API_KEY="$(cat {key})"')
    console.print(visible(f"{server.model} answers at {server.base_url} ({what}), {known}."), soft_wrap=True)
    console.print(
        visible(f"Use it from another shell; Ctrl-C here stops it:\n  export {' '.join(words)}"), soft_wrap=True
    )


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and a closed terminal end the block, stop what it started, and count as success."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(*_: object) -> NoReturn:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)  # stopping takes seconds, and isn't to be stopped
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, stop)
    try:
        yield
    except KeyboardInterrupt:
        console.print("Stopped.")
