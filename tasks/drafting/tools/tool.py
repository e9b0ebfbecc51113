"""A tool that a model may call while it is drafted: what it is told of it, and what it does.

A tool gives the same text for the same arguments, so that a draft that was interrupted goes on as it began. Whatever
goes wrong with arguments that a model wrote is a text too, which it reads and may learn from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import JsonValue, ValidationError

from outcross.data.samples import Record, explain

LONGEST = 1_000
"""Characters of a result: more would crowd the task out of a small model's sight."""

A = TypeVar("A", bound=Record)


@dataclass(frozen=True, kw_only=True)
class Tool(Generic[A]):
    """One tool."""

    name: str
    about: str
    """What it is for, as the model is told."""
    takes: type[A]
    """Its arguments: plain fields, each with a description."""
    run: Callable[[A], str]
    """Raises ValueError or ArithmeticError where it can't be done; the text says why."""

    @property
    def schema(self) -> dict[str, JsonValue]:
        """JSON schema of its arguments."""
        parts = self._parts()
        return {
            "type": "object",
            "properties": {name: {key: part[key] for key in part if key != "title"} for name, part in parts},
            "required": [name for name, part in parts if "default" not in part],
            "additionalProperties": False,
        }

    @property
    def described(self) -> str:
        """What a model is told of it, on one line."""
        arguments = (f"{name} ({part['type']}), {part['description']}" for name, part in self._parts())
        return f"{self.name}: {self.about} Arguments: {'; '.join(arguments)}."

    def _parts(self) -> list[tuple[str, dict[str, JsonValue]]]:
        return list(self.takes.model_json_schema()["properties"].items())

    def use(self, arguments: str) -> str:
        """What comes of a call, at most `LONGEST` characters long, as any store takes it; an error is a text too.

        Args:
            arguments: JSON, as a model wrote it.
        """
        try:
            return _fitting(self.run(self.takes.model_validate_json(arguments)))
        except ValidationError as error:
            return _fitting(f"error: {explain(error)}")
        except (ValueError, ArithmeticError) as error:
            return _fitting(f"error: {error}")


def _fitting(text: str) -> str:
    clean = text.replace("\0", "␀").encode("utf-8", "replace").decode().strip()
    return clean if len(clean) <= LONGEST else f"{clean[:LONGEST]} … (cut)"
