"""The spool: an entry that was put is in the warehouse once, whatever happened on its way there."""

import itertools
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outcross.data.stores import journal
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft, Entry, Miss, Turn
from outcross.data.stores.spool import Spool
from outcross.data.stores.warehouse import opened
from outcross.errors import StoreError
from tests import make

SEED = make.human()
KINDS = ("drafted", "invalid", "miss", "turn")
ACTS = st.lists(st.sampled_from([*KINDS, *KINDS, "flush", "kill", "torn", "replay"]), max_size=14)
numbers = itertools.count()


def entry(kind: str, number: int, text: str = "It adds.") -> Entry:
    named = {"request_key": f"k{number}", "setup": "s", "rank": f"{number:06d}", "model": "tiny"}
    if kind == "miss":
        return Miss(**named, reason="timeout", attempts=4)
    if kind == "turn":
        counted = {"attempts": 1, "tokens_in": 1, "tokens_out": 1, "seconds": 0.1}
        return Turn(**named, text=text, finish_reason="stop", mean_logprob=None, **counted)
    sample = make.synthetic([SEED], f"{text} {number}") if kind == "drafted" else None
    return Draft(**named, state=kind, sample=sample, raw=None if sample else text)


def held(home: Home, recipe: str) -> list[str]:
    """The request keys of all that the warehouse holds, and the ids of its samples."""
    with opened(home) as connection:
        tables = [f"SELECT request_key FROM {table} WHERE recipe = $1" for table in ("draft", "miss", "turn")]
        found = connection.execute(
            " UNION ALL ".join([*tables, "SELECT sample_id FROM sample WHERE recipe = $1"]), [recipe]
        ).fetchall()
    return sorted(key for (key,) in found)


def expected(entries: list[Entry]) -> list[str]:
    samples = [one.sample.sample_id for one in entries if isinstance(one, Draft) and one.sample]
    return sorted([one.request_key for one in entries] + samples)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One home for all examples; each has a recipe of its own in it."""
    return Home(tmp_path_factory.mktemp("spool") / "home")


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(acts=ACTS)
def test_whatever_is_put_flushed_killed_and_taken_in_again_is_there_once(shared, acts):
    recipe = f"r{next(numbers)}"
    folder = shared.spool / recipe
    spool, put = Spool(shared, recipe), []
    for number, act in enumerate(acts):
        match act:
            case "flush":
                spool.flush()
            case "kill":
                spool = Spool(shared, recipe)
            case "torn":  # killed in the middle of a line, of which nothing had been said to anybody
                folder.mkdir(parents=True, exist_ok=True)
                last = max(folder.iterdir(), default=folder / "00000001.jsonl")
                with last.open("ab") as file:
                    file.write(b'draft\t{"request_key": "k')
                spool = Spool(shared, recipe)
            case "replay":  # killed after the warehouse had it, and before the file was gone
                left = {path: path.read_bytes() for path in folder.glob("*")}
                spool.flush()
                for path, content in left.items():
                    path.write_bytes(content)
                spool = Spool(shared, recipe)
            case kind:
                spool.put(entry(kind, number))
                put.append(entry(kind, number))
    Spool(shared, recipe).flush()
    assert held(shared, recipe) == expected(put)
    assert not list(folder.glob("*"))


def test_what_is_put_while_a_flush_runs_is_in_the_next_one(home):
    spool, entries = Spool(home, "mine"), [entry(KINDS[n % 4], n) for n in range(400)]
    putting = threading.Thread(target=lambda: [spool.put(one) for one in entries])
    putting.start()
    taken = 0
    while putting.is_alive():
        taken += spool.flush()
    putting.join()
    assert taken + spool.flush() == len(entries)
    assert held(home, "mine") == expected(entries)
    assert spool.flush() == 0


def test_an_old_file_is_taken_in_before_what_is_new(home):
    spool = Spool(home, "mine")
    spool.put(entry("invalid", 1))
    spool = Spool(home, "mine")
    spool.put(entry("invalid", 2))
    assert sorted(path.name for path in (home.spool / "mine").iterdir()) == ["00000001.jsonl", "00000002.jsonl"]
    assert spool.flush() == 2


@pytest.mark.parametrize("line", ["nonsense", 'draft\t{"request_key": 1}', "visit\t{}", "draft\t\ud800", "\0" * 40])
def test_a_foreign_line_is_refused_with_its_file_and_number_and_nothing_of_the_file_is_lost(home, line):
    spool = Spool(home, "mine")
    spool.put(entry("drafted", 1))
    (path,) = (home.spool / "mine").iterdir()
    with path.open("ab") as file:
        file.write(line.encode(errors="surrogatepass") + b"\n")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"00000001\.jsonl, line 2, is no entry of a drafting run .* Move the file"):
        spool.flush()
    assert path.read_bytes() == before
    assert held(home, "mine") == []


def test_files_that_are_no_ones_business_are_left_alone(home):
    folder = home.spool / "mine"
    folder.mkdir(parents=True)
    (folder / "notes.jsonl").write_text("mine")
    spool = Spool(home, "mine")
    spool.put(entry("miss", 1))
    assert spool.flush() == 1
    assert (folder / "notes.jsonl").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(home):
    home.root.mkdir(parents=True)
    home.spool.write_text("a file where the folder should be")
    with pytest.raises(StoreError, match=r"can't be written .* Make room and run the same again"):
        Spool(home, "mine").put(entry("miss", 1))


def child(home: Home, *lines: str) -> list[str]:
    """What a process of its own prints that runs some lines, with a spool at hand."""
    code = [
        "import random, resource",
        "from pathlib import Path",
        "from outcross.data.stores.home import Home",
        "from outcross.data.stores.spool import Spool",
        "from outcross.errors import StoreError",
        "from tests.test_spool import entry",
        f"spool = Spool(Home(Path({str(home.root)!r})), 'mine')",
        "def limit(size):",
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))",
        *lines,
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(code)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_disk_that_is_full_in_the_middle_of_a_line_leaves_those_before_whole_and_takes_shorter_ones_after(home):
    said, put, after = child(
        home,
        "limit(5_000)",
        "put = 0",
        "try:",
        "    while True:",
        "        spool.put(entry('turn', put, 'x' * 800))",
        "        put += 1",
        "except StoreError as error:",
        "    print(error)",
        "print(put)",
        "limit(resource.RLIM_INFINITY)",
        "spool.put(entry('turn', put, 'x'))",
        "print(put + 1)",
    )
    assert said.endswith("(File too large). Make room and run the same again: all answers before are kept.")
    assert 3 < int(put) < 7
    assert Spool(home, "mine").flush() == int(after)
    assert held(home, "mine") == sorted(f"k{number}" for number in range(int(after)))


def test_a_warehouse_that_cannot_grow_leaves_the_file_for_the_next_run_and_what_comes_meanwhile(home):
    journal.write(home, "mine", [])
    size = home.warehouse.stat().st_size
    said, *rest = child(
        home,
        "for number in range(20):",
        "    spool.put(entry('turn', number, random.Random(number).randbytes(100_000).hex()))",
        f"limit({size})",
        "try:",
        "    spool.flush()",
        "except StoreError as error:",
        "    print(error)",
        "spool.put(entry('turn', 20))",
    )
    assert not rest, "one sentence"
    assert "can't be used" in said
    assert said.endswith(f"The answers are kept in {home.spool / 'mine'} until then.")
    assert Spool(home, "mine").flush() == 21
    assert held(home, "mine") == sorted(f"k{number}" for number in range(21))


HOSTILE = "a\ud800b\0c\u2028\x1b[31m" + "\U0001f600"


def test_hostile_text_passes_through(home):
    spool = Spool(home, "mine")
    spool.put(entry("invalid", 1, HOSTILE))
    spool.flush()
    assert journal.dead_letters(home, "mine")["raw"].to_list() == [HOSTILE.replace("\ud800", "?")]


def test_what_came_back_is_kept_whole_up_to_a_bound(home):
    long, endless = entry("invalid", 1, "x" * 300_000), entry("invalid", 2, "x" * 3_000_000)
    journal.write(home, "mine", [long, endless])
    kept = journal.dead_letters(home, "mine")["raw"].str.len_chars().to_list()
    assert sorted(kept) == [300_000, 1_000_000]
