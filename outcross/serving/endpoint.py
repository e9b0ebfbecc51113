"""Where a model answers: an OpenAI-compatible address that was checked, or the embedded model."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from outcross.data.samples import Digest, Record
from outcross.data.stores.generators import model_depth
from outcross.data.stores.home import Home
from outcross.errors import InputError, ModelMissing, ServerUnavailable
from outcross.serving.servers import embedded, local
from outcross.settings import Settings

PROBE_TIMEOUT = 10.0
"""Seconds that a server may take to list its models."""

SERVER_CONCURRENCY = 512
"""The most requests in flight at a server; how many are follows from what it takes, see `load`."""


class Endpoint(Record):
    """A model that answered when it was asked for; everything a client needs to use it."""

    base_url: str = Field(pattern=r"^https?://\S+/v1$")
    model: str = Field(min_length=1)
    weights_digest: Digest | None = None
    """SHA-256 of the weights; None where only the server knows them."""
    model_depth: int = Field(ge=0)
    """Model generations between people and what the model was trained on; 0 for the embedded one."""
    concurrency: int = Field(ge=1)
    """The most requests to keep in flight."""
    patience: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Seconds that its server is waited for if it goes away; what the client has by itself where None."""
    api_key: SecretStr | None = Field(default=None, repr=False)


@dataclass(frozen=True)
class Words:
    """What the person who named a server calls what they said of it, so that an error says where to set it right."""

    base_url: str = "OUTCROSS_BASE_URL"
    model: str = "OUTCROSS_MODEL"
    api_key: str = "OUTCROSS_API_KEY"
    instead: str = "unset OUTCROSS_BASE_URL to use the embedded model"


ENVIRONMENT = Words()


@contextmanager
def connect(settings: Settings, home: Home | None = None) -> Iterator[Endpoint]:
    """Give the model that the settings name, for the length of the block.

    With a base URL, its server is asked once for its models and nothing is started. Without one, the embedded
    model runs until the block ends, however it ends, and nothing keeps running after. Empty settings count as unset.

    Args:
        settings: what the environment says, or the caller.
        home: where it is recorded what models were trained on; the settings' own where None.

    Raises:
        InputError: the base URL or the key can't be one, or nothing says what the model was trained on.
        ServerUnavailable: nothing answers there, or the embedded model doesn't start.
        ModelMissing: the server doesn't have the model, or the choice is open, or the weights aren't installed.
    """
    wanted = settings.model or None
    place = home or Home(settings.home)
    if settings.base_url:
        yield at(
            settings.base_url,
            wanted,
            settings.api_key,
            place,
            concurrency=settings.concurrency or SERVER_CONCURRENCY,
            patience=settings.patience,
            depth=settings.model_depth,
        )
        return
    if wanted not in {None, embedded.MODEL}:
        raise ModelMissing(
            f"OUTCROSS_MODEL is {wanted!r}, but the embedded model is {embedded.MODEL!r}. Set OUTCROSS_BASE_URL to "
            "the server that has it, or unset OUTCROSS_MODEL."
        )
    with built_in(place, concurrency=settings.concurrency or embedded.SLOTS, depth=settings.model_depth) as endpoint:
        yield endpoint


@contextmanager
def built_in(home: Home, *, concurrency: int = embedded.SLOTS, depth: int | None = None) -> Iterator[Endpoint]:
    """Run the embedded model for the length of the block.

    Args:
        home: where it is recorded what models were trained on.
        depth: of what it was trained on, where its weights aren't those that its makers published.

    Raises:
        ServerUnavailable, ModelMissing: it doesn't start, or isn't installed.
        InputError: nothing says what other weights were trained on.
    """
    with embedded.serve() as server:
        published = server.weights_digest == embedded.PUBLISHED
        yield Endpoint(
            base_url=server.base_url,
            model=embedded.MODEL,
            weights_digest=server.weights_digest,
            model_depth=0 if published else model_depth(home, embedded.MODEL, server.weights_digest, said=depth),
            concurrency=concurrency,
            patience=0.0,  # nobody starts it again
            api_key=server.api_key,
        )


def at(
    address: str,
    model: str | None,
    api_key: SecretStr | None,
    home: Home,
    *,
    concurrency: int = SERVER_CONCURRENCY,
    patience: float | None = None,
    depth: int | None = None,
    words: Words = ENVIRONMENT,
) -> Endpoint:
    """Check that a server has a model; of one that `outcross serve` keeps in the home, its weights and key are known.

    Args:
        address: ends in `/v1`.
        model: its name there; None for the only one.
        home: where it is recorded what models were trained on, and which servers run here.
        depth: of what the model was trained on, over any record.
        words: for errors.

    Raises:
        InputError: the address or the key can't be one, or nothing says what the model was trained on.
        ServerUnavailable: nothing answers there.
        ModelMissing: the server doesn't have the model, or the choice is open.
    """
    base_url = _checked_url(address, words)
    ours = local.find(home, base_url)
    key = _checked_key(api_key, words) or (ours.api_key if ours else None)
    name = _choose(served_models(base_url, key, words), model, base_url, words)
    kept = ours if ours and ours.model == name else None
    weights = kept.weights_digest if kept else None
    published = kept is not None and embedded.PUBLISHED in {weights, kept.unpacked_from}
    return Endpoint(
        base_url=base_url,
        model=name,
        weights_digest=weights,
        model_depth=0 if published and depth is None else model_depth(home, name, weights, said=depth),
        concurrency=concurrency,
        patience=patience,
        api_key=key,
    )


def served_models(base_url: str, api_key: SecretStr | None = None, words: Words = ENVIRONMENT) -> list[str]:
    """Ask a server which models it has. Proxies and redirects aren't followed, so the key goes nowhere else.

    Raises:
        ServerUnavailable: nothing answers in `PROBE_TIMEOUT` seconds, or what answers isn't a model server.
    """
    request = urllib.request.Request(f"{base_url}/models")  # noqa: S310  # only http(s) gets this far
    if api_key is not None:
        request.add_header("Authorization", f"Bearer {api_key.get_secret_value()}")
    try:
        with _OPENER.open(request, timeout=PROBE_TIMEOUT) as response:
            listing = json.loads(response.read())
        return [str(entry["id"]) for entry in listing["data"]]
    except urllib.error.HTTPError as error:
        error.close()
        raise ServerUnavailable(_refusal(base_url, error.code, words)) from None
    except (OSError, HTTPException) as error:
        cause = getattr(error, "reason", error)
        raise ServerUnavailable(
            f"Nothing answers at {base_url}/models ({cause}). Start the server, or {words.instead}."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise ServerUnavailable(
            f"{base_url}/models answers, but not with a list of models. Set {words.base_url} to an OpenAI-compatible "
            f"server, or {words.instead}."
        ) from None


def _checked_url(base_url: str, words: Words) -> str:
    """The address without a trailing slash, if a request can be sent there and it may be shown in a log."""
    address = base_url.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        if "@" in parts.netloc:
            raise InputError(
                f"{words.base_url} holds a user name or password. Take it out, and put the key in {words.api_key}."
            )
        ends_well = parts.path.endswith("/v1") and address.endswith(parts.path)  # no query, no fragment
        fits = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and ends_well
    except ValueError:
        fits = False
    if not fits or not re.fullmatch(r"[!-~]+", address):
        raise InputError(
            f"{words.base_url} is {base_url!r}, but must be an http or https address that ends in /v1, such as "
            "http://127.0.0.1:8000/v1."
        )
    return address


def _checked_key(api_key: SecretStr | None, words: Words) -> SecretStr | None:
    """The key without the line end that a mounted secret often has."""
    key = "" if api_key is None else api_key.get_secret_value().strip()
    if not re.fullmatch(r"[!-~]*", key):
        raise InputError(f"{words.api_key} holds spaces or other characters that a key can't have. Copy it afresh.")
    return SecretStr(key) if key else None


def _refusal(base_url: str, status: int, words: Words) -> str:
    said = f"{base_url}/models answered with status {status}."
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return f"{said} Put the server's key in {words.api_key}."
    return f"{said} Check that {words.base_url} is an OpenAI-compatible server, or {words.instead}."


def _choose(served: list[str], wanted: str | None, base_url: str, words: Words) -> str:
    if wanted is not None and wanted in served:
        return wanted
    if wanted is None and len(served) == 1:
        return served[0]
    names = ", ".join(repr(name[:100]) for name in served[:10]) or "no model"
    listed = names if len(served) <= 10 else f"{names} and {len(served) - 10} more"
    asked = f"{words.model} isn't set" if wanted is None else f"{words.model} is {wanted!r}"
    raise ModelMissing(f"{asked}, and {base_url} serves {listed}. Set {words.model} to one that it serves.")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Turn a redirect into an error: urllib would send the key along to wherever it points."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
