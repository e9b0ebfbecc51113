"""Judge of schemas: whether texts are JSON that meets a schema, by jsonschema."""

import json
from typing import Any, NoReturn

from jsonschema import exceptions, validators  # type: ignore[import-untyped]
from referencing import Registry
from referencing.exceptions import Unresolvable

_SHOWN = 160


def judge(question: dict[str, Any]) -> dict[str, Any]:
    """Hold texts against schemas.

    Args:
        question: `checks`, each with `what`, `text` and `schema`, null for a tool that there isn't.

    Returns:
        `wrong`, a sentence for each check that fails; and `failed`, what is wrong with a schema itself, or "".
    """
    try:
        return {"wrong": [wrong for check in question["checks"] if (wrong := _wrong(check))], "failed": ""}
    except exceptions.SchemaError as error:
        return {"wrong": [], "failed": f"the key's schema is none: {_at(error)}"}
    except (exceptions.UnknownType, Unresolvable) as error:
        return {"wrong": [], "failed": f"the key's schema can't be used: {str(error)[:_SHOWN]}"}


def _wrong(check: dict[str, Any]) -> str:
    if check["schema"] is None:
        return f"{check['what']} goes to no tool that there is"
    try:
        value = json.loads(check["text"], parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        return f"{check['what']} is not JSON: {str(error)[:_SHOWN]}"
    made = validators.validator_for(check["schema"], default=validators.Draft202012Validator)
    made.check_schema(check["schema"])
    # An empty registry, so that no schema is fetched from anywhere.
    found = exceptions.best_match(made(check["schema"], registry=Registry()).iter_errors(value))
    return f"{check['what']} doesn't meet its schema: {_at(found)}" if found else ""


def _at(error: exceptions.ValidationError | exceptions.SchemaError) -> str:
    return f"{error.json_path} {error.message[:_SHOWN]}"


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


WARM = [{"checks": [{"what": "", "text": "{}", "schema": {"type": "object", "required": ["a"]}}]}]
