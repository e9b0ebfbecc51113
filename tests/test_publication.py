"""Publication: whole or not at all, once, and in nobody's way."""

import shutil
import signal

import pytest

from outcross.data.release import versions as releases
from outcross.data.release.verify import verify
from outcross.data.samples import digest
from outcross.data.stores.home import Home
from outcross.data.stores.lease import lock
from outcross.tasks.release import release
from tests.released import child, floored


def shelved(home: Home) -> list[str]:
    """The folders of the release, half-built ones among them."""
    return sorted(path.name for path in (home.releases / "mine").iterdir() if path.is_dir())


# Files may not grow beyond so many bytes: from the start, or from when the evidence page is opened.
LIMITS = {
    "table": ["resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, resource.RLIM_INFINITY))"],
    "evidence": [
        "def limit(event, args):",
        "    if event == 'open' and str(args[0]).endswith('evidence.html'):",
        "        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))",
        "sys.addaudithook(limit)",
    ],
}


@pytest.mark.parametrize("unwritable", LIMITS)
def test_a_disk_that_refuses_leaves_no_half_release(stocked, unwritable):
    home, recipe = stocked
    publishing = child(
        home,
        *LIMITS[unwritable],
        "try:",
        "    release(home, floored(recipe, 0.6))",
        "except releases.ReleaseError as error:",
        "    print(error)",
    )
    out, err = publishing.communicate()
    assert out.startswith("release mine was not published, and nothing of it is left: "), err
    assert "File too large; make room at" in out
    assert out.endswith("and run it again.\n")
    assert out.count("\n") == 1
    assert shelved(home) == ["1"]
    verify(home, releases.find(home, "mine"))
    assert verify(home, release(home, floored(recipe, 0.6))).witnesses.noted
    assert shelved(home) == ["1", "2"]


def test_what_a_killed_publication_left_is_cleared_away(stocked):
    home, recipe = stocked
    leftover = home.releases / "mine" / ".building-2"
    shutil.copytree(releases.find(home, "mine").folder, leftover)
    assert release(home, floored(recipe, 0.6)).version == 2
    assert shelved(home) == ["1", "2"]


def test_a_publication_killed_between_its_note_and_its_rename_is_finished_by_the_next_run(stocked):
    home, recipe = stocked
    publishing = child(
        home,
        "def kill(event, args):",
        "    if event == 'os.rename' and '.building-2' in str(args[0]):",
        "        os.kill(os.getpid(), signal.SIGKILL)",
        "sys.addaudithook(kill)",
        "release(home, floored(recipe, 0.6))",
    )
    publishing.communicate()
    assert publishing.returncode == -signal.SIGKILL
    assert shelved(home) == [".building-2", "1"]
    left = digest(releases.Release("mine", 2, home.releases / "mine" / ".building-2").manifest())
    made = release(home, floored(recipe, 0.6))
    assert (made.version, digest(made.manifest())) == (2, left)
    assert verify(home, made).witnesses.noted
    assert shelved(home) == ["1", "2"]


def test_a_version_that_was_noted_and_lost_is_not_given_out_again(stocked):
    home, recipe = stocked
    shutil.rmtree(release(home, floored(recipe, 0.6)).folder)
    made = release(home, floored(recipe, 0.7))
    assert made.version == 3
    assert verify(home, made).witnesses.noted


def test_two_runs_at_once_publish_the_same_content_once(stocked):
    home, _ = stocked
    lines = [
        "def say(event, args):",
        "    if event == 'open' and str(args[0]).endswith('publish.lock'):",
        "        print('waiting', flush=True)",
        "sys.addaudithook(say)",
        "print(release(home, floored(recipe, 0.6)).version, flush=True)",
    ]
    with lock(home.releases / "mine" / "publish"):
        runs = [child(home, *lines) for _ in range(2)]
        assert [run.stdout.readline() for run in runs] == ["waiting\n"] * 2
    assert [run.communicate()[0] for run in runs] == ["2\n"] * 2
    assert shelved(home) == ["1", "2"]


def test_a_reader_is_never_blocked_and_never_sees_half_a_release(stocked, tmp_path):
    home, recipe = stocked
    stop = tmp_path / "stop"
    reading = child(
        home,
        f"stop, last = Path({str(stop)!r}), False",
        "while not last:",
        "    last = stop.exists()",
        "    found = releases.find(home, 'mine')",
        "    frame = outcross.read('mine', found.version, home=home.root)",
        "    said = found.manifest()",
        "    print(found.version, frame.height, said['rows'], frame['weight'].sum(), said['mass'], flush=True)",
    )
    try:
        with lock(home.releases / "mine" / "publish"), lock(home.warehouse):
            seen = [reading.stdout.readline() for _ in range(3)]
        for size in (36, 32, 28):
            release(home, recipe.model_copy(update={"mixture": {**recipe.mixture, "size": size}}))
    finally:
        stop.touch()
    out, err = reading.communicate()
    assert reading.returncode == 0, err
    rows = [line.split() for line in [*seen, *out.splitlines()]]
    masses = {}
    for version, height, said, weighed, mass in rows:
        assert height == said
        assert float(weighed) == pytest.approx(float(mass))
        masses[int(version)] = round(float(mass), 6)
    assert rows[0][0] == "1"
    assert rows[-1][0] == "4"
    assert masses[4] == 28
    assert len(set(masses.values())) == len(masses)
