"""Languages: what a text is written in, by the detector CLD2, whose tables are part of its package, and by script."""

from collections.abc import Mapping

import polars as pl
import pycld2  # type: ignore[import-untyped]

from outcross.validators.text.characters import is_ascii
from outcross.validators.text.prose import prose

_LONGEST = 10_000
"""Characters that are looked at: more don't change what a text is written in."""
_CODED = r"\S*[<>{}=\\|]\S*"
"""Words that are no prose."""
_FORMAT = r"[\pC_]"
"""Characters that the detector refuses; looked for apart, or each would have the rest of a long word read again."""
_DETECTED = {
    code: name.replace("_", " ").title()
    for name, code in reversed(pycld2.LANGUAGES)
    if name in pycld2.DETECTED_LANGUAGES and name[:2] != "X_" and code != "zh-Hant"
}
NAMES: Mapping[str, str] = _DETECTED | {"he": _DETECTED["iw"], "nb": _DETECTED["no"]}
"""Languages that the detector tells, in English, by their ISO 639 codes."""
ENGLISH = "english"

_FOREIGN = pl.Struct({"language": pl.String, "share": pl.Float64})


def foreign(texts: pl.Series, shortest: int = 0, expected: pl.Series | None = None) -> pl.Series:
    """Which language other than the expected one a text is in, and how much of it is in such languages.

    The detector's label counts where it says that it is sure, and never a probability: where it can't tell, which
    is the rule for short or technical texts, a text counts as what is expected. What is written in another script than
    the Latin one isn't English whatever it is.

    Args:
        texts: none is null.
        shortest: bytes of prose, without which a text counts as what is expected.
        expected: the language of each, in English and lower case; English where None.

    Returns:
        `language`, in English and lower case, such as `french`, or empty where it isn't known; and `share`, from
        0 to 1, which is 0 for the expected language.
    """
    wanted = pl.repeat(ENGLISH, len(texts), eager=True) if expected is None else expected
    plain = prose(pl.col("text")).str.replace_all(_CODED, " ").str.replace_all(_FORMAT, " ")
    plain = plain.str.replace_all(r"\s+", " ").str.strip_chars()
    read = pl.DataFrame({"text": texts}).select(text=plain.str.head(_LONGEST))
    read = read.select(
        pl.when(pl.col("text").str.len_bytes() >= shortest).then("text").otherwise(pl.lit("")).alias("text")
    )
    labels = [_labelled(text, language) for text, language in zip(read["text"], wanted, strict=True)]
    script = pl.when(wanted == ENGLISH).then(_other_script(read["text"])).otherwise(0.0)
    found = read.select(script=script).with_columns(label=pl.Series(labels, dtype=_FOREIGN)).unnest("label")
    return found.select(pl.struct("language", share=pl.max_horizontal("share", "script")).alias("foreign"))["foreign"]


def _other_script(texts: pl.Series) -> pl.Series:
    """The share of letters that aren't Latin, which is 0 in ASCII."""
    places = (~is_ascii(texts)).arg_true()
    letters, latin = pl.col("text").str.count_matches(r"\pL"), pl.col("text").str.count_matches(r"\p{Latin}")
    share = pl.when(letters > 0).then((letters - latin) / letters).otherwise(0.0)
    found = texts.gather(places).to_frame("text").select(share.alias("share"))["share"]
    return pl.repeat(0.0, len(texts), dtype=pl.Float64, eager=True).scatter(places, found)


def _labelled(text: str, expected: str) -> dict[str, str | float]:
    if not text:
        return {"language": "", "share": 0.0}
    try:
        sure, _, found = pycld2.detect(text)
    except pycld2.error:
        sure, found = False, ()
    named = [(_name(name), percent) for name, code, percent, _ in found if code != "un" and name[:2] != "X_"]
    others = [(name, percent) for name, percent in named if name != expected]
    if not (sure and others):
        return {"language": "", "share": 0.0}
    return {"language": others[0][0], "share": min(1.0, sum(percent for _, percent in others) / 100)}


def _name(label: str) -> str:
    return label.lower().replace("_", " ").replace("chineset", "chinese")
