"""Through networks that fail and servers that die, each question has one outcome, and what was answered is right."""

import asyncio
import random
import threading
from collections.abc import Awaitable, Callable

import pytest

from outcross.errors import ServerUnavailable
from outcross.serving.asking import client as clients
from outcross.serving.asking.client import Client
from outcross.serving.asking.load import Load
from outcross.serving.asking.room import Room
from outcross.serving.chats import Answer, Chat, Failure, Message
from outcross.serving.endpoint import Endpoint
from tests.faulty_proxy import Faults, faulty_proxy
from tests.openai_server import MODEL, Running, compose, openai_server


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "BACKOFF", 0.02)


def chats(n: int) -> list[Chat]:
    return [
        Chat(key=f"k{i}", messages=(Message(role="user", content=f"Ask about {i}."),), max_tokens=200, seed=i)
        for i in range(n)
    ]


def true_text(chat: Chat) -> str:
    return compose([message.model_dump() for message in chat.messages], chat.seed, None)


async def ask_all(client: Client, asked: list[Chat]) -> list[Answer | Failure]:
    outcomes = await asyncio.gather(*(client.ask(chat) for chat in asked))
    assert [outcome.key for outcome in outcomes] == [chat.key for chat in asked]
    assert client.tally.attempts == sum(outcome.attempts for outcome in outcomes)
    return outcomes


def run(
    base_url: str, work: Callable[[Client], Awaitable[object]], concurrency: int = 16, patience: float | None = 60
) -> Client:
    async def main() -> Client:
        where = Endpoint(base_url=base_url, model=MODEL, model_depth=0, concurrency=concurrency)
        async with Client(where, patience) as client:
            await work(client)
        return client

    return asyncio.run(main())


@pytest.mark.parametrize(
    "faults",
    [
        Faults(refuse=0.3, drop=0.1, truncate=0.1, delay=0.1),
        Faults(truncate=0.3),
        Faults(dark=0.01, dark_seconds=0.6),
    ],
    ids=["a bit of everything", "truncated", "dark for a while"],
)
def test_a_network_that_loses_answers_costs_no_question_and_changes_no_answer(tmp_path, faults):
    asked = chats(200)

    async def work(client: Client) -> None:
        for chat, outcome in zip(asked, await ask_all(client, asked), strict=True):
            if isinstance(outcome, Answer):
                assert outcome.text == true_text(chat)
                assert outcome.finish_reason == "stop"
            else:
                assert not outcome.final
                lost.append(outcome)

    lost: list[Failure] = []
    with openai_server(tmp_path / "log") as server, faulty_proxy(server.base_url, faults, seed=3) as url:
        client = run(url, work)
        assert server.stats()["asked"] <= client.tally.attempts  # nothing was asked again behind the client's back
    assert len(lost) <= 4  # four broken attempts in a row, by chance
    assert client.tally.attempts > 200


def test_a_damaged_answer_is_asked_for_again_wherever_the_damage_shows(tmp_path):
    """What JSON and its form give away does. A letter that became another one doesn't: HTTP has no checksum of a body,
    TCP's is weak, and only TLS would tell. Such a text differs by that letter and no more.
    """
    asked = chats(300)
    wrong: list[tuple[str, str]] = []

    async def work(client: Client) -> None:
        for chat, outcome in zip(asked, await ask_all(client, asked), strict=True):
            assert isinstance(outcome, Answer) or (not outcome.final and outcome.raw)
            if isinstance(outcome, Answer) and outcome.text != true_text(chat):
                wrong.append((outcome.text, true_text(chat)))

    with openai_server(tmp_path / "log") as server, faulty_proxy(server.base_url, Faults(corrupt=0.5), seed=5) as url:
        client = run(url, work)
    assert client.tally.attempts > 320
    for text, true in wrong:
        assert abs(len(text) - len(true)) <= 1
        assert len(text) != len(true) or sum(a != b for a, b in zip(text, true, strict=True)) == 1


def test_a_dead_engine_is_waited_for_and_uses_up_no_attempt(tmp_path, monkeypatch):
    monkeypatch.setattr(clients, "ATTEMPTS", 1)
    asked = chats(100)

    async def work(client: Client) -> None:
        outcomes = await ask_all(client, asked)
        assert all(isinstance(outcome, Answer) for outcome in outcomes)

    with openai_server(tmp_path / "log", latency=0.01, faults=["engine:0.01"]) as server:
        client = run(server.base_url, work)
        assert len(server.served()) == len(set(server.served())) == 100
    assert client.tally.attempts > 100


def test_a_question_that_kills_the_engine_each_time_is_given_up_and_the_rest_are_answered(tmp_path):
    asked = chats(30)
    failed: list[Failure] = []

    async def work(client: Client) -> None:
        failed.extend(outcome for outcome in await ask_all(client, asked) if isinstance(outcome, Failure))

    with openai_server(tmp_path / "log", faults=["engine:0.05:always"]) as server:
        run(server.base_url, work, concurrency=1)
        assert len(server.served()) == 30 - len(failed)
    assert 0 < len(failed) < 5
    for failure in failed:
        assert (failure.attempts, failure.final) == (clients.DEATHS, False)
        assert failure.reason == "The server died 3 times while it had this request."
        assert "EngineCore" in failure.raw


def port_of(server: Running) -> int:
    return int(server.base_url.split(":")[2].split("/")[0])


def test_a_server_that_is_killed_and_started_again_answers_everything(tmp_path):
    asked = chats(300)
    over = threading.Event()

    async def work(client: Client) -> None:
        outcomes = await ask_all(client, asked)
        assert all(isinstance(outcome, Answer) for outcome in outcomes)

    def again(port: int) -> None:
        with openai_server(tmp_path / "second", latency=0.01, port=port):
            over.wait(60)

    with openai_server(tmp_path / "first", latency=0.01, die_after=100) as server:
        second = threading.Thread(target=lambda: (server.process.wait(), again(port_of(server))))
        second.start()
        try:
            client = run(server.base_url, work)
        finally:
            server.kill()
            over.set()
            second.join()
        twice = set(server.served()) & set((tmp_path / "second").read_text().split())
    assert len(twice) <= 16  # those that were in flight
    assert client.tally.answered == 300


def test_when_patience_runs_out_all_callers_are_told_and_so_is_who_comes_later(tmp_path):
    async def work(client: Client) -> None:
        outcomes = await asyncio.gather(*(client.ask(chat) for chat in chats(300)), return_exceptions=True)
        lost = [outcome for outcome in outcomes if isinstance(outcome, ServerUnavailable)]
        assert len(lost) == 300 - client.tally.answered > 0
        assert "0.3 s of waiting" in str(lost[0])
        with pytest.raises(ServerUnavailable):
            await client.ask(chats(1)[0])

    with openai_server(tmp_path / "log", latency=0.01, die_after=100) as server:
        assert run(server.base_url, work, patience=0.3).tally.answered < 100


def test_a_server_is_waited_for_by_default_only_once_it_has_answered(tmp_path, monkeypatch):
    monkeypatch.setattr(clients, "PATIENCE", 0.3)

    async def never(client: Client) -> None:
        with pytest.raises(ServerUnavailable, match="connection failed") as told:
            await client.ask(chats(1)[0])
        assert "waiting" not in str(told.value)

    async def once(client: Client) -> None:
        assert isinstance(await client.ask(chats(1)[0]), Answer)
        server.kill()
        with pytest.raises(ServerUnavailable, match=r"0\.3 s of waiting"):
            await client.ask(chats(2)[1])

    with openai_server(tmp_path / "log") as server:
        run(server.base_url, once, patience=None)
    run(server.base_url, never, patience=None)


def test_a_crowd_that_a_server_sends_away_comes_back_smaller_until_all_are_answered(tmp_path):
    async def work(client: Client) -> None:
        outcomes = await ask_all(client, chats(600))
        assert all(isinstance(outcome, Answer) for outcome in outcomes)

    with openai_server(tmp_path / "log", latency=0.02, overload="40:503", metrics=1000) as server:
        client = run(server.base_url, work, concurrency=500)
        assert len(server.served()) == len(set(server.served())) == 600
    assert client.limit < 80


def test_callers_that_give_up_leave_their_places_to_others(tmp_path):
    async def work(client: Client) -> None:
        asking = [asyncio.create_task(client.ask(chat)) for chat in chats(100)]
        chance = random.Random(1)
        for _ in range(20):
            await asyncio.sleep(0.005)
            for task in chance.sample(asking, 3):
                task.cancel()
        kept = [task for task in asking if not task.cancelled() and not task.cancelling()]
        assert all(isinstance(outcome, Answer) for outcome in await asyncio.gather(*kept))
        await asyncio.gather(*asking, return_exceptions=True)
        await ask_all_again(client)

    async def ask_all_again(client: Client) -> None:
        outcomes = await asyncio.gather(*(client.ask(chat) for chat in chats(50)))
        assert all(isinstance(outcome, Answer) for outcome in outcomes)

    with openai_server(tmp_path / "log", latency=0.02) as server:
        assert run(server.base_url, work, concurrency=4).tally.peak == 4


def test_places_are_given_in_order_and_to_a_second_attempt_first():
    async def main() -> list[str]:
        room = Room(Load(1))
        let_in: list[str] = []

        async def come(name: str, *, first: bool = False) -> None:
            await room.enter(first=first)
            let_in.append(name)
            await asyncio.sleep(0)
            room.leave()

        await room.enter()
        coming = [asyncio.create_task(come(name)) for name in "abc"]
        await asyncio.sleep(0)
        coming.append(asyncio.create_task(come("again", first=True)))
        await asyncio.sleep(0)
        room.leave()
        await asyncio.gather(*coming)
        assert room.flying == 0
        return let_in

    assert asyncio.run(main()) == ["again", "a", "b", "c"]


@pytest.mark.parametrize("fault", ["refuse", "drop", "truncate", "dark"])
def test_through_a_proxy_that_always_fails_nothing_is_answered(tmp_path, fault):
    """Otherwise the tests above would hold through a sound network."""

    async def work(client: Client) -> None:
        if fault == "truncate":  # what has no body gets through: the server is seen to live
            outcome = await client.ask(chats(1)[0])
            assert isinstance(outcome, Failure)
            assert not outcome.final
        else:
            with pytest.raises(ServerUnavailable, match="connection failed"):
                await client.ask(chats(1)[0])

    with openai_server(tmp_path / "log") as server, faulty_proxy(server.base_url, Faults(**{fault: 1.0})) as url:
        run(url, work, patience=0.0)
