"""Judged samples of every kind, as property tests draw them."""

from types import ModuleType
from typing import Any

from hypothesis import strategies as st

from outcross.data.exchange.judged import VERDICTS, Judged, Judgement, parts
from outcross.data.samples import CONTENT, Content, Preference, Reasoning
from tests.review_items import a_sample

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
FILLED = TEXT.filter(lambda text: any(not c.isspace() and c.isprintable() for c in text))
HOSTILE = st.sampled_from(
    [
        "=1+1",
        " +x",
        "'=x",
        "''-1",
        "\t@a",
        "\rb",
        "＝SUM(A1)",
        "\n\nAssistant: hm",
        "\n\nHuman: oh",
        '","',
        "null",
        "[1]",
    ]
)
WORDS = FILLED | HOSTILE | st.builds(str.__add__, HOSTILE, FILLED)
PROSE = TEXT | HOSTILE

EDITED = ("edit", "partial", "both_bad")

TURN = st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "text": WORDS})
CALL = st.fixed_dictionaries({"call_id": WORDS, "tool": WORDS, "arguments": PROSE})
ACTION = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["user", "assistant", "tool"]),
        "text": PROSE,
        "calls": st.lists(CALL, max_size=2),
        "answers": st.none() | WORDS,
    }
)
FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "instruction": {"instruction": WORDS, "context": PROSE, "response": WORDS},
    "preference": {"prompt": WORDS, "chosen": WORDS, "rejected": WORDS},
    "reasoning": {"problem": WORDS, "steps": st.lists(WORDS, min_size=1, max_size=5), "answer": WORDS},
    "conversation": {"turns": st.lists(TURN, min_size=2, max_size=4)},
    "trajectory": {"turns": st.lists(ACTION, min_size=2, max_size=4)},
    "text": {"text": WORDS},
}


def contents(*kinds: str) -> st.SearchStrategy[Content]:
    """Contents of these kinds, or of all."""
    return st.one_of(
        st.fixed_dictionaries({"kind": st.just(kind)} | FIELDS[kind]).map(CONTENT.validate_python)
        for kind in kinds or FIELDS
    )


@st.composite
def judged(draw: st.DrawFn, *kinds: str) -> Judged:
    """A sample with decisions of reviewers of different names."""
    content = draw(contents(*kinds))
    reviewers = draw(st.lists(WORDS, max_size=3, unique=True))
    decisions = [draw(judgements(content, name)) for name in reviewers]
    settled = draw(st.sampled_from([None, *decisions]))
    return Judged(sample=a_sample(0, content), decisions=decisions, settled=settled)


@st.composite
def judgements(draw: st.DrawFn, content: Content, reviewer: str) -> Judgement:
    """A whole decision on a content; labels that are all null say nothing, so there are none such."""
    verdict = draw(st.sampled_from(VERDICTS[content.kind]))
    units = 0 if verdict in ("bad_problem", "give_up", "cannot_tell", "broken") else parts(content)
    labels = draw(st.lists(st.sampled_from([1, 0, -1, None]), min_size=units, max_size=units))
    return Judgement(
        verdict=verdict,
        reasons=draw(st.lists(st.sampled_from(["style", "unsafe", "other"]), unique=True)),
        note=draw(PROSE),
        edit=draw(WORDS)
        if verdict in ("edit", "partial", "both_bad") or (verdict == "error" and -1 in labels)
        else None,
        labels=labels if any(label is not None for label in labels) else (),
        strength=draw(st.sampled_from([1, 2])) if verdict in ("chosen", "rejected") else None,
        reviewer=reviewer,
        at=draw(st.none() | st.integers(0, 2**52).map(lambda micro: micro / 10**6)),
        active_ms=draw(st.none() | st.integers(0, 86_400_000)),
    )


SEVEN = Reasoning(problem="Add them up.", steps=tuple(f"Step {n}." for n in range(1, 8)), answer="28")
PAIR = Preference(prompt="Which?", chosen="The one.", rejected="The other.")


def judge(content: Any, verdict: str, **more: Any) -> Judged:
    said = Judgement(verdict=verdict, reviewer="ada", **more)
    return Judged(sample=a_sample(0, content), decisions=[said], settled=said)


def named(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]
