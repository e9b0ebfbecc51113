"""One sample of each kind that the review page's screens are tried with, and a text that would be more than text."""

from outcross.data.samples import Action, Conversation, Preference, Reasoning, ToolCall, Trajectory, Turn

PAIR = Preference(prompt="Which sea is saltier?", chosen="The Red Sea is.", rejected="The Baltic is.")
PROOF = Reasoning(problem="Seven?", steps=tuple(f"Step by step, {number}." for number in range(1, 8)), answer="7")
LONG = Reasoning(problem="Far?", steps=tuple("On and on.\n" * 12 + str(number) for number in range(4)), answer="far")
ROWS = "\n".join(f"row {number} of a long result" for number in range(2_000))
COURSE = Trajectory(
    turns=(
        Action(role="user", text="Which train?"),
        Action(
            role="assistant",
            text="I look.",
            calls=(ToolCall(call_id="c1", tool="trains", arguments='{"to":"Milano","day":5.0}'),),
        ),
        Action(role="tool", text=ROWS, answers="c1"),
        Action(role="assistant", text="I have booked the first."),
    )
)
TALK = Conversation(
    turns=(
        Turn(role="user", text="Hello?"),
        Turn(role="assistant", text="Hello."),
        Turn(role="user", text="What is 2 + 2?"),
        Turn(role="assistant", text="It is 5."),
    )
)
HOSTILE = "<script>window.__pwned = 1</script><img src=x onerror='window.__pwned = 1'>\u202e\u200b</pre></section>"
