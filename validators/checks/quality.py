"""Quality: whether a text is written in sound characters and words, and isn't a web page's furniture."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.signals import complete
from outcross.validators.text.flaws import Flaw, worst
from outcross.validators.text.patterns import SYMBOLS, asks, bounded
from outcross.validators.text.prose import prose
from outcross.validators.text.reasons import reason
from outcross.validators.text.streaming import streamed

# What UTF-8 turns into when it is read as Windows-1252: a leading byte, and one of those that may follow it.
_FOLLOWING = r"\x{80}-\x{BF}‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ€"
_MOJIBAKE = rf"[ÃÐÑ][{_FOLLOWING}]|â€[{_FOLLOWING}]|Â[\x{{A0}}-\x{{BF}}]|ï»¿|ðŸ[{_FOLLOWING}]"
_CONTROL = r"[\x{1}-\x{8}\x{B}\x{E}-\x{1F}\x{7F}-\x{9F}]"
_INVISIBLE = r"[\x{200B}\x{2060}\x{FEFF}\x{202A}-\x{202E}\x{2066}-\x{2069}]"
_RUN = "(?i)" + "|".join([f"[{sign}]{{20,}}" for sign in "abcdefghijklmnopqrstuvwxyz!?"] + [r"[0-9.]{400,}"])
_SPACELESS = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_SYMBOL = r"[^\pL\pN\pM\s]"
_LONG_WORD = bounded(r"\b[a-z]{4,}")
_MASHED = bounded(r"\b[a-z]*[bcdfghjklmnpqrstvwxz]{5}[a-z]*")
_ENTITY = r"&(?:nbsp|amp|quot|apos|lt|gt|#39|#x27);"
_FURNITURE = (
    r"lorem ipsum|dolor sit amet|\bwe use (?:\w+ )?cookies\b|\baccept (?:all )?cookies\b|\bcookie (?:policy|settings)\b"
    r"|\bprivacy policy\b|\bterms of (?:use|service)\b|\ball rights reserved\b|\bclick here\b|\bread more\b"
    r"|\bsubscribe to our\b|\bsign up for our\b|\b(?:share|follow us) on (?:facebook|twitter|instagram)\b"
    r"|\benable javascript\b|\bpage (?:not|could not be) found\b|\bskip to (?:main )?content\b|\blog in to\b"
)
_FURNITURE_PART = bounded(rf"(?i)[^.!?\n]*(?:{_FURNITURE})[^.!?\n]*[.!?]*")

# A task about such things may show them.
_ABOUT_CHARACTERS = (
    r"encod|decod|utf|unicode|latin|1252|mojibake|garbled|charset|character|ascii|cafÃ|invisible|zero.width|bom\b"
)
_ABOUT_CASE = r"capital|upper|\bcaps\b|shout|sql|cobol|fortran|assembl|acronym|abbreviation|constant"
_ABOUT_HTML = r"html|xml|entit|escap|svg|\bweb|&\w+;"
_ABOUT_PAGES = (
    rf"{_FURNITURE}|cookie|privacy|newsletter|placeholder|dummy|filler|banner|boilerplate|footer|404|licen[cs]e"
)


@dataclass(frozen=True, kw_only=True)
class Quality:
    """1 without a flaw, 0.5 for one that an expert should see, 0 where hardly anything sound is left.

    Flaws are broken characters (replacement characters, mojibake, control and invisible characters), HTML
    entities, the same letter over and over, words of more than `longest_word` characters or `mean_word` on
    average, more than `symbols` of the characters being symbols, `upper_case` of the letters capital, `mashed` of
    the words without vowels to speak of, and sentences that are a web page's furniture (cookies, lorem ipsum,
    "click here") making more than `furniture` of a text.

    Averages and shares say little about a few words, so they count from `shortest` words up, and only outside
    code, formulas and addresses. A task that is about such things may be full of them. A flaw of the prompt
    never leaves less than `prompt`: a task may hold what is to be mended.

    Source: Rae et al., Scaling Language Models (2021), and NeMo Curator's filters, with the limits set for short
    samples: no least number of words, of stop words or of lines that end in a full stop.
    """

    name: ClassVar[str] = "quality"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.5, accept_from=1.0)
    shortest: int = 20
    mean_word: float = 15.0
    longest_word: int = 1_000
    symbols: float = 0.5
    upper_case: float = 0.7
    mashed: float = 0.4
    furniture: float = 0.5
    prompt: float = 0.5

    def __post_init__(self) -> None:
        shares = (self.symbols, self.upper_case, self.mashed, self.furniture, self.prompt)
        if not (
            self.shortest >= 1 and self.mean_word > 0 and self.longest_word >= 1 and all(0 <= s <= 1 for s in shares)
        ):
            raise RecipeError(
                "quality needs shortest and longest_word from 1, mean_word above 0, and symbols, upper_case, mashed, "
                f"furniture and prompt from 0 to 1, not {self.shortest}, {self.longest_word}, {self.mean_word} and "
                f"{', '.join(map(str, shares))}."
            )

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Look at the prompt and the response."""
        return streamed(self._judge, samples, "prompt", "response")

    def _judge(self, samples: pl.DataFrame) -> pl.DataFrame:
        fields = [
            samples.select("sample_id", "prompt", field=pl.lit(name), text=name) for name in ("response", "prompt")
        ]
        found = _counts(pl.concat(fields)).select("sample_id", "field", *worst(self._flaws()))
        least = pl.when(pl.col("field") == "prompt").then(self.prompt).otherwise(0.0)
        found = found.with_columns(pl.max_horizontal("score", least), reason=reason("the {} {}", "field", "reason"))
        faulty = found.filter(pl.col("score") < 1).sort("score", maintain_order=True)
        return complete(samples, faulty.unique("sample_id", keep="first").drop("field"))

    def _flaws(self) -> list[Flaw]:
        return [*_broken(), *_furniture(self.furniture), *self._odd_words()]

    def _odd_words(self) -> list[Flaw]:
        words, characters = pl.col("words"), pl.col("inked")
        many = words >= self.shortest
        spaced = pl.col("spaceless") < 0.2 * characters
        return [
            Flaw(
                many & spaced & (characters > self.mean_word * words),
                0.5,
                reason("has words of {} characters on average", (characters / words).round(1)),
            ),
            Flaw(
                spaced & (pl.col("longest") > self.longest_word),
                0.5,
                reason("has a word of {} characters", "longest"),
            ),
            Flaw(
                (characters >= 2 * self.shortest) & (pl.col("symbols") > self.symbols * characters) & ~asks(SYMBOLS),
                0.5,
                reason("has {} symbols among {} characters", "symbols", "inked"),
            ),
            Flaw(
                many
                & (pl.col("letters") >= 2 * self.shortest)
                & (pl.col("upper") > self.upper_case * pl.col("letters"))
                & ~asks(_ABOUT_CASE),
                0.5,
                reason("has {} capitals among {} letters", "upper", "letters"),
            ),
            Flaw(
                (pl.col("mashed") >= 3) & (pl.col("mashed") > self.mashed * pl.col("long_words")),
                0.5,
                reason("has {} of {} words without vowels to speak of", "mashed", "long_words"),
            ),
        ]


def _counts(texts: pl.DataFrame) -> pl.DataFrame:
    """`sample_id`, `field`, `prompt` and what the flaws are judged by."""
    raw, said = pl.col("text"), pl.col("prose")
    counts = texts.with_columns(prose=prose(raw)).select(
        "sample_id",
        "field",
        "prompt",
        characters=raw.str.len_chars(),
        replaced=raw.str.count_matches("\ufffd", literal=True),
        mojibake=raw.str.count_matches(_MOJIBAKE),
        controls=raw.str.count_matches(_CONTROL),
        invisible=raw.str.count_matches(_INVISIBLE),
        in_runs=raw.str.extract_all(_RUN).list.join("").str.len_chars(),
        parts=said.str.extract_all(r"\S+"),
        letters=said.str.count_matches(r"\pL"),
        upper=said.str.count_matches(r"\p{Lu}"),
        symbols=said.str.count_matches(_SYMBOL),
        spaceless=said.str.count_matches(_SPACELESS),
        long_words=said.str.count_matches(_LONG_WORD),
        mashed=said.str.count_matches(_MASHED),
        entities=said.str.count_matches(_ENTITY),
        furniture=said.str.extract_all(_FURNITURE_PART).list.join("").str.len_chars(),
        spoken=said.str.strip_chars().str.len_chars(),
    )
    return counts.with_columns(
        words=pl.col("parts").list.len(),
        inked=pl.col("parts").list.join("").str.len_chars(),
        longest=pl.col("parts").list.eval(pl.element().str.len_chars()).list.max(),
    ).drop("parts")


def _broken() -> list[Flaw]:
    """Characters that nobody meant to write."""
    told = ~asks(_ABOUT_CHARACTERS)
    flaws = []
    for column, name in (
        ("replaced", "replacement characters"),
        ("mojibake", "pairs of characters that were read in the wrong encoding"),
        ("controls", "control characters"),
        ("invisible", "invisible characters"),
    ):
        count, said = pl.col(column), reason(f"has {{}} {name}", column)
        much = (count >= 3) & (50 * count > pl.col("characters"))
        flaws += [Flaw(told & much, 0.0, said), Flaw(told & (count > 0), 0.5, said)]
    runs, said = pl.col("in_runs"), reason("has {} characters in runs of the same letter", "in_runs")
    return [
        *flaws,
        Flaw((runs >= 100) & (2 * runs >= pl.col("characters")), 0.0, said),
        Flaw(runs > 0, 0.5, said),
        Flaw((pl.col("entities") > 0) & ~asks(_ABOUT_HTML), 0.5, reason("has {} HTML entities", "entities")),
    ]


def _furniture(share: float) -> list[Flaw]:
    """Sentences that belong to a page and not to its text."""
    said = reason("has {} of {} characters in sentences of a web page's furniture", "furniture", "spoken")
    found = (pl.col("furniture") > share * pl.col("spoken")) & ~asks(_ABOUT_PAGES)
    return [Flaw(found, 0.0, said)]
