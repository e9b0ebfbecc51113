"""datasketch: MinHash in bulk and its index, with runs of three words, 32 bands of 4, and the fastest hash it takes."""

import meter
from datasketch import MinHash, MinHashLSH
from xxhash import xxh32_intdigest

BANDS, ROWS, SHINGLE = 32, 4, 3


def shingles(text: str) -> list[bytes]:
    """Runs of three words, and a shorter text whole."""
    words = text.lower().split()
    runs = [" ".join(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1))]
    return [run.encode() for run in runs]


def duplicates(texts: list[str], **how: str) -> None:
    """Index all, then look each up; without verification or clusters, which ours has."""
    index = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
    sketches = MinHash.bulk(map(shingles, texts), num_perm=BANDS * ROWS, hashfunc=xxh32_intdigest, **how)
    with index.insertion_session() as session:
        for row, sketch in enumerate(sketches):
            session.insert(row, sketch, check_duplication=False)
    for sketch in sketches:
        index.query(sketch)


if __name__ == "__main__":
    meter.main({"duplicates": duplicates})
