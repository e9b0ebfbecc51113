"""Samples: what they accept, and what their digests commit to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from outcross.data.samples import (
    CONTENT,
    Conversation,
    Instruction,
    Preference,
    Provenance,
    Reasoning,
    Sample,
    Text,
    Trajectory,
)
from outcross.data.stores.rows import from_row, to_frame
from tests.make import human, synthetic

words = st.text(min_size=1).filter(lambda text: text.strip() and "\0" not in text and text.isprintable())
contents = st.one_of(
    st.builds(Instruction, instruction=words, context=words, response=words),
    st.builds(Preference, prompt=words, chosen=words, rejected=words),
    st.builds(Reasoning, problem=words, steps=st.lists(words, min_size=1).map(tuple), answer=words, labels=st.just(())),
    st.builds(Text, text=words),
)


@given(contents)
def test_a_sample_of_any_kind_survives_its_row(content):
    sample = Sample(content=content, provenance=human().provenance)
    frame = to_frame([sample])
    back = from_row(frame["content"][0], frame["provenance"][0])
    assert back == sample
    assert (back.sample_id, back.provenance_digest) == (frame["sample_id"][0], frame["provenance_digest"][0])


@given(contents, contents)
def test_two_contents_share_an_id_only_if_they_are_equal(one, other):
    made = [Sample(content=content, provenance=human().provenance) for content in (one, other)]
    assert (made[0].sample_id == made[1].sample_id) == (one == other)


def test_the_same_content_is_the_same_row_whoever_vouches_for_it():
    one, other = human(source="a.txt"), human(source="b.txt")
    assert one.sample_id == other.sample_id
    assert one.provenance_digest != other.provenance_digest


def test_an_id_commits_to_the_parents_and_a_provenance_digest_to_their_provenance():
    one, other = synthetic([human(source="a.txt")]), synthetic([human(source="b.txt")])
    assert one.sample_id == other.sample_id
    assert one.provenance_digest != other.provenance_digest
    assert synthetic([human("Another.")]).sample_id != one.sample_id


def test_digests_are_the_same_on_every_machine():
    assert human().sample_id == "782f5ac3e4562fa7ec88cae450c647558ec3210f77f223f3d9b8fa484e51baed"


def test_a_sample_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        human().content.response = "Something else."


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"attestation": None}, "origin human needs an attestation"),
        ({"attestation": " "}, "origin human needs an attestation"),
        ({"depth": 1}, "origin human needs"),
        ({"origin": "synthetic"}, "can't carry an attestation"),
        ({"origin": "synthetic", "attestation": None}, "needs the model that wrote it"),
        ({"origin": "hybrid", "attestation": None}, "needs the draft as parent"),
        ({"editor": "ada"}, "origin human needs"),
    ],
)
def test_an_origin_that_the_other_fields_contradict_is_refused(change, said):
    with pytest.raises(ValidationError, match=said):
        Provenance.model_validate(human().provenance.model_dump() | change)


@pytest.mark.parametrize("text", ["", "  \n", "a\0b", "\ud800", "x" * 200_001])
def test_text_that_no_store_could_give_back_unchanged_is_refused(text):
    with pytest.raises(ValidationError):
        Text(text=text)


def test_a_kind_is_known_by_its_name_alone():
    turns = [{"role": "user", "text": "Hello."}, {"role": "assistant", "text": "Good day."}]
    assert isinstance(CONTENT.validate_python({"kind": "conversation", "turns": turns}), Conversation)
    call = {"role": "assistant", "calls": [{"call_id": "1", "tool": "add", "arguments": "{}"}]}
    assert isinstance(CONTENT.validate_python({"kind": "trajectory", "turns": [turns[0], call]}), Trajectory)
    with pytest.raises(ValidationError, match="does not match any of the expected tags"):
        CONTENT.validate_python({"kind": "poem", "text": "x"})


def test_every_step_has_one_label_or_none_has():
    Reasoning(problem="?", steps=("a", "b"), answer="c", labels=(1, None))
    with pytest.raises(ValidationError, match="1 labels for 2 steps"):
        Reasoning(problem="?", steps=("a", "b"), answer="c", labels=(1,))
