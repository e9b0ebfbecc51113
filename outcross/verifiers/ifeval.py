"""Instructions whose keeping a program can see: the names and meanings of IFEval's.

Each check takes a response and what the instruction sets, and returns what is wrong, with the numbers; "" where nothing
is. Words and sentences are counted by simple rules of their own, not by NLTK's.

Source: Zhou et al., "Instruction-following evaluation for large language models", arXiv 2311.07911, table 1.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

Check = Callable[..., str]

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_SENTENCE = re.compile(r"[.!?。！？]+(?=[\s\"'”’)\]]|$)")
_BULLET = re.compile(r"^[ \t]*(?:[*•](?!\*)|-(?!-))[ \t]*\S", re.MULTILINE)
_HIGHLIGHT = re.compile(r"\*\*([^*\n]{1,1000})\*\*|\*([^*\n]{1,1000})\*")
_PLACEHOLDER = re.compile(r"\[[^\[\]\n]{1,1000}\]")
_TITLE = re.compile(r"<<([^<>\n]{1,1000})>>")
_OPTIONS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")


class Unusable(ValueError):
    """A constraint that can't be checked: it says nothing of the response."""


def _count(found: int, wanted: int, relation: str, what: str) -> str:
    if relation not in ("less than", "at least"):
        raise ValueError(f"relation {relation!r} is neither 'less than' nor 'at least'")
    met = found < wanted if relation == "less than" else found >= wanted
    return "" if met else f"{found} {what}, not {relation} {wanted}"


def _exactly(found: int, wanted: int, what: str) -> str:
    return "" if found == wanted else f"{found} {what}, not {wanted}"


def _times(text: str, word: str) -> int:
    """How often a word or phrase stands in a text, whatever its case, and not as a part of another word."""
    return len(re.findall(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE))


def _keywords(text: str, *, keywords: Sequence[str]) -> str:
    missing = [word for word in _listed(keywords) if not _times(text, word)]
    return f"without {', '.join(missing)}" if missing else ""


def _forbidden(text: str, *, forbidden_words: Sequence[str]) -> str:
    there = [word for word in _listed(forbidden_words) if _times(text, word)]
    return f"with {', '.join(there)}" if there else ""


def _listed(words: Sequence[str]) -> Sequence[str]:
    if isinstance(words, str) or not all(isinstance(word, str) and word for word in words):
        raise ValueError("a list of words is wanted")
    return words


def _frequency(text: str, *, keyword: str, frequency: int, relation: str = "at least") -> str:
    return _count(_times(text, keyword), frequency, relation, f"times {keyword!r}")


def _letters(text: str, *, letter: str, let_frequency: int, let_relation: str = "at least") -> str:
    return _count(text.lower().count(letter.lower()), let_frequency, let_relation, f"times the letter {letter!r}")


def _words(text: str, *, num_words: int, relation: str = "at least") -> str:
    return _count(len(_WORD.findall(text)), num_words, relation, "words")


def _sentences(text: str, *, num_sentences: int, relation: str = "at least") -> str:
    said = text.strip()
    rest = _SENTENCE.split(said)[-1]
    return _count(len(_SENTENCE.findall(said)) + bool(_WORD.search(rest)), num_sentences, relation, "sentences")


def _paragraphs(text: str, *, num_paragraphs: int) -> str:
    parts = [part for part in re.split(r"\n?\*\*\*\n?", text) if part.strip()]
    return _exactly(len(parts), num_paragraphs, "paragraphs between lines of ***")


def _first_word(text: str, *, num_paragraphs: int, nth_paragraph: int, first_word: str) -> str:
    parts = [part for part in text.split("\n\n") if part.strip()]
    if len(parts) != num_paragraphs or not 1 <= nth_paragraph <= len(parts):
        return f"{len(parts)} paragraphs, not {num_paragraphs}"
    begins = _WORD.search(parts[nth_paragraph - 1])
    said = begins[0] if begins else ""
    return "" if said.lower() == first_word.lower() else f"paragraph {nth_paragraph} begins with {said[:40]!r}"


def _placeholders(text: str, *, num_placeholders: int) -> str:
    return _count(len(_PLACEHOLDER.findall(text)), num_placeholders, "at least", "placeholders in square brackets")


def _postscript(text: str, *, postscript_marker: str) -> str:
    begins = any(line.lstrip().lower().startswith(postscript_marker.lower()) for line in text.splitlines())
    return "" if begins else f"no line begins with {postscript_marker}"


def _bullets(text: str, *, num_bullets: int) -> str:
    return _exactly(len(_BULLET.findall(text)), num_bullets, "bullet points")


def _constrained(text: str) -> str:
    return "" if any(option in text for option in _OPTIONS) else f"none of {', '.join(_OPTIONS)}"


def _highlights(text: str, *, num_highlights: int) -> str:
    found = [one for one in _HIGHLIGHT.findall(text) if "".join(one).strip()]
    return _count(len(found), num_highlights, "at least", "highlighted sections")


def _sections(text: str, *, section_spliter: str, num_sections: int) -> str:
    found = re.findall(rf"(?<!\w){re.escape(section_spliter.strip())}\s{{0,3}}\d{{1,9}}", text)
    return _count(len(found), num_sections, "at least", f"sections that {section_spliter} begins")


def _json(text: str) -> str:
    said = text.strip()
    inner = said.removeprefix("```json").removeprefix("```JSON").removeprefix("```").removesuffix("```").strip()
    try:
        json.loads(inner, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        return f"no JSON: {str(error)[:80]}"
    return ""


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _title(text: str) -> str:
    return "" if any(title.strip() for title in _TITLE.findall(text)) else "no title in <<double angular brackets>>"


def _two(text: str) -> str:
    parts = [part.strip() for part in text.split("******")]
    answers = [part for part in parts if part]
    whole = len(answers) == 2 and all(parts[1:-1])
    if not whole:
        return f"{len(answers)} responses between lines of ******, not 2"
    return "the two responses are the same" if answers[0] == answers[1] else ""


def _repeated(text: str, *, prompt_to_repeat: str) -> str:
    same = text.strip().lower().startswith(prompt_to_repeat.strip().lower())
    return "" if same else "doesn't begin with the prompt repeated"


def _ends(text: str, *, end_phrase: str) -> str:
    said = text.strip().strip('"').lower()
    return "" if said.endswith(end_phrase.strip().lower()) else f"ends with {said[-40:]!r}"


def _quoted(text: str) -> str:
    said = text.strip()
    return "" if len(said) > 1 and said[0] == said[-1] == '"' else "doesn't stand in double quotation marks"


def _capitals(text: str, *, capital_frequency: int, capital_relation: str = "at least") -> str:
    found = sum(word.isupper() for word in _WORD.findall(text))
    return _count(found, capital_frequency, capital_relation, "words in capitals")


def _upper(text: str) -> str:
    return "" if text.isupper() else f"{sum(letter.islower() for letter in text)} small letters"


def _lower(text: str) -> str:
    return "" if text.islower() else f"{sum(letter.isupper() for letter in text)} capitals"


def _commas(text: str) -> str:
    return f"{text.count(',')} commas" if "," in text else ""


CHECKS: Mapping[str, Check] = {
    "keywords:existence": _keywords,
    "keywords:frequency": _frequency,
    "keywords:forbidden_words": _forbidden,
    "keywords:letter_frequency": _letters,
    "length_constraints:number_words": _words,
    "length_constraints:number_sentences": _sentences,
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:nth_paragraph_first_word": _first_word,
    "detectable_content:number_placeholders": _placeholders,
    "detectable_content:postscript": _postscript,
    "detectable_format:number_bullet_lists": _bullets,
    "detectable_format:constrained_response": _constrained,
    "detectable_format:number_highlighted_sections": _highlights,
    "detectable_format:multiple_sections": _sections,
    "detectable_format:json_format": _json,
    "detectable_format:title": _title,
    "combination:two_responses": _two,
    "combination:repeat_prompt": _repeated,
    "startend:end_checker": _ends,
    "startend:quotation": _quoted,
    "change_case:capital_word_frequency": _capitals,
    "change_case:english_capital": _upper,
    "change_case:english_lowercase": _lower,
    "punctuation:no_comma": _commas,
}
"""All of IFEval's but `language:response_language`, which no rule sees."""
