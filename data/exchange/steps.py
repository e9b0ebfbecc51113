"""Plain step labels: a solution a line, each step with its index from 0 and a reward of 1, 0, -1 or null."""

from collections.abc import Iterable, Iterator

from outcross.data.exchange.judged import UNSETTLED, Imported, Judged, Refused, Theirs, Unfit, content_of, loaded
from outcross.data.review.answers import Label
from outcross.data.samples import Reasoning

HOLDS = frozenset({"reasoning"})
LOSES = "its id, stratum, source and licence, which model wrote it, whose answer stands, why, and any correction"


class Step(Theirs):
    """A step and its reward; null where nobody judged it."""

    index: int
    text: str
    reward: Label = None


class Solution(Theirs):
    """A problem worked out in steps."""

    problem: str
    steps: tuple[Step, ...]
    answer: str


def dump(rows: Iterable[Judged]) -> Iterator[dict[str, object] | Refused]:
    """One line a sample, with the labels of the answer that stands."""
    for row in rows:
        content, stands = row.sample.content, row.settled
        if not isinstance(content, Reasoning):
            yield Refused(reason=f"its kind is {content.kind}, which has no steps to label")
        elif stands is None:
            yield UNSETTLED
        elif not stands.labels:
            yield Refused(reason=f"the decision {stands.verdict} labels no steps")
        else:
            pairs = enumerate(zip(content.steps, stands.labels, strict=True))
            steps = tuple(Step(index=index, text=text, reward=label) for index, (text, label) in pairs)
            yield Solution(problem=content.problem, steps=steps, answer=content.answer).model_dump(mode="json")


def load(records: Iterable[object]) -> Iterator[Imported | Refused]:
    """Lines with the steps in order; the labels are nobody's by name, so there are no answers."""
    return loaded(records, _read)


def _read(record: dict[str, object]) -> Imported:
    solution = Solution.model_validate(record)
    if [step.index for step in solution.steps] != list(range(len(solution.steps))):
        raise Unfit("the steps aren't numbered 0, 1, 2 and so on, in this order")
    texts = [step.text for step in solution.steps]
    fields = {"kind": "reasoning", "problem": solution.problem, "steps": texts, "answer": solution.answer}
    return Imported(content=content_of(fields), labels=tuple(step.reward for step in solution.steps), beside=record)
