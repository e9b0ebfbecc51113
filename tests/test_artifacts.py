"""What Prefect shows of a release: its classes, what binds, its alarms; and texts from outside stay texts."""

import json

from outcross.tasks import artifacts


def shown(made, monkeypatch):
    kept = {}
    monkeypatch.setattr(artifacts, "create_markdown_artifact", lambda **words: kept.update(words))
    artifacts.published(made)
    assert kept["key"] == "release-mine"
    return kept["markdown"]


def test_a_release_is_summed_up_with_its_classes_and_alarms(published, monkeypatch):
    text = shown(published[1], monkeypatch)
    assert text.startswith("# mine 1\n")
    assert "| human | 40 |" in text
    assert "Collapse alarms: 0 of the 0 that could be tested" in text
    assert "rows of mass were possible" in text
    assert str(published[1].table) in text


def test_a_rules_words_are_no_markup(published, monkeypatch):
    _, made = published
    path = made.folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["binding"] = ["stratum `<script>` [a](http://evil.test)"]
    path.chmod(0o644)
    path.write_text(json.dumps(manifest))
    assert r"stratum \`\<script\>\` \[a\]\(http://evil.test\)" in shown(made, monkeypatch)
