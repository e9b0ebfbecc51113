"""NeMo Curator: the filters of its pipeline for English, as its configuration has them, without Ray."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import meter
import nemo_curator
import pandas as pd
import yaml
from loguru import logger
from nemo_curator.stages.text.filters.score_filter import ScoreFilter
from nemo_curator.tasks import DocumentBatch

CONFIGURATION = Path(nemo_curator.__file__).parent / "config/text/heuristic_filter_english_pipeline.yaml"


def stages(**limits: int) -> Iterator[ScoreFilter]:
    """The filters in their order, with other limits where they have them."""
    for stage in yaml.safe_load(CONFIGURATION.read_text())["stages"]:
        if "filter_obj" in stage:
            said: dict[str, Any] = dict(stage["filter_obj"])
            module, _, name = said.pop("_target_").rpartition(".")
            said |= {key: value for key, value in limits.items() if key in said}
            yield ScoreFilter(getattr(importlib.import_module(module), name)(**said), text_field="text")


STAGES = list(stages())


def batch(texts: list[str]) -> DocumentBatch:
    return DocumentBatch(dataset_name="sample", data=pd.DataFrame({"text": texts}))


def cascade(texts: list[str]) -> None:
    """As its pipeline does, but for a process of its own for each: what one filter drops, the next doesn't see."""
    rows = batch(texts)
    for stage in STAGES:
        rows = stage.process(rows)


def scores(texts: list[str]) -> None:
    """Every filter's score of every text, and nothing dropped."""
    rows = batch(texts).to_pandas()
    for stage in STAGES:
        rows["text"].apply(stage.filter_obj[0].score_document)


def verdicts(texts: list[str], **limits: int) -> list[str]:
    """The filters that would drop each text; empty where it is kept."""
    named = [
        (type(one.filter_obj[0]).__name__, set(one.process(batch(texts)).to_pandas().index)) for one in stages(**limits)
    ]
    return [", ".join(name for name, kept in named if row not in kept) for row in range(len(texts))]


def any_length(texts: list[str]) -> list[str]:
    return verdicts(texts, min_words=1)


if __name__ == "__main__":
    logger.remove()
    meter.main({work.__name__: work for work in (cascade, scores, verdicts, any_length)})
