"""The commands of the review page: links that work, and who may do what."""

import re
import signal
import subprocess

import httpx
import pytest
from typer.testing import CliRunner, Result

from outcross.cli import app
from outcross.data.review.accounts import Accounts
from outcross.data.stores.home import Home
from outcross.errors import InputError, ReviewError
from tests.running import BIN
from tests.visitors import HASH


def command(home: Home, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--home", str(home.root)], env={"COLUMNS": "60"})


def test_an_invitation_is_one_unbroken_link_that_works(home: Home) -> None:
    said = command(home, "invite", "grace", "--role", "adjudicator", "--port", "9999")
    link = re.fullmatch(r"http://127\.0\.0\.1:9999/enter\?token=([\w-]{43})\n", said.stdout)
    assert link, said.stdout
    assert said.stderr.startswith("grace chooses a password here, once, within 7 days")
    accounts = Accounts(home.queue)
    account = accounts.account(accounts.accept(link[1], HASH))
    assert account
    assert (account.name, account.role) == ("grace", "adjudicator")


def test_the_list_names_everybody_and_changes_one(home: Home) -> None:
    assert "Nobody yet" in command(home, "reviewers").output
    Accounts(home.queue).sign_in_by_link("ada")
    command(home, "invite", "[red]grace[/]")
    said = command(home, "reviewers").output
    assert re.search(r"ada +manager +never", said)
    assert re.search(r"\[red\]grace\[/\] +reviewer +never +invited", said)
    Accounts(home.queue).sign_in_by_link("linus")
    assert re.search(r"linus +manager", command(home, "reviewers", "linus", "--role", "manager").output)
    assert re.search(r"ada .*deactivated", command(home, "reviewers", "ada", "--inactive").output)
    assert "deactivated" not in command(home, "reviewers", "ada", "--active").output


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (["reviewers", "--role", "manager"], InputError, "change one account: name it"),
        (["reviewers", "linus", "--inactive"], ReviewError, "nobody here is called 'linus'"),
        (["reviewers", "ada", "--inactive"], ReviewError, "ada is the only manager"),
        (["invite", " "], ReviewError, "can't be a reviewer's name"),
    ],
)
def test_a_mistake_changes_nothing_and_is_explained(
    home: Home, words: list[str], error: type[Exception], said: str
) -> None:
    home.root.mkdir()
    Accounts(home.queue).sign_in_by_link("ada")
    result = command(home, *words)
    assert isinstance(result.exception, error)
    assert said in str(result.exception)
    assert [person.name for person in Accounts(home.queue).everybody() if person.active] == ["ada"]


def test_the_page_is_served_with_a_link_for_the_person_at_this_machine(home: Home) -> None:
    words = [BIN / "outcross", "review", "--as", "ada", "--port", "0", "--home", home.root]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            said = [process.stdout.readline() for _ in range(2)]
            assert "on this machine only" in said[0]
            link = re.search(r"http://127\.0\.0\.1:\d+/enter\?token=\S+", said[1])
            assert link, said
            assert "Welcome, <bdi>ada</bdi>" in httpx.get(link[0], timeout=20).text
        finally:
            process.send_signal(signal.SIGTERM)
