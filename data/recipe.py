"""Recipes: the TOML file that describes one data set, checked before anything runs."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import tomli_w
from pydantic import Field, ValidationError

from outcross.data.recipe_drafting import Drafting
from outcross.data.recipe_tables import NAME, Budget, Certification, Environment, Name, Review, Source
from outcross.data.samples import KINDS, Filled, Record, digest
from outcross.data.stores.home import Home
from outcross.errors import RecipeError

BUILT_IN = Path(__file__).parent / "recipes"
SUFFIX = ".toml"


class Recipe(Record):
    """One data set: its people, its drafting, its screen, its review, its mixture."""

    name: Name
    about: Filled
    kind: Literal["instruction", "preference", "reasoning", "conversation", "trajectory", "text"]
    source: Source
    draft: Drafting
    budget: Budget = Budget()
    evaluation: tuple[Path, ...] = ()
    """Files of texts kept for evaluation, JSONL or Parquet, beside people's held-out rows: no row may repeat them."""
    environment: Environment | None = None
    """Where the tasks come from; from people's rows where None."""
    profile: str | None = None
    """A set of validators with limits for a kind of sample: chat, reasoning, preference, code, trajectory or text."""
    screen: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Validator → its limits, and `reject_below` and `accept_from`, the scores that its rule cuts at; over those of
    the profile."""
    review: Review = Review()
    certificate: Certification = Certification()
    mixture: dict[str, float] = Field(default_factory=dict)
    """The mixture policy's rules; the policy's defaults where silent."""

    @property
    def digest(self) -> str:
        """Of everything that shapes the rows; how many drafts are wanted, and where the file lies, do not.

        Neither does what they may take, nor a machine's own names for the models, which each row says itself; nor how
        experts are asked: what they decide lies in a release itself, and each decision in the warehouse names the
        guideline that it was made under.
        """
        asked = set(Review.model_fields) - {"audit_share"}
        return digest(
            self.model_dump(
                mode="json",
                exclude={"source": {"path"}, "draft": {"count", "models"}, "budget": True, "review": asked},
            )
        )


def names(home: Home) -> list[str]:
    """Recipes that can be named: this home's own and the built-in ones."""
    return sorted({path.stem for folder in (home.recipes, BUILT_IN) for path in folder.glob(f"*{SUFFIX}")})


def load(home: Home, name: str) -> Recipe:
    """Read a recipe by its name or by the path of its file.

    A recipe may name another as its `base`; what it says itself wins, table by table, and its name is always its
    own: the file's where it says none.

    Raises:
        RecipeError: there is none of that name, or it doesn't hold; the text says where and why.
    """
    if name.endswith(SUFFIX):
        return _read(home, Path(name))
    recipe = _read(home, path := _find(home, name))
    _require_name(path, recipe.name)
    return recipe


def _require_name(path: Path, said: object) -> None:
    """Refuse a file that says another name than its own: whoever names it would work on another recipe's rows."""
    if said != path.stem:
        raise RecipeError(
            f"{path} says that its name is {said}, and is found as {path.stem}. Take `name` out of it, or rename the "
            "file."
        )


def _read(home: Home, path: Path) -> Recipe:
    try:
        recipe = Recipe.model_validate({"name": path.stem} | _table(home, path, seen=()))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RecipeError(f"{path}: `{where}`: {first['msg']} (found {str(first['input'])[:80]!r}).") from None
    ours = KINDS[recipe.kind].model_fields.keys() - {"kind"}
    named = {
        "draft.writes": recipe.draft.writes,
        "draft.given": recipe.draft.given,
        "source.fields": recipe.source.fields,
    }
    for where, names in named.items():
        if unknown := sorted(set(names) - ours):
            raise RecipeError(
                f"{path}: `{where}` names {', '.join(unknown)}, and a sample of kind {recipe.kind} has "
                f"{', '.join(sorted(ours))}."
            )
    return recipe


def _find(home: Home, name: str) -> Path:
    for folder in (home.recipes, BUILT_IN):
        if (path := folder / f"{name}{SUFFIX}").is_file():
            return path
    raise RecipeError(
        f"there is no recipe `{name}`. There are: {', '.join(names(home))}; or give the path of a {SUFFIX} file."
    )


def _table(home: Home, path: Path, seen: tuple[Path, ...]) -> dict[str, object]:
    if path in seen:
        raise RecipeError(f"{path} is its own base. Take `base` out of one of: {', '.join(map(str, seen))}.")
    table = _with_guideline(path, _parsed(path))
    base = table.pop("base", None)
    if base is None:
        return table
    below = _table(home, _find(home, str(base)), (*seen, path))
    below.pop("name", None)
    return _merge(below, table)


def _parsed(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"{path} can't be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecipeError(f"{path} is not TOML: {error}.") from error


def _with_guideline(path: Path, table: dict[str, object]) -> dict[str, object]:
    """The table with the text of the guideline in the place of its file's name."""
    review = table.get("review")
    said = review.get("guideline") if isinstance(review, dict) else None
    if not isinstance(said, str) or not said.endswith(".md") or "\n" in said:
        return table
    file = path.parent / said
    try:
        return _merge(table, {"review": {"guideline": file.read_text(encoding="utf-8")}})
    except OSError as error:
        raise RecipeError(
            f"{path}: `review.guideline` names {file}, which can't be read: {error.strerror}. Put the file beside the "
            "recipe, or write the guideline itself."
        ) from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: `review.guideline` names {file}, which is not UTF-8: {error}.") from error


def _merge(base: dict[str, object], over: Mapping[str, object]) -> dict[str, object]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def for_file(home: Home, name: str | None, file: Path, source: Mapping[str, object], base: str = "") -> Recipe:
    """Make a recipe for a JSONL file of people's rows and store it; see `write`.

    Args:
        name: the recipe's; the file's own where None.
        source: what is said of the rows, as fields of `Source`.
        base: the recipe that says all the rest; the one that it had before, or `jsonl`, where empty.

    Raises:
        RecipeError: see `write`; there is no such file, whose name would hold the recipe's for it; or the base reads no
            such files, or isn't the one that the recipe had before.
    """
    if not file.is_file():
        raise RecipeError(f"{file.absolute()} is no file. Name one of JSON objects, one a line: --human FILE.jsonl.")
    called = re.sub(r"[^a-z0-9]+", "-", file.stem.lower()).strip("-") if name is None else name
    below = _base(home, called, base)
    table: dict[str, object] = {
        "base": below.name,
        "about": f"{below.about.removesuffix('.')}, from {file.name}.",
        "source": {"path": str(file.absolute())} | dict(source),
    }
    return write(home, called, table)


def _base(home: Home, name: str, asked: str) -> Recipe:
    """What a recipe for a file builds on."""
    path = home.recipes / f"{name}{SUFFIX}"
    before = str(_parsed(path).get("base", "")) if path.is_file() else ""
    if asked and before and asked != before:
        raise RecipeError(
            f"the recipe {name} builds on {before}, and its drafts are of that sort. Give those by {asked} a recipe of "
            "their own: outcross run NAME --human FILE --base BASE."
        )
    below = load(home, asked or before or "jsonl")
    if below.source.reader != "jsonl":
        raise RecipeError(
            f"the recipe {below.name} reads {below.source.reader}, and no files of your own, so none can build on it."
        )
    return below


def write(home: Home, name: str, table: Mapping[str, object]) -> Recipe:
    """Store a recipe of this home's own and read it back; one that doesn't hold is not kept.

    Where the home has a recipe of that name already, what its file says beside `table` stays.

    Raises:
        RecipeError: see `load`; the name is not made of a–z, 0–9, `-` and `_`; or the recipe that the home has of
            that name is for another file of rows.
    """
    another = "Choose another: outcross run NAME --human FILE."
    if not re.fullmatch(NAME, name):
        raise RecipeError(f"{name!r} can't be a recipe's name: a letter, then a–z, 0–9, `-` and `_`. {another}")
    if (BUILT_IN / f"{name}{SUFFIX}").exists():
        raise RecipeError(f"{name!r} is the name of a built-in recipe. {another}")
    path = home.recipes / f"{name}{SUFFIX}"
    said = _parsed(path) if path.exists() else {}
    _require_name(path, said.get("name", name))
    # One file's licence and attestation say nothing of another's rows.
    if (before := _rows(said)) and (now := _rows(table)) and before != now:
        raise RecipeError(
            f"the recipe {name} is for {before}, and {now} is another file. Give that one a recipe of its own: "
            f"outcross run NAME --human FILE; or, if the rows have moved, change `path` in {path}."
        )
    home.recipes.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{name}.new{SUFFIX}")
    draft.write_text(tomli_w.dumps(_merge({"name": name} | said, table)), encoding="utf-8")
    try:
        recipe = load(home, str(draft))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return recipe


def _rows(table: Mapping[str, object]) -> Path | None:
    """The file of people's rows that a recipe's table names."""
    source = table.get("source")
    path = source.get("path") if isinstance(source, dict) else None
    return Path(path).resolve() if isinstance(path, str) else None
