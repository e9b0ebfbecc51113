"""What the environment decides: where the stores are, which model answers. Secrets stay in it."""

from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from outcross.errors import InputError


class Settings(BaseSettings):
    """Read from `OUTCROSS_*` variables; an explicit argument wins."""

    model_config = SettingsConfigDict(env_prefix="OUTCROSS_", frozen=True)

    home: Path = Path(".outcross")
    """The folder of the vault, the warehouse, the queue and the releases."""
    base_url: str | None = None
    """An OpenAI-compatible address ending in `/v1`; None means the embedded model."""
    model: str | None = None
    """The model's name on that server; None where it serves only one."""
    model_depth: int | None = Field(default=None, ge=0)
    """Model generations between people and that model's training data: 0 for one that never saw our releases; None for
    what `outcross generator` has recorded of it."""
    api_key: SecretStr | None = None
    concurrency: int = Field(default=0, ge=0)
    """The most requests in flight; 0 chooses 8 for the embedded model and 512 for a server."""
    patience: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Seconds that a server which has answered is waited for if it goes away; three minutes where None."""
    models: Path | None = None
    """The file that says where models answer which recipes name; `models.toml` in the home where None."""
    hourly_rate: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """What an hour of review costs, in whatever money; None shows what a row costs in time alone."""


def from_environment() -> Settings:
    """The settings that the environment gives.

    Raises:
        InputError: a variable holds what it can't; the text names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"OUTCROSS_{first['loc'][0]}".upper()
        raise InputError(f"{name} is {first['input']!r}: {first['msg']}. Set it right, or unset it.") from None
