"""CHAMP as a corpus: competition problems that people solved, and models' solutions in which people marked errors.

Source: Mao, Kim and Zhou, "CHAMP: A Competition-level Dataset for Fine-Grained Analyses of LLMs' Mathematical Reasoning
Capabilities", arXiv:2401.06961; the wheel champ-dataset 1.0.0, MIT.
"""

import importlib.util
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from outcross.data.corpora.candidates import EXCERPT, Author, Candidate, Refusal
from outcross.data.review.answers import Label
from outcross.data.samples import explain
from outcross.errors import InputError

PACKAGE = "champ_dataset"
FILE = "dataset_files/v0.json"
LICENCE = "MIT"

SUMMARY = "summarize the answer above in one sentence"
"""What the last question to a model asks for; its answer is the solution's."""

# Blank lines part steps. A paragraph that breaks off in the middle of a sentence, as before a formula that stands by
# itself, goes on in the next: people marked the two as one, and neither can be judged alone.
_PARAGRAPH = re.compile(r"\S.*?(?=\s*(?:\n[ \t]*\n|\Z))", re.DOTALL)
_BREAKS_OFF = re.compile(r"(?:[:,;]|(?<![A-Za-z\\])[a-z]{2,})\Z")


class _Theirs(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Step(_Theirs):
    text: str = Field(alias="_text")


class _Worked(_Theirs):
    steps: tuple[_Step, ...]


class _Mark(_Theirs):
    """A solution with the characters of its first wrong step; both ends are None where people found no mistake."""

    text: str
    start_idx: int | None
    end_idx: int | None
    author: str
    """The model that wrote the text."""


class _Message(_Theirs):
    role: str
    text: str | None
    error: str | None


class _Talk(_Theirs):
    messages: tuple[_Message, ...]


class _Problem(_Theirs):
    identifier: str
    text: str = Field(alias="_text")
    category: str
    answer: str = Field(alias="_answer")
    solution: _Worked
    fws_annotations: dict[str, _Mark]
    conversations: dict[str, _Talk]


class _Dataset(_Theirs):
    problems: dict[str, _Problem]


@dataclass(frozen=True)
class Solution:
    """A model's solution and where people found its first mistake."""

    draft: Candidate
    """A reasoning sample without labels, and the model that wrote it."""
    setting: str
    """How the model was asked, in the data set's words: `No C w/o H` got the problem alone, `Direct C w/ H` also the
    concepts and hints that lead to the answer."""
    labels: tuple[Label, ...]
    """One for each step: 1 before the first wrong one, -1 for it, None after it; 1 for all where none is wrong."""


def read() -> Iterator[Candidate | Refusal]:
    """Each problem with the solution that people wrote: the document is the problem, the stratum its category.

    Raises:
        InputError: the data set isn't installed, or isn't one that this reader knows.
    """
    for number, problem in enumerate(_problems(), start=1):
        yield _candidate(number, problem, [step.text for step in problem.solution.steps], problem.answer)


def solutions() -> Iterator[Solution | Refusal]:
    """Each solution that people marked, two a problem, both by one model.

    Where the marked characters lie in several steps there is no telling which of them is meant, and a solution that was
    cut off has no answer: both are refusals.

    Raises:
        InputError: see `read`.
    """
    marked = [(problem, *pair) for problem in _problems() for pair in problem.fws_annotations.items()]
    for number, (problem, key, mark) in enumerate(marked, start=1):
        steps = _steps(mark.text)
        wrong = _marked(mark, steps)
        answer = _answer(problem.conversations.get(key))
        if answer is None:
            yield Refusal(FILE, number, "the model's solution was cut off before its answer", mark.text[:EXCERPT])
        elif mark.start_idx is not None and len(wrong) != 1:
            reason = f"the mark of the first wrong step is on {len(wrong) or 'no'} steps"
            yield Refusal(FILE, number, reason, mark.text[mark.start_idx : mark.end_idx][:EXCERPT])
        else:
            texts = [mark.text[start:end] for start, end in steps]
            # All of them were published before there was a release of ours to train on.
            draft = _candidate(number, problem, texts, answer, Author(mark.author, depth=0))
            yield Solution(draft, key.partition("|")[2], _labels(len(steps), wrong))


def _candidate(
    line: int, problem: _Problem, steps: Sequence[str], answer: str, author: Author | None = None
) -> Candidate:
    content = {"kind": "reasoning", "problem": problem.text, "steps": steps, "answer": answer}
    document = f"CHAMP/{problem.identifier}"
    return Candidate(FILE, line, document, problem.category, content, licence=LICENCE, author=author)


def _labels(count: int, wrong: Sequence[int]) -> tuple[Label, ...]:
    labels: list[Label] = [1] * count
    if wrong:
        labels[wrong[0] :] = [-1, *[None] * (count - wrong[0] - 1)]
    return tuple(labels)


def _problems() -> Collection[_Problem]:
    # The package itself is not imported: it needs a library for what is a JSON file.
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise InputError("the data set CHAMP isn't installed: pip install --no-deps champ-dataset")
    path = Path(found.origin).parent / FILE
    try:
        return _Dataset.model_validate_json(path.read_bytes()).problems.values()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error
    except ValidationError as error:
        raise InputError(
            f"{path} isn't CHAMP as version 1.0.0 has it: {explain(error)}. Use `pip install --no-deps "
            "champ-dataset==1.0.0`."
        ) from None


def _steps(text: str) -> list[tuple[int, int]]:
    """Where each step of a solution begins and ends."""
    steps: list[tuple[int, int]] = []
    for paragraph in _PARAGRAPH.finditer(text):
        if steps and _BREAKS_OFF.search(text[steps[-1][0] : steps[-1][1]]):
            steps[-1] = (steps[-1][0], paragraph.end())
        else:
            steps.append(paragraph.span())
    return steps


def _marked(mark: _Mark, steps: Sequence[tuple[int, int]]) -> list[int]:
    """Indexes of the steps that share visible characters with the mark."""
    if mark.start_idx is None or mark.end_idx is None:
        return []
    return [
        index
        for index, (start, end) in enumerate(steps)
        if mark.text[max(start, mark.start_idx) : min(end, mark.end_idx)].strip()
    ]


def _answer(talk: _Talk | None) -> str | None:
    """What the model said when it was asked to sum its solution up."""
    messages = talk.messages if talk else ()
    for asked, said in pairwise(messages):
        if SUMMARY in (asked.text or ""):
            return said.text
    return None
