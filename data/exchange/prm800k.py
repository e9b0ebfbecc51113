"""PRM800K's JSONL: one line a solution and labeller, with a rating for each step.

The shape is that of github.com/openai/prm800k. There a solution's labels end at the first error; here the later steps
stand too, with a rating of null, so that a line holds the whole solution and what nobody judged is never taken for bad.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import Field

from outcross.data.exchange.judged import (
    Imported,
    Judged,
    Judgement,
    Refused,
    Theirs,
    Unfit,
    content_of,
    loaded,
    moment,
    seconds,
)
from outcross.data.review.answers import Label
from outcross.data.samples import Reasoning

HOLDS = frozenset({"reasoning"})
LOSES = (
    "its id, stratum, source and licence, which model wrote it, the reasons and notes of each answer, and which "
    "of several stands"
)

FINISHES = {"correct": "solution", "error": "found_error", "bad_problem": "bad_problem", "give_up": "give_up"}
TAIL = "# Answer\n\n"
"""What the last step of a pre-generated solution says before its answer."""


class Completion(Theirs):
    """One wording of a step, rated."""

    text: str
    rating: Label = None


class Step(Theirs):
    """The wordings of a step that the labeller saw."""

    completions: tuple[Completion, ...] | None = None
    human_completion: Completion | str | None = None
    chosen_completion: int | None = None

    @property
    def written(self) -> str | None:
        """What the labeller wrote instead."""
        by_hand = self.human_completion
        return by_hand.text if isinstance(by_hand, Completion) else by_hand

    @property
    def taken(self) -> Completion | None:
        """The wording that the solution went on with; where that is none of a model's, the first."""
        wordings = self.completions or ()
        index = self.chosen_completion or 0
        return wordings[index] if 0 <= index < len(wordings) else None


class Question(Theirs):
    """The problem, and the solution that was labelled."""

    problem: str
    ground_truth_answer: str | None = None
    pre_generated_steps: tuple[str, ...] | None = None
    pre_generated_answer: str | None = None


class Labelled(Theirs):
    """What the labeller made of the solution."""

    steps: tuple[Step, ...]
    total_time: int | None = Field(default=None, ge=0)
    """Milliseconds."""
    finish_reason: Literal["solution", "found_error", "bad_problem", "give_up"] | None


class Line(Theirs):
    """One labelled solution."""

    labeler: str | None = None
    timestamp: str | None = None
    question: Question
    label: Labelled


def dump(rows: Iterable[Judged]) -> Iterator[dict[str, object] | Refused]:
    """One line a decision; reasons and notes have no place there and are left out."""
    for row in rows:
        if not isinstance(row.sample.content, Reasoning):
            yield Refused(reason=f"its kind is {row.sample.content.kind}: PRM800K holds reasoning alone")
            continue
        for decision in row.decisions:
            if decision.verdict in FINISHES:
                yield _line(row.sample.content, decision)
            else:
                yield Refused(reason=f"PRM800K has no finish_reason for the verdict {decision.verdict}")


def _line(content: Reasoning, decision: Judgement) -> dict[str, object]:
    return {
        "labeler": decision.reviewer,
        "timestamp": moment(decision.at),
        "generation": None,
        "is_quality_control_question": False,
        "is_initial_screening_question": False,
        "question": {
            "problem": content.problem,
            "ground_truth_solution": None,
            "ground_truth_answer": None,
            "pre_generated_steps": list(content.steps),
            "pre_generated_answer": content.answer,
            "pre_generated_verifier_score": None,
        },
        "label": {
            "steps": list(_steps(content, decision)),
            "total_time": decision.active_ms,
            "finish_reason": FINISHES[decision.verdict],
        },
    }


def _steps(content: Reasoning, decision: Judgement) -> Iterator[dict[str, object]]:
    first_bad = decision.labels.index(-1) if -1 in decision.labels else None
    for index, (text, label) in enumerate(zip(content.steps, decision.labels, strict=False)):
        edit = decision.edit if index == first_bad else None
        by_hand = {"text": edit, "rating": None, "source": "human", "flagged": False, "corrected_rating": None}
        yield {
            "completions": [{"text": text, "rating": label, "flagged": None}],
            "human_completion": by_hand if edit is not None else None,
            "chosen_completion": None if label in (-1, None) else 0,
        }


def load(records: Iterable[object]) -> Iterator[Imported | Refused]:
    """Lines of either phase; of a step with several wordings, the one that the solution went on with.

    A solution without an answer of its own, such as most that a labeller gave up, is refused.
    """
    return loaded(records, _read)


def _read(record: dict[str, object]) -> Imported:
    line = Line.model_validate(record)
    steps, labels, edit = _solution(line)
    content = content_of(
        {"kind": "reasoning", "problem": line.question.problem, "steps": steps, "answer": _answer(line, steps)}
    )
    verdict = next((ours for ours, theirs in FINISHES.items() if theirs == line.label.finish_reason), None)
    judged = labels if verdict in (None, "correct", "error") and any(label is not None for label in labels) else ()
    if verdict is None:
        return Imported(content=content, labels=judged, beside=record)
    answer = Judgement(
        verdict=verdict,
        edit=edit if verdict == "error" else None,
        labels=judged,
        reviewer=line.labeler or "unknown",
        at=seconds(line.timestamp),
        active_ms=line.label.total_time,
    )
    return Imported(content=content, answers=(answer,), beside=record)


def _solution(line: Line) -> tuple[tuple[str, ...], tuple[Label, ...], str | None]:
    """The steps, a label for each, and what the labeller wrote instead of the first bad one."""
    whole = line.question.pre_generated_steps
    steps: list[str] = list(whole or ())
    labels: list[Label] = [None] * len(steps)
    edit = None
    for index, step in enumerate(line.label.steps):
        taken = step.taken
        if whole is None:
            # Phase 1: the solution grew as it was labelled, with a step by hand where no wording would do.
            by_hand = step.chosen_completion is None and step.written is not None
            if not by_hand and taken is None:
                raise Unfit(f"step {index + 1} has no wording that was taken")
            steps.append(step.written or "" if by_hand or taken is None else taken.text)
            labels.append(1 if by_hand or taken is None else taken.rating)
        elif index >= len(steps):
            raise Unfit(f"rates step {index + 1} of {len(steps)}")
        elif rated := next((one for one in step.completions or () if one.text == steps[index]), taken):
            labels[index] = rated.rating
            edit = edit or (step.written if rated.rating == -1 else None)
    return tuple(steps), tuple(labels), edit


def _answer(line: Line, steps: tuple[str, ...]) -> str:
    if line.question.pre_generated_answer:
        return line.question.pre_generated_answer
    _, said, answer = (steps[-1] if steps else "").rpartition(TAIL)
    if not said or not answer.strip():
        raise Unfit("the solution has no answer: neither `pre_generated_answer` nor a last step that ends in one")
    return answer
