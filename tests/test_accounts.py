"""Accounts: links that work once, sessions that end, roles that are recorded, and secrets that are nowhere."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from outcross.data.review.accounts import DAY, IDLE, INVITED, LINKED, Accounts
from outcross.data.review.people import Account
from outcross.data.review.queue import Queue
from outcross.errors import NotAdmitted, ReviewError
from tests.review_items import Clock
from tests.visitors import HASH, member


@pytest.fixture
def accounts(queue: Queue) -> Accounts:
    return Accounts.beside(queue)


def events(accounts: Accounts) -> list[tuple[str, dict[str, str]]]:
    with sqlite3.connect(accounts.path) as connection:
        rows = connection.execute("SELECT kind, body FROM event ORDER BY seq").fetchall()
    return [(kind, json.loads(body)) for kind, body in rows]


# --- Links ---


def test_the_first_person_of_a_home_is_its_manager_and_the_next_are_reviewers(accounts: Accounts) -> None:
    sessions = [accounts.accept(accounts.sign_in_by_link(name)) for name in ("ada", "grace")]
    assert [accounts.account(session) for session in sessions] == [
        Account(name="ada", role="manager"),
        Account(name="grace", role="reviewer"),
    ]


@pytest.mark.parametrize("password", [None, HASH])
def test_a_link_works_once_and_looking_at_it_does_not_use_it_up(accounts: Accounts, password: str | None) -> None:
    token = accounts.invite("ada", by="test") if password else accounts.sign_in_by_link("ada")
    for _ in range(2):
        assert accounts.invitation(token).name == "ada"
    session = accounts.accept(token, password)
    assert accounts.account(session)
    with pytest.raises(NotAdmitted, match="used already, or is too old"):
        accounts.accept(token, password)
    with pytest.raises(NotAdmitted):
        accounts.invitation(token)


def test_a_link_that_many_use_at_once_lets_one_in(accounts: Accounts) -> None:
    token = accounts.invite("ada", by="test")

    def take(_: int) -> bool:
        try:
            return bool(accounts.accept(token, HASH))
        except NotAdmitted:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 1


def test_a_link_for_one_purpose_is_no_good_for_the_other_and_is_not_used_up_by_it(accounts: Accounts) -> None:
    join, enter = accounts.invite("ada", by="test"), accounts.sign_in_by_link("grace")
    with pytest.raises(NotAdmitted):
        accounts.accept(join)
    with pytest.raises(NotAdmitted):
        accounts.accept(enter, HASH)
    assert accounts.account(accounts.accept(join, HASH))
    assert not accounts.has_password("grace")
    assert accounts.account(accounts.accept(enter))


@pytest.mark.parametrize("lasts", [INVITED, LINKED])
def test_a_link_ends_with_its_time(accounts: Accounts, clock: Clock, lasts: float) -> None:
    token = accounts.invite("ada", by="test") if lasts == INVITED else accounts.sign_in_by_link("ada")
    clock.time += lasts
    assert accounts.invitation(token)
    clock.time += 1
    with pytest.raises(NotAdmitted):
        accounts.accept(token, HASH if lasts == INVITED else None)


def test_another_invitation_voids_the_one_before_and_a_new_password_ends_the_old_sessions(accounts: Accounts) -> None:
    first = accounts.invite("ada", by="test")
    session = accounts.accept(accounts.invite("ada", "reviewer", by="test"), HASH)
    with pytest.raises(NotAdmitted):
        accounts.accept(first, HASH)
    again = accounts.accept(accounts.invite("ada", by="test"), HASH)
    assert accounts.account(session) is None
    assert accounts.account(again)


def test_an_invitation_changes_nobodys_role(accounts: Accounts) -> None:
    member(accounts, "ada", "manager")
    member(accounts, "grace", "adjudicator")
    with pytest.raises(ReviewError, match="grace is adjudicator already: change the role, or invite without one"):
        accounts.invite("grace", "manager", by="grace")
    stale = accounts.invite("grace", by="ada")
    accounts.set_role("grace", "reviewer", by="ada")
    with pytest.raises(NotAdmitted):
        accounts.accept(stale, HASH)
    session = accounts.accept(accounts.invite("grace", by="ada"), HASH)
    assert accounts.account(session) == Account(name="grace", role="reviewer")


@pytest.mark.parametrize("name", ["", " ada", "a\u202eb", "a\nb", "a" * 65, "Ada"])
def test_a_name_that_cannot_be_seen_or_told_apart_is_refused(accounts: Accounts, name: str) -> None:
    accounts.sign_in_by_link("ada")
    with pytest.raises(ReviewError, match=r"can't be a reviewer's name|could be taken for 'ada'"):
        accounts.invite(name, by="test")
    with pytest.raises(ReviewError):
        accounts.sign_in_by_link(name)
    assert [person.name for person in accounts.everybody()] == ["ada"]


# --- Sessions ---


def test_a_session_ends_after_half_an_hour_of_nothing(accounts: Accounts, clock: Clock) -> None:
    session = member(accounts, "ada")
    for _ in range(3):
        clock.time += IDLE - 1
        assert accounts.account(session)
    clock.time += IDLE + 1
    assert accounts.account(session) is None


def test_a_session_ends_after_twelve_hours_of_work(accounts: Accounts, clock: Clock) -> None:
    session = member(accounts, "ada")
    end = clock.time + DAY
    while clock.time + 600 <= end:
        clock.time += 600
        assert accounts.account(session)
    clock.time += 1
    assert accounts.account(session) is None


def test_each_session_has_an_id_of_its_own_and_ends_alone(accounts: Accounts) -> None:
    first = member(accounts, "ada")
    second = accounts.sign_in("ada", HASH)
    assert first != second
    accounts.sign_out(first)
    accounts.sign_out(first)
    assert accounts.account(first) is None
    assert accounts.account(second)


@pytest.mark.parametrize("session", ["", "unknown", "\udcff", "' OR 1=1 --"])
def test_what_is_no_session_is_nobodys(accounts: Accounts, session: str) -> None:
    member(accounts, "ada")
    assert accounts.account(session) is None


def test_a_changed_password_ends_all_other_sessions(accounts: Accounts) -> None:
    old = [member(accounts, "ada"), accounts.sign_in("ada", HASH)]
    new = accounts.change_password("ada", HASH + "x")
    assert [accounts.account(session) for session in old] == [None, None]
    assert accounts.account(new)
    with pytest.raises(NotAdmitted):
        accounts.sign_in("ada", HASH)


def test_last_seen_is_when_somebody_last_did_something(accounts: Accounts, clock: Clock) -> None:
    session = member(accounts, "ada")
    clock.time += 600
    accounts.account(session)
    accounts.sign_out(session)
    assert accounts.everybody()[0].seen == clock.time


# --- Roles ---


@pytest.mark.parametrize("change", ["role", "active"])
def test_a_changed_role_or_a_closed_account_ends_sessions_and_links(accounts: Accounts, change: str) -> None:
    member(accounts, "ada", "manager")
    session = member(accounts, "grace")
    link = accounts.sign_in_by_link("grace")
    if change == "role":
        accounts.set_role("grace", "manager", by="ada")
    else:
        accounts.set_active("grace", active=False, by="ada")
    assert accounts.account(session) is None
    with pytest.raises(NotAdmitted):
        accounts.accept(link)


def test_who_is_kept_out_has_no_way_in_until_let_in_again(accounts: Accounts) -> None:
    member(accounts, "ada", "manager")
    member(accounts, "grace")
    accounts.set_active("grace", active=False, by="ada")
    with pytest.raises(NotAdmitted):
        accounts.sign_in("grace", HASH)
    for link in (lambda: accounts.invite("grace", by="ada"), lambda: accounts.sign_in_by_link("grace")):
        with pytest.raises(ReviewError, match="grace was deactivated"):
            link()
    accounts.set_active("grace", active=True, by="ada")
    assert accounts.account(accounts.sign_in("grace", HASH))


def test_no_session_is_begun_for_who_is_kept_out_even_past_our_own_checks(accounts: Accounts) -> None:
    member(accounts, "ada", "manager")
    member(accounts, "grace")
    accounts.set_active("grace", active=False, by="ada")
    with pytest.raises(sqlite3.IntegrityError, match="only an active reviewer"):
        accounts.change_password("grace", HASH)


def test_a_home_keeps_a_manager(accounts: Accounts) -> None:
    member(accounts, "ada", "manager")
    member(accounts, "grace")
    for lose in (
        lambda: accounts.set_role("ada", "reviewer", by="ada"),
        lambda: accounts.set_active("ada", active=False, by="ada"),
    ):
        with pytest.raises(ReviewError, match="ada is the only manager: make somebody else one first"):
            lose()
    accounts.set_role("grace", "manager", by="ada")
    accounts.set_role("ada", "reviewer", by="grace")
    with pytest.raises(ReviewError, match="nobody here is called 'linus'"):
        accounts.set_role("linus", "manager", by="ada")


@pytest.mark.parametrize(
    ("role", "may"), [("reviewer", "r"), ("adjudicator", "ra"), ("manager", "ram")], ids=lambda value: value
)
def test_each_role_may_what_those_below_may(role: str, may: str) -> None:
    account = Account(name="ada", role=role)  # type: ignore[arg-type]
    assert "".join(least[0] for least in ("reviewer", "adjudicator", "manager") if account.may(least)) == may  # type: ignore[arg-type]


def test_every_change_of_who_may_do_what_is_in_the_log(accounts: Accounts, queue: Queue) -> None:
    accounts.accept(accounts.sign_in_by_link("ada"))
    accounts.accept(accounts.invite("grace", "adjudicator", by="ada"), HASH)
    accounts.set_role("grace", "manager", by="ada")
    accounts.set_role("grace", "manager", by="ada")  # nothing new
    accounts.set_active("ada", active=False, by="grace")
    accounts.set_active("ada", active=True, by="grace")
    assert events(accounts) == [
        ("reviewer_added", {"name": "ada", "role": "manager"}),
        ("link_made", {"name": "ada"}),
        ("invited", {"by": "ada", "name": "grace", "role": "adjudicator"}),
        ("reviewer_added", {"name": "grace", "role": "adjudicator"}),
        ("password_set", {"name": "grace"}),
        ("role_changed", {"by": "ada", "name": "grace", "role": "manager"}),
        ("deactivated", {"by": "grace", "name": "ada"}),
        ("reactivated", {"by": "grace", "name": "ada"}),
    ]
    assert queue.verify()[0] == 8


def test_the_list_tells_who_is_in_who_is_invited_and_who_is_out(accounts: Accounts, clock: Clock) -> None:
    member(accounts, "ada", "manager")
    member(accounts, "grace")
    accounts.set_active("grace", active=False, by="ada")
    accounts.invite("linus", "adjudicator", by="ada")
    seen = [(p.name, p.role, p.active, p.password, p.invited is not None) for p in accounts.everybody()]
    assert seen == [
        ("ada", "manager", True, True, False),
        ("grace", "reviewer", False, True, False),
        ("linus", "adjudicator", True, False, True),
    ]
    clock.time += INVITED + 1
    assert [person.name for person in accounts.everybody()] == ["ada", "grace"]
