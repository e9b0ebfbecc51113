"""The judge's prompts: one template for each kind of sample, and the digests that name them."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from outcross.data.samples import digest
from outcross.serving.chats import Message
from outcross.tasks.judging.marked import marked, seal

FOLDER = Path(__file__).parent / "templates"
TEXTS = ("prompt", "context", "response", "other", "content")

# Templates are ours and samples are values in them, so the sandbox holds nobody back today; prompts are no HTML.
TEMPLATES = SandboxedEnvironment(
    loader=jinja2.FileSystemLoader(FOLDER), undefined=jinja2.StrictUndefined, autoescape=False
)


def names(kind: str) -> tuple[str, str]:
    """The templates of the system's message and of the user's, for samples of a kind."""
    return ("compare" if kind == "preference" else "grade"), kind


def templates_digest(kind: str) -> str:
    """Names what a sample of a kind is put into."""
    return digest([(FOLDER / f"{name}.jinja").read_text(encoding="utf-8") for name in names(kind)])


def messages(sample: Mapping[str, str], **more: str) -> tuple[Message, Message]:
    """The prompt about a sample: a system's message that is the same for all, and the sample, marked as data.

    Args:
        sample: a row of the frame `SAMPLES`.
        more: other texts that the template shows.
    """
    system, user = names(sample["kind"])
    texts = {name: sample[name] for name in TEXTS} | more
    mark = partial(marked, seal=seal(texts.values()))
    return (
        Message(role="system", content=_rendered(system)),
        Message(role="user", content=_rendered(user, texts | {"marked": mark})),
    )


def _rendered(name: str, values: Mapping[str, object] | None = None) -> str:
    return TEMPLATES.get_template(f"{name}.jinja").render(values or {}).strip()
