"""A release says how far its rows are from people, and what stands behind them."""

from outcross.tasks.lineage import lineage
from tests import make


def by_id(*samples):
    return {one.sample_id: one for one in samples}


def test_rows_are_counted_by_depth_and_origin_with_their_mass():
    person, seed = make.human(), make.human("It takes two.")
    draft = make.synthetic([seed])
    edit = make.hybrid(draft, "It sums two.")
    made = by_id(person, draft, edit)
    found = lineage(made, by_id(seed, draft), dict.fromkeys(made, 1.0) | {person.sample_id: 3.0})
    assert found["by_depth"] == [
        {"depth": 0, "origin": "human", "rows": 1, "mass": 3.0},
        {"depth": 1, "origin": "hybrid", "rows": 1, "mass": 1.0},
        {"depth": 1, "origin": "synthetic", "rows": 1, "mass": 1.0},
    ]


def test_what_stands_behind_is_counted_and_drafts_without_ancestors_apart():
    seed = make.human("It takes two.")
    draft = make.synthetic([seed])
    edit, alone = make.hybrid(draft, "It sums two."), make.imported(make.human("It rounds.").content)
    made = by_id(edit, alone)
    found = lineage(made, by_id(seed, draft), dict.fromkeys(made, 1.0))
    counts = {name: found[name] for name in ("people_behind", "models_behind", "traced", "brought_in", "editors")}
    assert counts == {"people_behind": 1, "models_behind": 1, "traced": 1, "brought_in": 1, "editors": 1}
