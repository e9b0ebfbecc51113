"""No request of the program's own: an address in a file, an item or a request is text, and nobody asks for it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from outcross.data.exchange import formats
from outcross.data.exchange.judged import Judged, Refused
from outcross.data.review.queue import Queue
from outcross.data.samples import Instruction, Preference, Text
from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.tasks.exchange import import_file
from tests import make
from tests.review_items import a_sample, an_item
from tests.review_server import listening
from tests.visitors import stranger, visit


@contextmanager
def no_calls() -> Iterator[list[str]]:
    """What is asked for while nothing can be reached: names and addresses by Python, hits on our own port by others."""
    asked: list[str] = []

    def refuse(*words: object) -> None:
        asked.append(repr(words))
        raise OSError("nothing may be reached")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket.socket, "connect_ex", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield asked


HOSTS = ("127.0.0.1", "localhost", "2130706433", "0x7f000001", "0", "[::1]", "127.1", "[::ffff:127.0.0.1]")
"""Names of this machine, past filters that know only some of them."""


def addresses(port: int) -> list[str]:
    links = [f"http://{host}:{port}/{place}" for place, host in enumerate(HOSTS)]
    others = (
        "http://169.254.169.254/latest",
        f"//127.0.0.1:{port}/x",
        f"s3://127.0.0.1:{port}/x",
        "file:///etc/passwd",
    )
    return [*links, *others]


MEDIA = ("url", "image", "audio", "file_upload", "storage_filename", "webhook", "$ref")
"""Fields under which other tools fetch things."""


@pytest.mark.parametrize("name", [name for name, form in formats.FORMATS.items() if "instruction" in form.HOLDS])
def test_no_address_in_an_imported_file_is_ever_asked_for(home: Home, tmp_path: Path, name: str) -> None:
    recipe = make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(3)))
    hits: list[str] = []
    with listening(lambda path: hits.append(path) or "") as port, no_calls() as asked:
        links = addresses(port)
        contents = [
            Instruction(instruction=f"![x]({link})", context=f"<img src={link}>", response=link) for link in links
        ]
        judged = [Judged(sample=a_sample(number, content)) for number, content in enumerate(contents)]
        records = [one for one in formats.FORMATS[name].dump(judged) if not isinstance(one, Refused)]
        file = tmp_path / "theirs"
        formats.write(name, file, (one | dict.fromkeys(MEDIA, link) for one, link in zip(records, links, strict=True)))
        came = import_file(home, recipe, file, name, links[0])
        assert came.taken.new == len(links)
        for link in links:
            with pytest.raises(InputError, match="can't be read"):
                import_file(home, recipe, Path(link), name, "tiny")
    assert (hits, asked) == ([], [])


def test_no_address_in_an_item_or_a_request_is_ever_asked_for(queue: Queue) -> None:
    hits: list[str] = []
    with listening(lambda path: hits.append(path) or "") as port, no_calls() as asked:
        links = addresses(port)
        text = "\n".join(f"![x]({link}) <img src={link}> @import '{link}'; {link}" for link in links)
        queue.enqueue(
            [
                an_item(1, Instruction(instruction=text, context=text, response=text)),
                an_item(2, Text(text=text)),
                an_item(3, Preference(prompt=text, chosen=text, rejected=f"{text}.")),
            ]
        )
        with visit(queue, "ada", "manager") as ada, stranger(queue) as visitor:
            while items := ada.post("/claim", json={}).json()["items"]:
                token = items[0]["token"]
                assert ada.post("/diff", json={"token": token, "unit": 0, "text": f"{text}!"}).status_code == 200
                assert ada.post("/flag", json={"token": token, "note": links[0]}).status_code == 200
                assert ada.post("/skip", json={"token": token, "reason": "unsafe"}).status_code == 200
            for link in links:
                headers = {"Referer": link, "Origin": link}
                for path in ("/", "/statistics?recipe=", "/statistics?reviewer=", "/enter?token="):
                    for person in (ada, visitor):
                        person.get(path + link, headers=headers, follow_redirects=False)
    assert (hits, asked) == ([], [])
