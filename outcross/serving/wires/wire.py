"""Wires: how one kind of question travels to a server, and how what comes back is read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar


class Question(Protocol):
    """Anything that a server can be asked; it has the caller's name for it."""

    @property
    def key(self) -> str: ...


class Trouble(Exception):
    """An attempt that brought no answer."""

    def __init__(
        self,
        reason: str,
        *,
        final: bool = False,
        silent: bool = False,
        unsent: bool = False,
        status: int | None = None,
        wait: float | None = None,
        raw: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final
        self.silent = silent
        """Nothing came back: the server itself may be gone."""
        self.unsent = unsent
        """The question didn't reach the server, and can't be what troubled it."""
        self.status = status
        """Of HTTP, where it is other than 200."""
        self.wait = wait
        """Seconds that the server asked to wait."""
        self.raw = raw


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a body was found to say; the fields are those of `Answer`."""

    text: str
    tokens_in: int
    tokens_out: int
    mean_logprob: float | None = None
    finish_reason: str | None = "stop"


Q = TypeVar("Q", bound=Question)


@dataclass(frozen=True, kw_only=True)
class Wire(Generic[Q]):
    """Where questions of one kind are sent, what as, and how an answer to one is read."""

    path: str
    """After the server's root, which is its base URL without `/v1`."""
    body: Callable[[str, Q], dict[str, Any]]
    """The request for a model's name and a question, without what only the client knows."""
    read: Callable[[bytes], Said]
    """Raises `Trouble` where the bytes are no answer."""
