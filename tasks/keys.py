"""Keys of drafts: which row's or task's right answer is theirs too."""

import json

import polars as pl

from outcross.data.reading import read
from outcross.data.samples import CONTENT, Trajectory
from outcross.data.stores import keys, vault
from outcross.data.stores.home import Home

_RANK = len("000000-")


def of_drafts(home: Home, recipe: str, drafts: pl.DataFrame) -> dict[str, str]:
    """The JSON text of each draft's key, by `sample_id`; a draft of which nothing is known is left out.

    A draft has the key of the task that its rank names; else that of the row it was drafted for, where both pose the
    very same task: of a task of its own, that row's answer says nothing.

    Args:
        drafts: `sample_id`, `rank`, `content` and `provenance`, as the warehouse has them.
    """
    known = keys.read(home, recipe)
    if not known:
        return {}
    tasks = {sample_id[:24]: key for sample_id, key in known.items()}
    rows = vault.table(home, recipe, *vault.PARTS).filter(pl.col("sample_id").is_in(list(known)))
    posed = {sample_id: _posed(content) for sample_id, content in rows.select("sample_id", "content").iter_rows()}
    found = {}
    for sample_id, rank, content, provenance in drafts.select("sample_id", "rank", "content", "provenance").iter_rows():
        parents = json.loads(provenance)["parents"]
        anchor = parents[0]["sample_id"] if parents else ""
        if key := tasks.get(rank[_RANK:]):
            found[sample_id] = key
        elif anchor in posed and posed[anchor] == _posed(content):
            found[sample_id] = known[anchor]
    return found


def _posed(content: str) -> tuple[str, str]:
    said = CONTENT.validate_json(content)
    if isinstance(said, Trajectory):
        # What was done on the way is nobody's task, and neither are the tools.
        return next((turn.text for turn in said.turns if turn.role == "user"), ""), ""
    reading = read(said)
    return reading.prompt, reading.context
