"""Passwords: what is taken, what guessing costs, and that no secret is kept."""

from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from outcross.data.review.accounts import ATTEMPTS, WINDOW, Accounts
from outcross.data.review.queue import Queue
from outcross.errors import NotAdmitted, ReviewError, TooManyAttempts
from outcross.review import passwords
from tests.review_items import Clock
from tests.visitors import HASH, member

PASSWORD = "correct horse battery"


@pytest.fixture
def accounts(queue: Queue) -> Accounts:
    return Accounts.beside(queue)


def test_secrets_are_nowhere_in_the_file(accounts: Accounts, queue: Queue) -> None:
    invited = accounts.invite("ada", "manager", by="test")
    session = accounts.accept(invited, passwords.hashed(PASSWORD, "ada"))
    secrets = [PASSWORD, invited, session, accounts.invite("grace", by="ada"), accounts.sign_in_by_link("ada")]
    kept = b"".join(path.read_bytes() for path in sorted(queue.path.parent.glob("review.sqlite*")))
    assert b"$argon2id$" in kept
    assert not [secret for secret in secrets if secret.encode() in kept]


@pytest.mark.parametrize("who", ["right", "wrong", "has no password", "is kept out", "unknown"])
def test_a_sign_in_costs_the_same_whoever_tries(accounts: Accounts, monkeypatch: pytest.MonkeyPatch, who: str) -> None:
    accounts.accept(accounts.invite("right", "manager", by="test"), passwords.hashed(PASSWORD, "right"))
    for name in ("wrong", "is kept out"):
        accounts.accept(accounts.invite(name, by="test"), passwords.hashed(PASSWORD, name))
    accounts.set_active("is kept out", active=False, by="test")
    accounts.sign_in_by_link("has no password")
    work = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, kept: str, password: str) -> bool:
        work.append(extract_parameters(kept))
        return verify(self, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    given = "not this one" if who == "wrong" else PASSWORD
    assert passwords.right(given, accounts.attempt(who)) is (who in {"right", "is kept out"})
    assert work == [extract_parameters(passwords.HASHER.hash("x"))]


def test_many_sign_ins_at_once_take_the_memory_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    at_work: list[str] = []
    most: list[int] = []

    def slow(_: PasswordHasher, *given: str) -> bool:
        at_work.append(given[0])
        most.append(len(at_work))
        sleep(0.01)
        at_work.pop()
        return True

    monkeypatch.setattr(PasswordHasher, "verify", slow)
    monkeypatch.setattr(PasswordHasher, "hash", slow)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: passwords.right(PASSWORD, HASH), range(8)))
        list(pool.map(lambda _: passwords.hashed(PASSWORD, "ada"), range(8)))
    assert most == [1] * 16


@pytest.mark.parametrize("password", ["", "123456789", "Ada Lovelace", "ADA LOVELACE", "x" * 1001])
def test_a_password_is_refused_for_its_length_or_for_being_the_name(password: str) -> None:
    with pytest.raises(ReviewError, match=r"10 to 1,000 characters|Your name is the first thing"):
        passwords.hashed(password, "Ada Lovelace")


@pytest.mark.parametrize("password", ["          ", "aaaaaaaaaa", "пароль-пароль", "ｐａｓｓｗｏｒｄ１０", "x" * 1000])
def test_any_other_password_is_taken_and_nothing_else_opens(password: str) -> None:
    kept = passwords.hashed(password, "ada")
    assert kept.startswith("$argon2id$")
    assert passwords.right(password, kept)
    assert not passwords.right(password[:-1], kept)


def test_a_password_is_the_same_however_a_keyboard_composes_it() -> None:
    assert passwords.right("cafe\u0301 au lait", passwords.hashed("caf\u00e9 au lait", "ada"))


@pytest.mark.parametrize("kept", ["", "plain", "$argon2id$broken"])
def test_what_is_no_hash_opens_nothing(kept: str) -> None:
    assert not passwords.right(kept, kept)


def test_five_wrong_passwords_close_a_name_for_a_quarter_of_an_hour(accounts: Accounts, clock: Clock) -> None:
    member(accounts, "ada")
    for _ in range(ATTEMPTS):
        assert accounts.attempt("ada") == HASH
        clock.time += 60
    with pytest.raises(TooManyAttempts, match="5 times wrong: try again in 10 minutes"):
        accounts.attempt("ada")
    assert accounts.attempt("grace") is None, "others are heard"
    clock.time += WINDOW - 5 * 60 - 1
    with pytest.raises(TooManyAttempts, match="in 1 minute\\."):
        accounts.attempt("ada")
    clock.time += 1
    assert accounts.attempt("ada") == HASH


def test_a_name_that_nobody_has_is_closed_in_the_same_words(accounts: Accounts) -> None:
    for _ in range(ATTEMPTS):
        assert accounts.attempt("nobody") is None
    with pytest.raises(TooManyAttempts, match="5 times wrong: try again in 15 minutes"):
        accounts.attempt("nobody")


def test_attempts_at_once_are_counted_before_any_is_answered(accounts: Accounts) -> None:
    member(accounts, "ada")

    def attempt(_: int) -> bool:
        try:
            return accounts.attempt("ada") is not None
        except TooManyAttempts:
            return False

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(16))) == ATTEMPTS


def test_a_right_password_or_a_new_one_forgets_the_wrong_ones(accounts: Accounts) -> None:
    member(accounts, "ada")
    for forget in (
        lambda: accounts.sign_in("ada", HASH),
        lambda: accounts.accept(accounts.invite("ada", by="test"), HASH),
    ):
        for _ in range(ATTEMPTS):
            accounts.attempt("ada")
        forget()
    assert accounts.attempt("ada") == HASH


@given(st.text(max_size=100))
def test_whatever_is_typed_as_a_name_is_only_compared(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    accounts = Accounts(tmp_path_factory.mktemp("home") / "review.sqlite")
    assert accounts.attempt(name) is None
    with pytest.raises(NotAdmitted):
        accounts.sign_in(name, HASH)
    assert accounts.everybody() == []
