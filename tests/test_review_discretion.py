"""What stays inside: no text, remark or secret is in a log, and none is among what Prefect keeps of a run."""

import http.client
import inspect
import json
import subprocess
import sys
import typing
import urllib.parse
from pathlib import Path
from types import ModuleType

import pytest
from prefect import Flow

from outcross.data.review.accounts import Accounts
from outcross.data.review.queue import Queue
from outcross.data.samples import Instruction
from outcross.flows import accept, collect, draft, ingest, pipeline, release, screen
from outcross.review import passwords
from outcross.review.cookies import Cookies, csrf
from tests.review_items import an_item, sql
from tests.visitors import visit

CANARY = "canary-9f3b"
PASSWORD = f"{CANARY}-password"

PROGRAM = """
import logging, sys
from pathlib import Path
from outcross.data.review.queue import Queue
from outcross.review.app import serve
logging.basicConfig(level=logging.DEBUG)
serve(Queue(Path(sys.argv[1])), port=0, announce=lambda line: print(line, flush=True))
"""


# --- Logs ---


class Browser:
    """Sends what the page's script and forms send, over a real connection, and keeps the cookies."""

    def __init__(self, port: int, cookies: Cookies) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.names = cookies
        self.secret = ""

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, str]:
        name = self.names.session if self.secret else self.names.visitor
        headers = {"Cookie": f"{name}={self.secret or 'visitor'}", "Sec-Fetch-Site": "same-origin"}
        if method == "POST":
            headers |= {"Content-Type": kind, "X-CSRF-Token": csrf(self.secret)}
        self.connection.request(method, path, body if method == "POST" else None, headers)
        answer = self.connection.getresponse()
        for value in answer.headers.get_all("set-cookie", []):
            found, _, rest = value.partition("=")
            if found == self.names.session:
                self.secret = rest.partition(";")[0]
        return answer.status, answer.read().decode()

    def form(self, path: str, **fields: str) -> int:
        sent = {"csrf": csrf(self.secret or "visitor")} | fields
        return self.ask("POST", path, urllib.parse.urlencode(sent).encode(), "application/x-www-form-urlencoded")[0]

    def post(self, path: str, **body: object) -> tuple[int, str]:
        return self.ask("POST", path, json.dumps(body).encode(), "application/json")


def test_no_text_word_or_secret_is_in_the_servers_output_even_when_it_fails(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "review.sqlite", chance=lambda: 0.99)
    contents = [Instruction(instruction=f"{CANARY}-asked {n}", response=f"{CANARY}-said") for n in range(3)]
    queue.enqueue([an_item(number, content) for number, content in enumerate(contents)])
    accounts = Accounts.beside(queue)
    accounts.accept(accounts.invite("ada", by="test"), passwords.hashed(PASSWORD, "ada"))
    link = accounts.invite("grace", by="test")
    command = [sys.executable, "-c", PROGRAM, str(queue.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        said = [process.stdout.readline()]
        try:
            while not said[-1].startswith("http://"):
                said.append(process.stdout.readline())
            ada = Browser(int(said[-1].rstrip("/\n").rpartition(":")[2]), Cookies(queue.path))
            assert ada.form("/sign-in", name="ada", password=f"{CANARY}-wrong") == 403
            assert ada.form("/sign-in", name="ada", password=PASSWORD) == 303
            assert ada.ask("GET", f"/enter?token={link}")[0] == 200
            assert ada.ask("GET", f"/statistics?reviewer={CANARY}")[0] == 404
            item, following = json.loads(ada.post("/claim")[1])["items"]
            token = item["token"]
            ada.post("/draft", token=token, rev=1, body=f"{CANARY}-draft")
            ada.post("/flag", token=token, note=f"{CANARY}-note")
            ruling = {"shown_hash": item["shown_hash"], "idem": "idem-of-this-answer", "note": f"{CANARY}-why"}
            assert ada.post("/diff", token=token, unit=0, text=f"{CANARY}-edit")[0] == 200
            assert ada.post("/decide", token=token, ruling=ruling | {"verdict": f"{CANARY}-verdict"})[0] == 422
            edit = {"verdict": "edit", "edit": f"{CANARY}-edit"}
            assert ada.post("/decide", token=token, ruling=ruling | edit)[0] == 200
            # Somebody spoilt the file: the server fails at a text that it can't but have in hand.
            sql(queue, "DROP TRIGGER item_facts_are_fixed")
            sql(queue, "UPDATE item SET payload = json_set(payload, '$.content.kind', ?)", f"{CANARY}-kind")
            status, answer = ada.post("/diff", token=following["token"], unit=0, text="x")
            assert (status, CANARY in answer) == (500, False)
        finally:
            process.terminate()
            said.append(process.stdout.read())
    output = "".join(said)
    assert "the review page failed at /diff: ValidationError" in output
    for secret in (CANARY, link, ada.secret, csrf(ada.secret), token, following["token"]):
        assert secret
        assert secret not in output


def test_the_log_of_events_holds_ids_and_names_alone(queue: Queue) -> None:
    content = Instruction(instruction=f"{CANARY}-asked", response=f"{CANARY}-said")
    queue.enqueue([an_item(1, content), an_item(2, content)])
    with visit(queue) as ada:
        item, following = ada.post("/claim", json={}).json()["items"]
        ruling = {"shown_hash": item["shown_hash"], "idem": "idem-of-this-answer", "note": f"{CANARY}-why"}
        ruling |= {"verdict": "edit", "edit": f"{CANARY}-edit"}
        ada.post("/decide", json={"token": item["token"], "ruling": ruling})
        ada.post("/flag", json={"token": item["token"], "note": f"{CANARY}-note"})
        ada.post("/skip", json={"token": following["token"], "reason": "unsafe"})
    assert sql(queue, "SELECT count(*) FROM event WHERE kind IN ('queued', 'skipped')") == [(3,)]
    assert sql(queue, "SELECT body FROM event WHERE instr(body, ?)", CANARY) == []


# --- Prefect ---


@pytest.mark.parametrize("module", [accept, collect, draft, ingest, pipeline, release, screen])
def test_what_a_flow_is_given_are_names_places_and_counts(module: ModuleType) -> None:
    """Prefect keeps the parameters of every run, and shows them."""
    found = [one for one in vars(module).values() if isinstance(one, Flow)]
    (flow,) = (one for one in found if one.fn.__module__ == module.__name__)
    hints = typing.get_type_hints(flow.fn)
    given = {hint for name, hint in hints.items() if name in inspect.signature(flow.fn).parameters}
    assert given <= {str, bool, int, Path, Path | None, int | None, float | None}
