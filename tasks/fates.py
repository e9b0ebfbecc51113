"""What a decision makes of its draft: it goes in as it is, or as what the expert made of it, or not at all."""

from outcross.data.review.answers import STANCES, first_bad
from outcross.data.review.decisions import DecisionRow
from outcross.data.samples import (
    CONTENT,
    Content,
    Conversation,
    Instruction,
    Origin,
    Preference,
    Provenance,
    Reasoning,
    Sample,
    Text,
    Trajectory,
)
from outcross.data.stores.decisions import Fate


def fate(row: DecisionRow, edit: Sample | None) -> Fate:
    """What becomes of the draft; `edit` is what `edited` gives."""
    if edit is not None:
        return "edit"
    return "approve" if STANCES[row.verdict] == "good" else "reject"


def edited(draft: Sample, row: DecisionRow) -> Sample | None:
    """The hybrid sample that a decision makes of a draft, with the draft as its parent; None where it makes none.

    A text is replaced. Of a pair the answers change places where the second one won; where both are bad and one was
    rewritten, the text stands against the answer that the draft gave as the better one. Steps get the labels that they
    were given, right ones too. Turns end with the one that was rewritten: it says what the expert wrote, and the calls
    that the model made in it are gone with the rest of its words.
    """
    change = _change(draft.content, row)
    if change is None:
        return None
    said = draft.provenance
    return Sample(
        content=CONTENT.validate_python(draft.content.model_dump() | change),
        provenance=Provenance(
            origin=Origin.HYBRID,
            depth=said.depth,
            stratum=said.stratum,
            source=said.source,
            licence=said.licence,
            parents=(draft.as_parent,),
            editor=row.reviewer,
        ),
    )


def _change(content: Content, row: DecisionRow) -> dict[str, object] | None:
    """The fields that differ from the draft's."""
    match content:
        case Instruction():
            return None if row.edit is None else {"response": row.edit}
        case Text():
            return None if row.edit is None else {"text": row.edit}
        case Preference():
            return _of_a_pair(content, row)
        case Reasoning():
            return {"labels": row.labels} if row.verdict in ("correct", "error") else None
        case Conversation() | Trajectory():
            return _of_turns(content, row)


def _of_a_pair(content: Preference, row: DecisionRow) -> dict[str, object] | None:
    if row.verdict == "rejected":
        return {"chosen": content.rejected, "rejected": content.chosen}
    return None if row.edit is None else {"chosen": row.edit, "rejected": content.chosen}


def _of_turns(content: Conversation | Trajectory, row: DecisionRow) -> dict[str, object] | None:
    bad = first_bad(row.labels)
    # One turn alone is no conversation.
    if row.edit is None or not bad:
        return None
    return {"turns": (*content.model_dump()["turns"][:bad], {"role": "assistant", "text": row.edit})}
