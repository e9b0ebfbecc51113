"""Languages: what a text is written in, by the detector CLD2, whose tables are part of its package, and by script."""

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
_FOREIGN = pl.Struct({"language": pl.String, "share": pl.Float64})


def foreign(texts: pl.Series, shortest: int = 0) -> pl.Series:
    """Which language other than English a text is in, and how much of it is in such languages.

    The detector's label counts where it says that it is sure, and never a probability: where it can't tell, which
    is the rule for short or technical texts, a text counts as English. What is written in another script than the
    Latin one isn't English whatever it is.

    Args:
        texts: none is null.
        shortest: bytes of prose, without which a text counts as English.

    Returns:
        `language`, in English and lower case, such as `french`, or empty where it isn't known; and `share`, from
        0 to 1, which is 0 for English.
    """
    plain = prose(pl.col("text")).str.replace_all(_CODED, " ").str.replace_all(_FORMAT, " ")
    plain = plain.str.replace_all(r"\s+", " ").str.strip_chars()
    read = pl.DataFrame({"text": texts}).select(text=plain.str.head(_LONGEST))
    read = read.select(
        pl.when(pl.col("text").str.len_bytes() >= shortest).then("text").otherwise(pl.lit("")).alias("text")
    )
    labels = pl.Series([_labelled(text) for text in read["text"]], dtype=_FOREIGN)
    found = read.select(script=_other_script(read["text"])).with_columns(label=labels).unnest("label")
    return found.select(pl.struct("language", share=pl.max_horizontal("share", "script")).alias("foreign"))["foreign"]


def _other_script(texts: pl.Series) -> pl.Series:
    """The share of letters that aren't Latin, which is 0 in ASCII."""
    places = (~is_ascii(texts)).arg_true()
    letters, latin = pl.col("text").str.count_matches(r"\pL"), pl.col("text").str.count_matches(r"\p{Latin}")
    share = pl.when(letters > 0).then((letters - latin) / letters).otherwise(0.0)
    found = texts.gather(places).to_frame("text").select(share.alias("share"))["share"]
    return pl.repeat(0.0, len(texts), dtype=pl.Float64, eager=True).scatter(places, found)


def _labelled(text: str) -> dict[str, str | float]:
    if not text:
        return {"language": "", "share": 0.0}
    try:
        sure, _, found = pycld2.detect(text)
    except pycld2.error:
        sure, found = False, ()
    others = [(name, percent) for name, code, percent, _ in found if code not in ("en", "un") and name[:2] != "X_"]
    if not (sure and others):
        return {"language": "", "share": 0.0}
    return {
        "language": others[0][0].lower().replace("chineset", "chinese"),
        "share": min(1.0, sum(percent for _, percent in others) / 100),
    }
