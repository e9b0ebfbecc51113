"""A simulated crowd: reviewers of known accuracy, speed and habits who work through a real queue."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from outcross.data.review.answers import REASONS, Adjudication, Answer, Ruling
from outcross.data.review.gold import Gold
from outcross.data.review.items import Claim, Desk, Item, Role
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.samples import Content, Conversation, Instruction, Preference, Reasoning, Text, Turn
from outcross.errors import ReviewError
from tests.review_items import Clock, an_item

KINDS = ("instruction", "text", "preference", "reasoning", "conversation")
BAD = "It is wrong."
"""What marks a bad draft: who looks, sees it."""
GOOD_VERDICT = {
    "instruction": "approve",
    "text": "approve",
    "preference": "chosen",
    "reasoning": "correct",
    "conversation": "success",
}
UNSURE = {"reasoning": "give_up", "conversation": "cannot_tell"}
WORDS = ("so", "we", "add", "both", "sides", "and", "look", "at", "what", "is", "left", "of", "the", "carry")


@dataclass
class Member:
    """Who answers, how well and how fast."""

    name: str
    accuracy: float = 0.9
    pace: float = 20.0
    """Median seconds for an item."""
    habit: str = ""
    """`left` or `approve`: what they always press, without looking."""
    edits: float = 0.5
    """Share of bad texts that they correct instead of rejecting them."""
    role: Role = "reviewer"
    skips: float = 0.0
    abstains: float = 0.0
    """Share of the solutions and conversations of which they can't tell whether they are good."""


def content(kind: str, bad: bool, number: int, chance: random.Random) -> Content:
    """A draft of its kind; in a bad pair the answer that should have been chosen is the other."""
    fill = " ".join(chance.choices(WORDS, k=chance.randint(8, 60)))
    good, end = f"{fill} It is {number}.", f"{fill} {BAD}" if bad else f"{fill} It is {number}."
    match kind:
        case "instruction":
            return Instruction(instruction=f"Add up to {number}.", response=end)
        case "text":
            return Text(text=f"{number}: {end}")
        case "preference":
            return Preference(prompt=f"Which of both for {number}?", chosen=end, rejected=f"{good} Really.")
        case "reasoning":
            return Reasoning(problem=f"Find {number}.", steps=(f"First {fill}.", end, "So it is done."), answer="done")
        case _:
            turns = (Turn(role="user", text=f"Tell me of {number}."), Turn(role="assistant", text=end))
            return Conversation(turns=turns)


def drafts(count: int, chance: random.Random, *, kinds: tuple[str, ...] = KINDS) -> list[Item]:
    """Items as the screen would send them: borderline ones, audits of the accepted, and some for two people."""
    made = []
    for number in range(count):
        score = round(chance.betavariate(4, 2), 4)
        kind = kinds[number % len(kinds)]
        bad = chance.random() > score**0.5
        # Every third of high score is on the border by another validator.
        source, share = ("audit", 0.2) if score > 0.75 and number % 3 else ("border", 1.0)
        facts = {"score": score, "source": source, "incl_prob": share, "need": 2 if chance.random() < 0.3 else 1}
        made.append(an_item(number, content(kind, bad, number, chance), **facts))
    return made


def known(count: int, chance: random.Random, *, kinds: tuple[str, ...] = KINDS) -> list[Gold]:
    """Gold, every other one bad."""
    made = []
    for number in range(count):
        kind, bad = kinds[number % len(kinds)], number % 2 == 1
        shown, score = content(kind, bad, 10_000 + number, chance), 0.8 if number % 3 else None
        item = an_item(10_000 + number, shown, score=score)
        verdict, more = _truth(kind, bad)
        made.append(Gold(item=item, answer=Answer(verdict=verdict, **more), explanation="Look at the end."))
    return made


def _truth(kind: str, bad: bool) -> tuple[str, dict[str, object]]:
    if not bad:
        return GOOD_VERDICT[kind], {"labels": (1, 1, 1)} if kind == "reasoning" else {}
    return {
        "instruction": ("reject", {"reasons": ("inaccurate",)}),
        "text": ("reject", {"reasons": ("inaccurate",)}),
        "preference": ("rejected", {}),
        "reasoning": ("error", {"labels": (1, -1, None)}),
        "conversation": ("fail", {"labels": (None, -1)}),
    }[kind]


def answer(claim: Claim, member: Member, chance: random.Random) -> Ruling:
    """What the member says of the item: what is right as often as they are, else the contrary."""
    kind = claim.shown.content.kind
    bad = _is_bad(claim)
    if member.habit == "approve":
        bad = False
    elif chance.random() > member.accuracy:
        bad = not bad
    verdict, more = _truth(kind, bad)
    if kind == "preference":
        left = (verdict == "chosen") is not claim.swapped
        verdict = "a" if left or member.habit == "left" else "b"
        more = {"strength": 1}
    elif bad and kind in ("instruction", "text") and chance.random() < member.edits:
        verdict, more = "edit", {"edit": claim.units[0].replace(BAD, "It is right.") + " Mended."}  # type: ignore[union-attr]
    elif bad:
        more |= {"reasons": REASONS[kind][:1], "note": "See the end."}
    if kind in UNSURE and member.abstains and chance.random() < member.abstains:
        verdict, more = UNSURE[kind], {"note": "I can't tell."}
    idem = f"idem-{claim.token[:20]}"
    return Ruling(verdict=verdict, shown_hash=claim.shown_hash, idem=idem, active_ms=600_000, **more)


def _is_bad(claim: Claim) -> bool:
    shown = claim.shown.content
    texts = (shown.chosen,) if isinstance(shown, Preference) else claim.units
    return any(BAD in text for text in texts if text)


class Crowd:
    """A queue and those who work at it, by a clock of its own."""

    def __init__(self, path: Path, members: Iterable[Member], seed: int = 0) -> None:
        self.clock, self.chance = Clock(), random.Random(seed)
        self.queue = Queue(path, now=self.clock, chance=self.chance.random)
        self.management = Management(path, now=self.clock)
        self.members = list(members)
        for member in self.members:
            self.queue.add_reviewer(member.name, member.role)

    def work(self, rounds: int = 1_000_000) -> None:
        """Let each reviewer decide an item in turn, until nothing is left, all are paused, or the rounds are over."""
        for _ in range(rounds):
            if not sum([self.turn(member) for member in self.members if member.role == "reviewer"]):
                return

    def turn(self, member: Member, desk: Desk = "review") -> bool:
        """Let a member decide one item; return whether there was one."""
        try:
            claim = self.queue.claim(member.name, desk=desk)
        except ReviewError:
            return False  # paused
        if claim is None:
            return False
        seconds = member.pace * self.chance.lognormvariate(0, 0.5)
        self.clock.time += seconds + 0.5
        if self.chance.random() < member.skips:
            reason = self.chance.choice(["cannot_judge", "conflict_of_interest", "broken_item"])
            self.queue.skip(claim.token, member.name, reason)  # type: ignore[arg-type]
            return True
        ruling = answer(claim, member, self.chance).model_copy(update={"active_ms": round(seconds * 1000)})
        self.queue.submit(claim.token, member.name, ruling)
        return True

    def adjudicate(self, name: str, most: int = 1_000) -> None:
        """Let somebody settle what waits for it, as they see fit."""
        for _ in range(most):
            claim = self.queue.claim(name, desk="adjudication")
            if claim is None:
                return
            self.clock.time += 30
            right = next(iter(_takes(claim)), "a")
            said = Adjudication(takes=right, cause="reviewer_error", both_fine=self.chance.random() < 0.1)  # type: ignore[arg-type]
            ruling = Ruling(verdict="x", shown_hash=claim.shown_hash, idem=f"idem-{claim.token[:20]}", active_ms=25_000)
            self.queue.submit(claim.token, name, ruling.model_copy(update={"adjudication": said}))


def _takes(claim: Claim) -> Iterable[str]:
    """The rivals whose verdict fits the draft, by their place."""
    good = GOOD_VERDICT[claim.shown.content.kind]
    return (
        place for place, rival in zip("ab", claim.rivals, strict=False) if (rival.verdict == good) is not _is_bad(claim)
    )


def team() -> list[Member]:
    """Six reviewers as one meets them, two who don't look, and an adjudicator."""
    return [
        Member("ada", 0.97, 24.0),
        Member("grace", 0.93, 17.0, skips=0.02),
        Member("linus", 0.92, 12.0),
        Member("margaret", 0.95, 31.0, edits=0.9, abstains=0.2),
        Member("barbara", 0.8, 9.0, skips=0.2),
        Member("lefty", 0.9, 14.0, habit="left"),
        Member("bot", 0.5, 0.6, habit="approve"),
        Member("judith", 0.97, 28.0, role="manager"),
    ]
