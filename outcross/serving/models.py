"""The models that this machine can reach, by the names that recipes have for them: the file `models.toml`.

    [small]
    base_url = "http://127.0.0.1:8000/v1"
    model = "Qwen3-4B"               # where the server has several
    api_key_variable = "SMALL_KEY"   # the environment variable that holds its key
    concurrency = 256                # requests in flight at most
    price_in = 0.10                  # money for a million tokens
    price_out = 0.40
    licence = "Apache-2.0"

Addresses and keys are the machine's matter, so that a recipe can travel. A key stands in no file of ours.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, TypeAdapter, ValidationError, model_validator

from outcross.data.recipe_tables import Name
from outcross.data.samples import Filled, Record
from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.serving.endpoint import SERVER_CONCURRENCY, Endpoint, Words, at
from outcross.settings import Settings

EMBEDDED = "embedded"
"""The name of the model that needs no server; it is always there."""

Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Model(Record):
    """One model of the file."""

    base_url: Filled
    model: Filled | None = None
    """Its name on the server; None for the only one."""
    api_key_variable: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    """Of the environment; what it holds goes to this server and to no other."""
    concurrency: int = Field(default=SERVER_CONCURRENCY, ge=1)
    price_in: Price | None = None
    """Money for a million tokens."""
    price_out: Price | None = None
    licence: Filled | None = None

    @model_validator(mode="after")
    def _both_prices(self) -> Self:
        if (self.price_in is None) != (self.price_out is None):
            raise ValueError("has one price: say both `price_in` and `price_out`, or neither")
        return self


MODELS: TypeAdapter[dict[Name, Model]] = TypeAdapter(dict[Name, Model])


def path(settings: Settings, home: Home) -> Path:
    """Where the file is, or would be."""
    return settings.models or home.root / "models.toml"


def read(settings: Settings, home: Home) -> dict[str, Model]:
    """All models of the file, which needn't be there.

    Raises:
        InputError: `OUTCROSS_MODELS` names no file, or the file doesn't hold.
    """
    file = path(settings, home)
    if not settings.models and not file.exists():
        return {}
    try:
        models = MODELS.validate_python(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(f"{file} can't be read: {error.strerror}. Set OUTCROSS_MODELS right, or unset it.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{file} is not TOML: {error}.") from error
    except ValidationError as error:
        # What is found there isn't repeated: it may be a key.
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{file}: `{where}`: {first['msg']}.{_hint(where)}") from None
    if EMBEDDED in models:
        raise InputError(f"{file}: [{EMBEDDED}] is the name of the built-in model. Give the one there another.")
    return models


def _hint(where: str) -> str:
    if "key" not in where.rpartition(".")[2]:
        return ""
    return " Put the key in an environment variable, and that variable's name in `api_key_variable`."


def reach(settings: Settings, home: Home, name: str, model: Model) -> Endpoint:
    """Check that a model of the file answers.

    Raises:
        InputError, ServerUnavailable, ModelMissing: see `at`; or the variable of its key isn't set.
    """
    entry = f"[{name}] in {path(settings, home)}"
    key = None
    if model.api_key_variable is not None and not (key := os.environ.get(model.api_key_variable)):
        raise InputError(
            f"`api_key_variable` of {entry} names {model.api_key_variable}, which isn't set. Set it to the key of "
            f"{model.base_url}, or take `api_key_variable` out if that server wants none."
        )
    words = Words(
        base_url=f"`base_url` of {entry}",
        model=f"`model` of {entry}",
        api_key=model.api_key_variable or f"an environment variable, and its name in `api_key_variable` of {entry}",
        instead=f"take `{name}` out of the recipe's [draft.models]",
    )
    secret = None if key is None else SecretStr(key)
    return at(
        model.base_url,
        model.model,
        secret,
        home,
        concurrency=model.concurrency,
        patience=settings.patience,
        words=words,
    )
