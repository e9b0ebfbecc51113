"""Quality: broken characters, odd words and a web page's furniture are found, and texts about them left alone."""

import pytest

from outcross.validators.checks.quality import Quality
from outcross.validators.references import References
from outcross.validators.signals import run
from tests.validating import frame

SENTENCE = "The old man walked down to the harbour every morning and looked at the boats that came in with the tide. "


def judge(response: str, validator: Quality | None = None, **columns: str):
    """Score and reason of one response."""
    row = {"prompt": "Tell me something.", "response": response, **columns}
    (said,) = run(validator or Quality(), frame(row), References()).rows(named=True)
    assert said["failure"] is None
    return said["score"], said["reason"]


@pytest.mark.parametrize(
    ("response", "score", "reason"),
    [
        ("The cafÃ© is closed.", 0.5, "the response has 1 pairs of characters that were read in the wrong encoding"),
        ("He said â€œyesâ€™ and â€” left.", 0, "3 pairs"),
        ("A sm\ufffdll mistake.", 0.5, "1 replacement characters"),
        ("\ufffd\ufffd\ufffd\ufffd mistake.", 0, "4 replacement characters"),
        ("It rings\x07.", 0.5, "1 control characters"),
        ("A pro\u200bverb.", 0.5, "1 invisible characters"),
        ("Milk&nbsp;and&nbsp;honey.", 0.5, "2 HTML entities"),
        ("Nooooooooooooooooooooooooooooo!", 0.5, "29 characters in runs"),
        ("a" * 300, 0, "300 characters in runs of the same letter"),
        (SENTENCE.upper(), 0.5, "capitals among"),
        (SENTENCE.replace(" ", ""), 1, ""),
        (SENTENCE.replace(" ", "-") * 20, 0.5, "has a word of 2,1"),
        ("internationalisation-of-words " * 20, 0.5, "words of 29.0 characters on average"),
        ("#$%& *()_ +{}| <>?~ " * 3, 0.5, "symbols among"),
        ("sdkjfh wlkrjt zxcvnm qwrtpl dfghjk", 0.5, "words without vowels"),
        ("We use cookies. Accept all cookies. Read more.", 0, "furniture"),
        (SENTENCE + "Click here.", 1, ""),
    ],
)
def test_flaws_are_found_and_counted(response, score, reason):
    found, said = judge(response)
    assert found == score
    assert reason.replace(",", "") in said


@pytest.mark.parametrize(
    ("prompt", "response"),
    [
        ("Fix the encoding of this word.", "It was cafÃ© and is café."),
        ("Which Unicode character stands for a broken byte?", "U+FFFD, or \ufffd."),
        ("Write it in capitals.", SENTENCE.upper()),
        ("How is an ampersand written in HTML?", "As &amp; in the source."),
        ("Write a cookie banner.", "We use cookies. Accept all cookies."),
        ("Draw a box.", "+--------------------+\n|                    |\n+--------------------+"),
        ("What is it?", "https://example.org/" + "a/b" * 400),
        ("What is it?", "```\n" + "@#$%^&*" * 40 + "\n```"),
        ("What is it?", "图书馆是收集、整理和借阅书籍的地方。" * 80),
        ("What is it?", "👩\u200d👩\u200d👧 a family"),
        ("What is it?", "C8H10N4O2"),
        ("What is it?", "391"),
        ("What is it?", "The strengths of rhythms in Knightsbridge."),
        ("What is it?", "NASA, ESA and JAXA"),
    ],
)
def test_what_is_wanted_or_usual_is_left_alone(prompt, response):
    assert judge(response, prompt=prompt) == (1, "")


def test_a_flaw_of_the_prompt_is_left_to_a_person():
    assert judge("Certainly.", prompt="x" * 300) == (0.5, "the prompt has 300 characters in runs of the same letter")
    assert judge("Certainly.", Quality(prompt=1.0), prompt="x" * 300) == (1, "")


def test_the_worse_of_prompt_and_response_counts():
    score, reason = judge("a" * 300, prompt="It rings\x07.")
    assert (score, reason[:12]) == (0, "the response")


def test_plain_text_without_a_prompt_is_judged_like_any_other():
    assert judge(SENTENCE, prompt="", kind="text") == (1, "")
