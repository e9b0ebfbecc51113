"""Duplicates of a corpus in Parquet files: the clusters that comparing all pairs would give, and their keepers."""

import itertools
import random
from pathlib import Path

import polars as pl
import pytest

from outcross.tasks.screening import duplicates as screening
from outcross.tasks.screening.duplicates import duplicates

VOCABULARY = [f"word{number}" for number in range(400)]


def written(folder: Path, *frames: pl.DataFrame) -> list[Path]:
    paths = [folder / f"{number}.parquet" for number in range(len(frames))]
    for path, one in zip(paths, frames, strict=True):
        one.write_parquet(path, row_group_size=5)
    return paths


def jaccard(a: str, b: str, run: int = 3) -> float:
    ours, theirs = (
        {tuple(words[i : i + run]) for i in range(len(words) - run + 1)} for words in (a.split(), b.split())
    )
    return len(ours & theirs) / max(1, len(ours | theirs))


def corpus(seed: int) -> list[str]:
    """Texts of 8 to 60 words, a third of them edits of others."""
    draw = random.Random(seed)
    texts = [" ".join(draw.choices(VOCABULARY, k=draw.randint(8, 60))) for _ in range(40)]
    for _ in range(20):
        words = draw.choice(texts).split()
        for place in draw.sample(range(len(words)), draw.randint(1, 4)):
            words[place] = draw.choice(VOCABULARY)
        texts.append(" ".join(words))
    draw.shuffle(texts)
    return texts


@pytest.mark.parametrize("seed", range(3))
def test_clusters_are_those_that_comparing_all_pairs_gives(tmp_path, monkeypatch, seed):
    monkeypatch.setattr(screening, "PART", 7)
    texts = corpus(seed)
    rows = pl.DataFrame({"sample_id": [f"{i:02}" for i in range(len(texts))], "text": texts})
    found = duplicates(written(tmp_path, rows[:23], rows[23:]))
    alike = {(i, j): jaccard(texts[i], texts[j]) for i, j in itertools.combinations(range(len(texts)), 2)}
    cluster = list(range(len(texts)))
    for (i, j), similarity in alike.items():
        if similarity >= 0.5 and cluster[i] != cluster[j]:
            cluster = [cluster[i] if one == cluster[j] else one for one in cluster]
    wanted = {i: {j for j in range(len(texts)) if cluster[j] == cluster[i]} for i in range(len(texts))}
    assert found.height > 20
    assert {int(key) for key in found["sample_id"]} == {i for i, members in wanted.items() if len(members) > 1}
    for key, keeper, similarity in found.select("sample_id", "keeper", "similarity").iter_rows():
        assert int(keeper) == min(wanted[int(key)])
        before = [alike[j, int(key)] for j in wanted[int(key)] if j < int(key)]
        assert similarity == max((one for one in before if one >= 0.5), default=0.0)


def test_a_persons_row_is_kept_before_an_edited_one_and_that_before_a_models(tmp_path):
    text = " ".join(VOCABULARY[:20])
    rows = [("a", "synthetic", "1"), ("b", "hybrid", "9"), ("c", "human", "9"), ("d", "human", "8"), ("e", "?", "0")]
    one = pl.DataFrame(rows, schema=["sample_id", "origin", "rank"], orient="row").with_columns(text=pl.lit(text))
    assert duplicates(written(tmp_path, one))["keeper"].to_list() == ["d"] * 5
    assert duplicates(written(tmp_path, one[:2]))["keeper"].to_list() == ["b"] * 2


def test_short_texts_are_alike_only_as_a_whole(tmp_path):
    rows = pl.DataFrame({"sample_id": list("abcd"), "text": ["Add two.", "ADD  two", "Add three.", None]})
    found = duplicates(written(tmp_path, rows))
    assert found.rows() == [("a", 0, "a", 0.0), ("b", 0, "a", 1.0)]


def test_a_corpus_without_duplicates_or_without_rows_has_no_cluster(tmp_path):
    rows = pl.DataFrame({"sample_id": ["a"], "text": ["A text."]})
    assert duplicates(written(tmp_path, rows)).height == 0
    assert duplicates(written(tmp_path, rows.clear())).height == 0
