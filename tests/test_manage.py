"""The managers' pages: who sees what, what the forms change, and that nothing hostile comes through."""

import html
import re
from pathlib import Path

import pytest
from httpx import Response
from starlette.testclient import TestClient

from outcross.data.review.answers import Answer, Ruling
from outcross.data.review.gold import Gold
from outcross.data.review.items import Role
from outcross.data.review.judgements import Records
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.review.roster import Roster
from outcross.errors import ReviewError
from outcross.review import manage
from outcross.review.cookies import csrf
from outcross.review.statistics import own, statistics
from tests.crowd import Crowd, Member, drafts, known
from tests.review_items import a_gold, an_item, ruling
from tests.visitors import session, visit

HOSTILE = "<img src=x onerror=alert(1)>\u202e{{7*7}}"


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Crowd:
    members = [Member("ada"), Member("bob", 0.7), Member("cyd", 0.8), Member("mia", role="manager")]
    crowd = Crowd(tmp_path_factory.mktemp("crowd") / "review.sqlite", members)
    crowd.management.add_gold(known(20, crowd.chance))
    crowd.queue.enqueue(drafts(80, crowd.chance))
    crowd.work(12)
    crowd.adjudicate("mia", 3)
    crowd.clock.time += 86_400
    return crowd


def text(page: str) -> str:
    """What stands on a page, its tags left out."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


# --- Who sees what ---


def test_a_manager_sees_everybody_with_what_was_counted(crowd: Crowd) -> None:
    page = visit(crowd.queue, "mia", "manager").get("/statistics")
    figures = statistics(Records.beside(crowd.queue).frames(), crowd.queue.counts(), crowd.clock.time)
    words = text(page.text)
    assert page.status_code == 200
    assert f"Waiting {figures.backlog.counts.waiting} Split" in words
    assert f"{figures.audit.errors.k} error" in words
    assert f"in {figures.audit.errors.n} audits" in words
    for person in figures.people:
        assert person.name in words
        if person.gold.n:
            low, high = 100 * person.gold.low, 100 * person.gold.high
            assert f"{person.gold.k} of {person.gold.n} {low:.0f}–{high:.0f} %" in words
            assert f"right: {person.gold.k} of {person.gold.n}, interval {low:.0f} to {high:.0f} percent" in page.text


def test_a_reviewer_sees_only_their_own(crowd: Crowd) -> None:
    client = visit(crowd.queue, "ada", "reviewer")
    page = client.get("/statistics")
    person, _ = own(Records.beside(crowd.queue), "ada", crowd.clock.time)
    words = text(page.text)
    assert page.status_code == 200
    assert person
    assert f"{person.gold.k} of {person.gold.n}" in words
    assert f"Items {person.items} " in words
    for other in ("bob", "cyd", "mia", "/reviewers", "audits", "Waiting"):
        assert other not in page.text
    assert client.get("/statistics?reviewer=ada").text == page.text


def test_the_figures_behind_a_name_are_those_of_the_recipe_that_was_chosen(queue: Queue) -> None:
    queue.enqueue([an_item(1), an_item(2), an_item(3, recipe=HOSTILE)])
    queue.add_reviewer("ada")
    for _ in range(3):
        claim = queue.claim("ada")
        assert claim
        queue.submit(claim.token, "ada", ruling(claim))
    manager = visit(queue, "mia", "manager")
    for recipe, items in ((HOSTILE, 1), ("", 3)):
        page = manager.get("/statistics", params={"recipe": recipe}).text
        link = re.search(r'<a href="([^"]*reviewer=ada[^"]*)">', page)
        assert link
        shown = manager.get(html.unescape(link[1])).text
        assert f"Items {items} " in text(shown)
        heading = re.search(r"<h1><bdi>ada.*</h1>", shown)
        assert heading
        assert html.unescape(text(heading[0])).split() == ["ada", *(["in", *recipe.split()] if recipe else [])]


@pytest.mark.parametrize("role", ["reviewer", "adjudicator"])
def test_a_foreign_name_is_refused_like_one_that_nobody_has(crowd: Crowd, role: Role) -> None:
    client = visit(crowd.queue, "ada", role)
    foreign, unknown = (client.get("/statistics", params={"reviewer": name}) for name in ("bob", "nobody"))
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.text == unknown.text


def test_a_manager_sees_one_reviewer_by_name_and_nobody_by_another(crowd: Crowd) -> None:
    client = visit(crowd.queue, "mia", "manager")
    assert "Items judged with others" in client.get("/statistics?reviewer=bob").text
    assert client.get("/statistics?reviewer=nobody").status_code == 404


def test_every_door_but_ones_own_figures_is_for_managers() -> None:
    assert {door.path for door in manage.ROUTES if door.least != "manager"} == {"/statistics"}


def test_figures_of_one_recipe_leave_the_others_out(queue: Queue) -> None:
    queue.enqueue([an_item(0), an_item(1, recipe="other"), an_item(2, recipe="other")])
    client = visit(queue, "mia", "manager")
    for query, waiting in (("", 3), ("?recipe=other", 2), ("?recipe=sums", 1), ("?recipe=none", 0)):
        assert f"Waiting {waiting} Split" in text(client.get(f"/statistics{query}").text)


# --- What the forms change ---


def post(client: TestClient, path: str, **fields: str) -> Response:
    return client.post(path, data={"csrf": csrf(session(client))} | fields, follow_redirects=False)


def test_a_paused_reviewer_gets_no_work_until_reinstated(queue: Queue) -> None:
    queue.enqueue([an_item(0)])
    queue.add_reviewer("ada")
    client = visit(queue, "mia", "manager")
    assert post(client, "/reviewers/pause", name="ada").headers["location"] == "/reviewers"
    assert "paused since" in text(client.get("/reviewers").text)
    with pytest.raises(ReviewError, match="paused"):
        queue.claim("ada")
    assert post(client, "/reviewers/reinstate", name="ada").headers["location"] == "/reviewers"
    assert queue.claim("ada") is not None


def test_a_granted_skill_opens_the_items_that_ask_for_it_until_it_is_revoked(queue: Queue) -> None:
    queue.enqueue([an_item(0, skill="instruction:en"), an_item(1, skill="instruction:en")])
    queue.add_reviewer("ada")
    client = visit(queue, "mia", "manager")
    said = {"name": "ada", "skill": "instruction:en sums"}
    assert queue.claim("ada") is None
    assert post(client, "/reviewers/grant", **said).status_code == 303
    assert "instruction:en sums 1.x, granted" in text(client.get("/reviewers").text)
    claim = queue.claim("ada")
    assert claim
    queue.skip(claim.token, "ada", "cannot_judge")
    assert post(client, "/reviewers/revoke", **said).status_code == 303
    assert Roster.beside(queue).members()[0].skills == ()
    assert queue.claim("ada") is None


def test_a_known_answer_that_most_did_not_give_is_listed_and_retired(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "review.sqlite", chance=lambda: 0.0)  # each item that can be gold is
    Management.beside(queue).add_gold([a_gold(0), a_gold(1, "approve")])
    queue.enqueue([an_item(2, need=9)])
    client = visit(queue, "mia", "manager")
    for name in ("ada", "bob"):
        queue.add_reviewer(name)
        assert "No known answer is missed" in text(client.get("/reviewers").text)
        for _ in range(2):
            claim = queue.claim(name)
            assert claim
            queue.submit(claim.token, name, ruling(claim))
    (missed,) = Roster.beside(queue).missed()
    assert (missed.verdict, missed.missed, missed.answered, missed.asked) == ("reject", 2, 2, "What is 0 + 0?")
    assert f"Missed by 2 of 2: {missed.item[:8]} of sums" in text(client.get("/reviewers").text)
    assert post(client, "/reviewers/retire", item=missed.item).headers["location"] == "/reviewers"
    assert Roster.beside(queue).missed() == []
    assert len(Records.beside(queue).frames().grades) == 2, "the other one's"


@pytest.mark.parametrize(
    ("path", "fields", "words"),
    [
        ("pause", {"name": "nobody"}, "'nobody' is no reviewer"),
        ("reinstate", {}, "'' is no reviewer"),
        ("grant", {"name": "nobody", "skill": "instruction:en sums"}, "nobody here is called"),
        ("grant", {"name": "mia", "skill": "poetry:en sums"}, "asks for the skill 'poetry:en'"),
        ("grant", {"name": "mia", "skill": ""}, "asks for the skill"),
        ("retire", {"item": "none"}, "no answer is known of an item 'none'"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(queue: Queue, path: str, fields: dict[str, str], words: str) -> None:
    queue.enqueue([an_item(0, skill="instruction:en")])
    answer = post(visit(queue, "mia", "manager"), f"/reviewers/{path}", **fields)
    assert answer.status_code == 422
    assert words in answer.json()["error"]


def test_nobody_below_a_manager_can_send_the_forms(queue: Queue) -> None:
    for role in ("reviewer", "adjudicator"):
        client = visit(queue, role, role)
        for door in manage.ROUTES:
            if door.method == "POST":
                assert post(client, door.path, name=role).status_code == 403
        assert client.get("/reviewers").status_code == 403


# --- Remarks and hostile text ---


def test_disputes_and_gaps_are_listed_as_text(queue: Queue) -> None:
    answer = Answer(verdict="reject", reasons=("inaccurate",))
    Management.beside(queue).add_gold([Gold(item=an_item(0), answer=answer, explanation="No.", training=True)])
    queue.enqueue([an_item(1, recipe=HOSTILE)])
    queue.add_reviewer("ada")
    queue.add_reviewer("<b>eve</b>")
    claim, taught = queue.claim("ada"), queue.claim("<b>eve</b>", desk="training")
    assert claim
    assert taught
    queue.flag_gap(claim.token, "ada", HOSTILE)
    ruling = Ruling(verdict="approve", shown_hash=taught.shown_hash, idem="a" * 16)
    queue.submit(taught.token, "<b>eve</b>", ruling)
    queue.dispute(taught.token, "<b>eve</b>", HOSTILE)
    page = visit(queue, "mia", "manager").get("/reviewers").text
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") >= 3
    assert "<img src=x" not in page
    assert "<b>eve" not in page


def test_pages_need_no_style_or_script_of_their_own(crowd: Crowd) -> None:
    client = visit(crowd.queue, "mia", "manager")
    for path in ("/statistics", "/reviewers", "/statistics?reviewer=bob"):
        page = client.get(path).text
        assert re.findall(r"\sstyle=|<style|\son\w+=|javascript:", page) == []
        assert all('src="/static/' in tag for tag in re.findall(r"<script[^>]*>", page))


def test_every_plot_says_what_it_shows(crowd: Crowd) -> None:
    page = visit(crowd.queue, "mia", "manager").get("/statistics").text
    plots = re.findall(r'<svg class="(?:chart|strip)"[^>]*>', page)
    assert len(plots) > 10
    assert all("aria-label" in plot for plot in plots)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for names in re.findall(r'aria-labelledby="([^"]+)"', page):
        assert set(names.split()) <= set(ids)


def test_an_empty_queue_has_pages_too(queue: Queue, tmp_path: Path) -> None:
    client = visit(queue, "mia", "manager")
    for path in ("/statistics", "/reviewers", "/statistics?reviewer=mia"):
        assert client.get(path).status_code == 200
    assert visit(queue, "ada", "reviewer").get("/statistics").status_code == 200
