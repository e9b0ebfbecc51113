"""What each validator finds, and what it leaves alone."""

import polars as pl
import pytest

from outcross.validators.checks.language import Language
from outcross.validators.checks.length import Length
from outcross.validators.checks.refusal import Refusal
from outcross.validators.checks.repetition import Repetition
from outcross.validators.checks.shape import Shape
from outcross.validators.references import References
from outcross.validators.repeats.copied import Copied
from outcross.validators.repeats.heldout_overlap import HeldoutOverlap
from outcross.validators.repeats.near_duplicate import NearDuplicate
from outcross.validators.signals import Validator, run
from tests.validating import frame

PROMPT = "Write the docstring of this Python function."
LONG = (
    "Return the smallest rectangle that holds all the given points, with its sides along the axes, as two corners "
    "in the order of lower left and upper right, or None where there is no point at all."
)


def judge(validator: Validator, response: str, references: References | None = None, **columns: str):
    """Score and reason of one response."""
    row = {"sample_id": "f" * 64, "prompt": PROMPT, "response": response, "rank": "000005", **columns}
    (said,) = run(validator, frame(row), references or References()).rows(named=True)
    return said["score"], said["reason"] or said["failure"] or ""


@pytest.mark.parametrize(
    ("response", "score", "reason"),
    [
        (" \u200b\n", 0, "is empty"),
        (")))))", 0.5, "no letter, digit or symbol"),
        ("...", 0.5, "no letter, digit or symbol"),
        ("write the DOCSTRING of this Python function", 0, "is the prompt"),
        ("<docstring goes here>", 0, "placeholder"),
        ("[Insert description]", 0, "placeholder"),
        ("{{ response }}", 0, "placeholder"),
        ("<answer>", 0, "placeholder"),
        ("N/A", 0.5, "may be a placeholder"),
        ("Dear {{ name }}, it returns the sum.", 0.5, "slot to be filled in"),
        ("TODO: describe", 0, "placeholder"),
        ("_summary_\n\nArgs:\n    x (_type_): _description_", 0, "template's blank"),
        ("Your docstring here.", 0, "template's blank"),
        ("Return the sum.<|im_end|>", 0, "control token"),
        ("[INST] Return the sum.", 0, "control token"),
        ('{"docstring": "Return the sum."}', 0, "JSON that nobody asked for"),
        ('"response": "Return the sum."', 0, "JSON that nobody asked for"),
        ('Return the sum."}', 0, "leftovers of JSON"),
        ("```python\nReturn the sum.\n```", 0.5, "begins with a code fence"),
        ("Return the sum.\n```", 0.5, "opened and not closed"),
        ('"""Return the sum."""', 0.5, "its quotes"),
        ("Return the sum.'''", 0.5, "its quotes"),
        ('"Return the sum."', 0.5, "stands in quotes"),
        ('"Return the sum.', 0.5, "opened and not closed"),
        ('{"sum": "the sum"}', 0.5, "JSON that nobody may have asked for"),
        ("<think>\n</think>Return the sum.", 0, "empty thought"),
        ("<think>It adds. Return the sum.", 0, "opened and not closed"),
        ("It adds.</think>Return the sum.", 0, "closed and not opened"),
        ("<think>It adds.</think>Return the sum.", 0.5, "is no reasoning"),
        ("Return the sum of all the numbers that are greater than the", 0.5, "breaks off"),
        ("Return the sum of all the numbers that are odd,", 0.5, "breaks off"),
        ("It follows these steps:", 0.5, "announces what doesn't follow"),
        (r"\begin{pmatrix} 1 & 0", 0.5, "begun and not ended"),
    ],
)
def test_shape_finds_what_is_no_answer(response, score, reason):
    found, why = judge(Shape(), response)
    assert found == score
    assert reason in why


@pytest.mark.parametrize(
    "response",
    [
        "Return x.",
        'Split at "," and join with ";".',
        "It's the caller's own list.",
        "Format like {name}.",
        'Return a mapping such as {"a": ["b"]}',
        "Example:\n\n```python\nf(1)\n```",
        "Return None.",
        "∑ of all terms",
        "∀",
        "%",
        "🎂",
        "[1, 2, 3]",
        "{1, 2}",
        "<br>",
        "Use `<s>` and `</s>`.",
        "The lower bound is the $a$",
        'The screen is 27"',
    ],
)
def test_shape_leaves_ordinary_answers_alone(response):
    assert judge(Shape(), response) == (1, "")


def test_json_that_was_asked_for_is_an_answer():
    assert judge(Shape(), '{"a": 1}', prompt="Give the result as JSON.") == (1, "")


def test_a_thought_belongs_to_reasoning():
    assert judge(Shape(), "<think>It adds.</think>5", kind="reasoning") == (1, "")


def test_a_boxed_answer_that_was_asked_for_is_missed():
    asked = "What is 2 + 2? Put the answer in \\boxed{}."
    assert judge(Shape(), "\\boxed{4}", prompt=asked, kind="reasoning") == (1, "")
    assert judge(Shape(), "4", prompt=asked, kind="reasoning")[0] == 0.5


def test_a_fence_or_quotes_around_a_response_count_as_the_limit_says():
    fenced = "```python\nprint(1)\n```"
    assert judge(Shape(), fenced) == (0.5, "the response begins with a code fence")
    assert judge(Shape(wrapped=1.0), fenced) == (1, "")


def test_a_short_greeting_may_be_given_back():
    assert judge(Shape(), "Hello!", prompt="Hello!") == (1, "")


def test_plain_text_needs_no_prompt_and_an_instruction_does():
    assert judge(Shape(), "Some text.", kind="text", prompt="") == (1, "")
    assert judge(Shape(), "Some text.", prompt=" ") == (0, "the prompt is empty")


@pytest.mark.parametrize(
    ("response", "score"),
    [
        ("I'm sorry, but I can't help with that.", 0),
        ("I’m sorry, but I can’t assist with this request.", 0),
        ("As an AI language model, I have no opinion.", 0),
        ("I am unable to determine what it does.", 0),
        ("Unfortunately, I cannot fulfill this request.", 0),
        ("I must respectfully decline.", 0),
        ("I don't have enough information.", 0.5),
        ("Could you please provide the code?", 0.5),
        ("Return the sum. I cannot help with the rest.", 0.5),
        ("I can't help but smile at it.", 1),
        ("Sure! Return the sum.", 0.5),
        ("Here is the docstring for the function: Return the sum.", 0.5),
        ("Return the sum. Let me know if you need more.", 0.5),
        ("Sure-footed search that cannot complete early.", 1),
        ("Return whether the server can provide the resource; raise if it cannot.", 1),
    ],
)
def test_refusals_and_small_talk_are_told_from_answers(response, score):
    assert judge(Refusal(), response)[0] == score


@pytest.mark.parametrize(
    ("prompt", "response", "columns", "score"),
    [
        ("How do I build a bomb?", "I'm sorry, but I can't help with that.", {}, 0.5),
        ("Name a river.", "I'm sorry, but I can't help with that.", {"kind": "preference"}, 0.5),
        ("Write a letter that declines an offer.", "I'm sorry, but I can't accept.", {}, 0.5),
        ("Write an email that declines.", "Thank you. I'm sorry, but I can't come on Friday.", {}, 1),
        ("Are you a human?", "No, I'm an AI.", {}, 1),
        ("Explain it.", "Could you please provide the code?", {"context": "x = 1"}, 0),
    ],
)
def test_a_refusal_that_may_be_right_or_wanted_is_left_to_a_person(prompt, response, columns, score):
    assert judge(Refusal(), response, prompt=prompt, **columns)[0] == score


def test_remarks_to_the_user_count_as_the_limit_says():
    assert judge(Refusal(remark=1.0), "Sure! Return the sum.") == (1, "")


@pytest.mark.parametrize(
    ("words", "score", "reason"),
    [
        (4, 0, "4 words, fewer than 8"),
        (5, 0.25, "5 words, fewer than 8"),
        (7, 0.75, "7 words, fewer than 8"),
        (8, 1, ""),
        (20, 1, ""),
        (25, 0.75, "25 words, more than 20"),
        (60, 0, "60 words, more than 20"),
    ],
)
def test_length_is_linear_between_its_limits(words, score, reason):
    assert judge(Length(minimum=5, target=8, maximum=20), "word " * words) == (pytest.approx(score), reason)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"response": "x" * 60}, "60 characters, more than 50"),
        ({"response": "it", "prompt": "word " * 9}, "prompt: 9 words, more than 8"),
        ({"response": "it", "prompt": "x" * 60}, "prompt: 60 characters, more than 40"),
        ({"response": "it", "prompt": ""}, "prompt: 0 words, fewer than 1"),
    ],
)
def test_prompts_and_characters_have_limits_of_their_own(columns, reason):
    limits = {"characters": 50, "prompt_minimum": 1, "prompt_target": 1, "prompt_maximum": 8, "prompt_characters": 40}
    score, said = judge(Length(minimum=0, target=0, **limits), **columns)
    assert (said, score < 1) == (reason, True)


def test_a_minimum_of_zero_lets_a_response_without_a_word_through():
    assert judge(Length(minimum=0, target=0), "+=") == (1, "")


@pytest.mark.parametrize(
    ("response", "least", "most"),
    [
        ("the value of the " * 20, 0, 0.1),
        ("Return the sum of x. " * 3, 0.3, 0.4),
        ("Return the sum of x. Return the sum of x.", 0.5, 0.5),
        ("no no no no", 0.25, 0.25),
        ("a: one\nreturn it\n" * 12, 0, 0.2),
    ],
)
def test_loops_score_low(response, least, most):
    score, reason = judge(Repetition(), response)
    assert least <= score <= most
    assert "words stand in repeated" in reason


NUMBERS = "[[1, 0, 0], [0, 1, 0], [0, 0, 1]]"


@pytest.mark.parametrize(
    "response",
    [
        LONG,
        "Add x to y, and y to x, in place.",
        "Very, very long.",
        "Tora! Tora! Tora!",
        NUMBERS,
        "0 1 1 0 " * 12,
        "a",
        "",
    ],
)
def test_an_ngram_that_occurs_once_is_no_repetition(response):
    assert judge(Repetition(), response) == (1, "")


def test_loops_of_numbers_and_those_asked_for_are_left_to_a_person():
    assert judge(Repetition(), "0 1 1 0 " * 90) == (0.5, "180 of 360 words stand in repeated runs of numbers")
    assert judge(Repetition(), "echo " * 9)[0] < 0.4
    assert judge(Repetition(), "echo " * 9, prompt="Repeat the word echo.")[0] == 0.5


def test_a_list_of_the_same_entry_is_a_loop_whatever_its_numbers():
    score, reason = judge(Repetition(), "\n".join(f"{n}. A dog that barks" for n in range(1, 9)))
    assert score < 0.4
    assert "runs of 4 words" in reason or "lines" in reason


@pytest.mark.parametrize(
    "response",
    [
        "Gibt das kleinste Rechteck zurück, das alle gegebenen Punkte enthält, und dessen Seiten an den Achsen liegen.",
        "Renvoie le plus petit rectangle qui contient tous les points donnés, dont les côtés sont le long des axes.",
        "Devuelve el rectángulo más pequeño que contiene todos los puntos dados, con los lados a lo largo de los ejes.",
        "Возвращает наименьший прямоугольник, содержащий все заданные точки, со сторонами вдоль осей координат.",
        "返回包含所有给定点的最小矩形，其边与坐标轴平行。" * 6,
    ],
)
def test_other_languages_score_low(response):
    score, reason = judge(Language(), response)
    assert score < 0.5
    assert "English" in reason


@pytest.mark.parametrize("response", [LONG, "Gibt das kleinste Rechteck zurück.", "1, 2, 3, " * 40])
def test_english_short_and_wordless_texts_are_not_held_against_a_sample(response):
    assert judge(Language(), response) == (1, "")


FRENCH = "Le cœur est un muscle qui pompe le sang dans tout le corps, afin que chaque cellule reçoive de l'oxygène."


def test_a_language_that_the_prompt_asks_for_is_no_fault():
    assert judge(Language(), FRENCH, prompt="Translate into French: the heart is a muscle.") == (1, "")
    assert judge(Language(), "返回包含所有给定点的最小矩形。" * 6, prompt="Write it in Chinese characters.") == (1, "")


def test_a_language_that_the_prompt_is_written_in_is_left_to_a_person():
    score, reason = judge(Language(), FRENCH, prompt="Explique-moi en quelques mots comment le cœur travaille.")
    assert (score, "French" in reason) == (0.2, True)


def test_a_short_list_of_foreign_names_is_left_to_a_person():
    dishes = "Ragù alla bolognese, risotto alla milanese, spaghetti alla carbonara, polenta, ossobuco, tartufi e gelato"
    assert judge(Language(), dishes, prompt="Name some national dishes.")[0] >= 0.2


def test_code_formulas_and_addresses_have_no_language():
    code = "```\n# gibt das kleinste Rechteck zurück, das alle gegebenen Punkte enthält, und dessen Seiten\n```"
    assert judge(Language(), f"It returns the sum. {code} https://example.org/{'der-' * 40}") == (1, "")


def human(*texts: str) -> References:
    return References(human=pl.DataFrame({"sample_id": [f"{i}" * 64 for i in range(len(texts))], "response": texts}))


def drafts(*rows: tuple[str, str, str]) -> References:
    return References(earlier=pl.DataFrame(rows, schema=["sample_id", "rank", "response"], orient="row"))


def test_a_copy_of_a_human_row_is_named():
    score, reason = judge(NearDuplicate(), LONG.upper().replace(",", ""), human("Something else entirely here.", LONG))
    assert (score, reason) == (0, "1.0 alike with human row 111111111111")


def test_similarity_is_the_jaccard_of_word_runs():
    other = LONG.replace("None where", "nothing where")
    ours, theirs = (
        {tuple(words[i : i + 3]) for i in range(len(words) - 2)}
        for words in (text.replace(",", "").replace(".", "").lower().split() for text in (LONG, other))
    )
    score, _ = judge(NearDuplicate(), LONG, human(other))
    assert score == pytest.approx(1 - len(ours & theirs) / len(ours | theirs))


def test_of_two_drafts_alike_the_lower_rank_is_kept():
    pair = drafts(("f" * 64, "000005", LONG), ("e" * 64, "000009", LONG))
    assert judge(NearDuplicate(), LONG, pair) == (1, "")
    assert judge(NearDuplicate(), LONG, pair, sample_id="e" * 64, rank="000009")[0] == 0


def test_of_two_drafts_alike_and_of_one_rank_exactly_one_is_kept():
    pair = drafts(("a" * 64, "1", LONG), ("b" * 64, "1", LONG))
    scores = [judge(NearDuplicate(), LONG, pair, sample_id=i * 64, rank="1")[0] for i in "ab"]
    assert scores == [1, 0]


def test_a_human_row_is_kept_whatever_drafts_repeat_it():
    both = References(human=human(LONG).human, earlier=drafts(("a" * 64, "", LONG)).earlier)
    assert judge(NearDuplicate(), LONG, both, sample_id="0" * 64, rank="9") == (1, "")


def test_short_texts_are_compared_as_a_whole():
    assert judge(NearDuplicate(), "return the NAME", human("Return the name."))[0] == 0
    assert judge(NearDuplicate(), "Return the title.", human("Return the name.")) == (1, "")
    assert judge(NearDuplicate(shortest=4), "return the name", human("Return the name.")) == (1, "")


def test_copying_an_example_is_found_and_its_share_named():
    score, reason = judge(Copied(), LONG, shown=f"First example.\n\n{LONG}")
    assert (score, reason) == (0, "33 of 33 runs of 5 words also stand in the examples shown")


def test_only_long_runs_count_against_the_context():
    context = "def f(points):\n    # the smallest rectangle that holds all the given points\n    ..."
    assert judge(Copied(), "Find the smallest rectangle that holds all.", context=context) == (1, "")
    score, reason = judge(Copied(), "The smallest rectangle that holds all the given points.", context=context)
    assert (score, reason) == (0, "2 of 2 runs of 8 words also stand in the context")


def heldout(*texts: str, usual: tuple[str, ...] = ()) -> References:
    """Texts of a held-out document, and one that each stand in a document of their own."""
    kept = pl.DataFrame({"sample_id": "9" * 64, "source": "kept.txt", "text": texts})
    known = pl.DataFrame({"sample_id": "8" * 64, "source": [f"{i}.txt" for i in range(len(usual))], "text": usual})
    return References(heldout=kept, usual=pl.concat([kept, known.cast(pl.String)]))


def test_thirteen_words_in_a_row_leak_a_held_out_text():
    filler = " ".join(f"filler{i}" for i in range(40))
    leak = " ".join(LONG.split()[:13])
    assert judge(HeldoutOverlap(), f"{filler} {leak}", heldout(LONG)) == (
        0,
        f"13 words in a row of the response also stand in held-out kept.txt: “{leak.lower().replace(',', '')}”",
    )
    score, reason = judge(HeldoutOverlap(), f"{filler} {' '.join(LONG.split()[:8])}", heldout(LONG))
    assert score == pytest.approx(1 - 8 / 48)
    assert reason.startswith("8 of 48 words of the response lie in runs of 8 of held-out texts, such as kept.txt: “")


def test_half_of_the_words_in_runs_of_eight_leak_too():
    words = LONG.split()
    pieces = [*words[:9], "but", *words[10:19], "and", *words[20:29]]
    assert judge(HeldoutOverlap(), " ".join(pieces), heldout(LONG))[0] == 0


def test_a_short_text_leaks_only_as_a_whole_and_never_by_chance():
    kept = heldout("Return the sum of x and y.")
    said = "the response is the same text as held-out kept.txt: “return the sum of x and y”"
    assert judge(HeldoutOverlap(), "return the sum of X and Y", kept) == (0, said)
    assert judge(HeldoutOverlap(), "Return the sum of x and y as an integer.", kept) == (1, "")
    assert judge(HeldoutOverlap(), "Return it.", heldout("Return it.")) == (1, "")


CODE = """def area(points, unit=1):
    left = min(point.x for point in points)
    right = max(point.x for point in points)
    return (right - left) * unit
"""


@pytest.mark.parametrize("field", ["prompt", "context"])
@pytest.mark.parametrize("text", [LONG, CODE, f"# Copied.\n{CODE}"])
def test_a_held_out_text_is_found_in_the_other_texts_of_a_sample_too(field, text):
    references = heldout(LONG, CODE)
    score, reason = judge(HeldoutOverlap(), "An answer of its own.", references, **{field: text})
    assert score == 0
    assert f"the {field} " in reason
    assert "held-out kept.txt: “" in reason or "held-out texts, such as kept.txt: “" in reason


def test_a_short_held_out_question_is_found_in_the_prompt():
    score, reason = judge(
        HeldoutOverlap(), "Paris.", heldout("What is France's capital?"), prompt="what is France’s capital"
    )
    assert score == 1, "fewer than five words"
    score, reason = judge(
        HeldoutOverlap(), "Paris.", heldout("What is the capital of France?"), prompt="what is the capital of France"
    )
    assert (score, reason[:40]) == (0, "the prompt is the same text as held-out ")


def test_code_counts_when_much_of_it_is_shared_and_not_for_one_long_run():
    other = "def height(points):\n" + "\n".join(f"    y{n} = low_{n}(points, {n})" for n in range(20))
    shared = "\n".join(CODE.splitlines()[1:3])
    mixed = f"{other}\n{shared}"
    assert judge(HeldoutOverlap(), mixed, heldout(CODE))[0] == 0, "the run is long enough for what a model wrote"
    longer = CODE + "\n".join(f"    z{n} = far_{n}(points, {n})" for n in range(40))
    assert judge(HeldoutOverlap(), "Its own.", heldout(longer), context=mixed) == (1, "")
    score, _ = judge(HeldoutOverlap(), "Its own.", heldout(CODE), context=f"{other}\n{CODE}")
    assert score == 0, "all of the held-out code, however much stands around it"
    getter = "@property\ndef real(self):\n    return self"
    assert judge(HeldoutOverlap(), "Its own.", heldout(getter), context=getter) == (1, "")


def test_words_of_many_documents_identify_none_of_them():
    header = "Licensed to whom it may concern under the terms that the file beside this one sets out in full."
    own = f"{header} Counts apples."
    assert judge(HeldoutOverlap(), own, heldout(header, usual=(header,) * 6))[0] == 0
    assert judge(HeldoutOverlap(), own, heldout(header, usual=(header,) * 7)) == (1, "")
    assert judge(HeldoutOverlap(common=99), own, heldout(header, usual=(header,) * 7))[0] == 0
    instruction = "Write one short poem please."
    assert (
        judge(HeldoutOverlap(), "Its own.", heldout(instruction, usual=(instruction,) * 7), prompt=instruction)[0] == 1
    )
