"""What tests of drafting share: fleets, first calls, and answers that somebody made up."""

from collections.abc import Sequence

from outcross.data.recipe import Recipe
from outcross.data.stores.journal import Draft, Miss
from outcross.serving.chats import Answer, Chat, Failure
from outcross.serving.endpoint import Endpoint
from outcross.serving.fleet import Fleet, Member
from outcross.tasks.drafting import outcomes
from outcross.tasks.drafting.go import Go
from outcross.tasks.drafting.plan import Slot
from outcross.tasks.drafting.scripts.registry import SCRIPTS
from outcross.tasks.drafting.scripts.script import Call, NoSample

ENDPOINT = Endpoint(base_url="http://127.0.0.1:1/v1", model="tiny", model_depth=0, concurrency=4)


def fleet(*endpoints: Endpoint) -> Fleet:
    """Models with equal shares."""
    return Fleet(members=tuple(Member(endpoint=endpoint) for endpoint in endpoints))


def first_chat(recipe: Recipe, slot: Slot, endpoint: Endpoint = ENDPOINT) -> Chat:
    """What a model is asked first for a slot."""
    go = Go.first(recipe, slot, fleet(endpoint))
    call = next(SCRIPTS[recipe.draft.script](recipe, slot))
    assert isinstance(call, Call)
    return go.chat(call, 0)


def answer(text: str, finish: str = "stop") -> Answer:
    return Answer(
        key="k", text=text, tokens_in=9, tokens_out=5, mean_logprob=-1, finish_reason=finish, seconds=1, attempts=1
    )


def outcome(recipe: Recipe, slot: Slot, said: Sequence[str] | Failure) -> Draft | Miss:
    """What a slot comes to where its calls are answered so, or the first of them isn't."""
    go = Go.first(recipe, slot, fleet(ENDPOINT))
    script = SCRIPTS[recipe.draft.script](recipe, slot)
    chat = go.chat(next(script), 0)
    if isinstance(said, Failure):
        return outcomes.failed(go, [], chat, said)
    answers = [answer(text) for text in said]
    try:
        for one in answers:
            script.send(one)
    except StopIteration as end:
        return outcomes.drafted(go, answers, chat, end.value)
    except NoSample as why:
        return outcomes.invalid(go, answers, chat, why)
    raise AssertionError("the script wants another answer")
