r"""HH-RLHF's pairs: two whole dialogues as text, the better one under `chosen`.

The shape is that of github.com/anthropics/hh-rlhf: turns begin with "\n\nHuman:" and "\n\nAssistant:", and the two
dialogues are alike up to the assistant's last turn.
"""

from collections.abc import Iterable, Iterator

from outcross.data.exchange.judged import UNSETTLED, Imported, Judged, Refused, Theirs, Unfit, content_of, loaded
from outcross.data.samples import Preference

HOLDS = frozenset({"preference"})
LOSES = "its id, stratum, source and licence, which model wrote it, and whose answer stands, how strongly and why"

HUMAN, ASSISTANT = "\n\nHuman:", "\n\nAssistant:"


class Pair(Theirs):
    """Two dialogues."""

    chosen: str
    rejected: str


def dump(rows: Iterable[Judged]) -> Iterator[dict[str, object] | Refused]:
    """One pair a sample, ordered by the answer that stands.

    The format has no tie. Of a pair that was found bad on both sides the correction is the chosen answer, and the
    sample's own better one the rejected.
    """
    for row in rows:
        content, stands = row.sample.content, row.settled
        if not isinstance(content, Preference):
            yield Refused(reason=f"its kind is {content.kind}: HH-RLHF holds preferences alone")
        elif stands is None:
            yield UNSETTLED
        elif stands.verdict == "chosen":
            yield _pair(content.prompt, content.chosen, content.rejected)
        elif stands.verdict == "rejected":
            yield _pair(content.prompt, content.rejected, content.chosen)
        elif stands.edit:
            yield _pair(content.prompt, stands.edit, content.chosen)
        else:
            yield Refused(reason=f"neither answer won ({stands.verdict}): HH-RLHF holds a better and a worse one")


def _pair(prompt: str, better: str, worse: str) -> dict[str, object] | Refused:
    for mark in (HUMAN, ASSISTANT):
        if mark in better or mark in worse:
            return Refused(reason=f"an answer holds {mark!r}, at which every reader of HH-RLHF would cut it")
    dialogue = f"{HUMAN} {prompt}{ASSISTANT}"
    return {"chosen": f"{dialogue} {better}", "rejected": f"{dialogue} {worse}"}


def load(records: Iterable[object]) -> Iterator[Imported | Refused]:
    """Pairs with all turns before the last in the prompt; the order is nobody's by name, so there are no answers."""
    return loaded(records, _read)


def _read(record: dict[str, object]) -> Imported:
    prompt, better, worse = _parted(Pair.model_validate(record))
    content = content_of({"kind": "preference", "prompt": prompt, "chosen": better, "rejected": worse})
    return Imported(content=content, beside=record)


def _parted(pair: Pair) -> tuple[str, str, str]:
    """Prompt, better and worse answer: parted at the last turn of the assistant up to which both are alike."""
    if not pair.chosen.startswith(HUMAN) or not pair.rejected.startswith(HUMAN):
        raise Unfit("a dialogue doesn't begin with a turn of the human's")
    end = -1
    found = pair.chosen.find(ASSISTANT)
    while found >= 0 and pair.rejected.startswith(pair.chosen[: found + len(ASSISTANT)]):
        end, found = found, pair.chosen.find(ASSISTANT, found + 1)
    if end < 0:
        raise Unfit("the two dialogues have no turn of the assistant's in common to part at")
    cut = end + len(ASSISTANT)
    prompt = pair.chosen[len(HUMAN) : end].removeprefix(" ")
    return prompt, pair.chosen[cut:].removeprefix(" "), pair.rejected[cut:].removeprefix(" ")
