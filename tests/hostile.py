"""What an attacker would send: whole requests of every door of the review page, and words to put in their places."""

from collections.abc import Callable, Iterator
from time import process_time
from typing import Any

from outcross.data.samples import digest

EVALUATED = str(7777 * 7777)
"""What stands in an answer where a template of `WORDS` was run instead of shown."""

WORDS: list[Any] = [
    "' OR '1'='1' --",
    "'; DROP TABLE item; --",
    "x' UNION SELECT hash FROM session --",
    '" OR 1=1 /*',
    "../../../../etc/passwd",
    "..\\..\\etc\\passwd",
    "file:///etc/passwd",
    "%2e%2e%2f%00",
    "{{7777*7777}}",
    "${7777*7777} #{7777*7777} <%= 7777*7777 %>",
    "{% include '/etc/passwd' %}",
    "{{ self.__init__.__globals__ }}",
    "__proto__",
    "$(touch pwned) `touch pwned` | touch pwned",
    "x\r\nSet-Cookie: planted=1",
    "a\0b",
    "\ud800",
    "\u202e\u2066\ufeff",
    "9" * 400,
    "x" * 7_000,
    10**30,
    2**63,
    -1,
    1e308,
    True,
    None,
    [],
    {},
    {"$ne": None},
    [["review"]],
]

RULING = {
    "verdict": "approve",
    "reasons": ["inaccurate"],
    "note": "n",
    "edit": "e",
    "labels": [1],
    "strength": 1,
    "shown_hash": digest("what is shown"),
    "idem": "idem-of-an-intruder",
    "active_ms": 5,
    "revises": False,
    "adjudication": {"takes": "a", "cause": "ambiguous_item", "both_fine": False},
}


def json_bodies(token: str) -> dict[str, dict[str, Any]]:
    """A request of each door that takes JSON, about the claim of that token."""
    held = {"token": token}
    noted = held | {"note": "something"}
    return {
        "/claim": {"desk": "review", "have": [token]},
        "/decide": held | {"desk": "review", "have": [token], "ruling": RULING},
        "/undo": held,
        "/skip": held | {"reason": "unsafe"},
        "/draft": held | {"rev": 1, "body": "words"},
        "/heartbeat": held,
        "/diff": held | {"unit": 0, "text": "words"},
        "/flag": noted,
        "/dispute": noted,
        "/guideline": held,
    }


FORMS = {
    "/sign-in": ("name", "password"),
    "/enter": ("token", "password", "again"),
    "/sign-out": ("csrf",),
    "/account": ("now", "password", "again"),
    "/reviewers/pause": ("name",),
    "/reviewers/reinstate": ("name",),
    "/reviewers/grant": ("name", "skill"),
    "/reviewers/revoke": ("name", "skill"),
    "/reviewers/retire": ("item",),
}
"""The fields of each door that takes a form."""

QUERIES = {
    "/statistics": ("reviewer", "recipe"),
    "/enter": ("token",),
    "/account": ("changed",),
}
"""What the address of a page may ask for."""

MALFORMED = [b"", b"{", b"null", b"\xff\xfe{}", b"[" * 100_000, b'{"a":' * 50_000, b'{"have":[1e999999]}', b"9" * 5_000]
"""Bodies that are no JSON that anybody means."""


def seconds(work: Callable[[], object]) -> float:
    """The processor's time for some work, whatever else the machine does: milliseconds where its cost is bounded."""
    begun = process_time()
    work()
    return process_time() - begun


def spoilt(body: Any, word: object) -> Iterator[Any]:
    """The body with the word in each place of it, one at a time."""
    yield word
    if isinstance(body, dict):
        yield body | {"more": word}
        for name, inner in body.items():
            for changed in spoilt(inner, word):
                yield body | {name: changed}
    elif isinstance(body, list):
        for changed in spoilt(body[0], word):
            yield [changed, *body[1:]]
