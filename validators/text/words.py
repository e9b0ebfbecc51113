"""Words of a text, and the runs of words that two texts may share."""

import polars as pl

from outcross.validators.text.characters import is_ascii

WORD = r"\w+(?:['’]\w+)*"


def plain(text: pl.Expr) -> pl.Expr:
    """Text as compared: compatibility forms folded (NFKC), lower case, no invisible format characters."""
    return text.map_batches(_plain, return_dtype=pl.String, is_elementwise=True)


def _plain(texts: pl.Series) -> pl.Series:
    # ASCII has neither compatibility forms nor format characters, and is ten times as fast without looking for them.
    places = (~is_ascii(texts)).arg_true()
    others = texts.gather(places).str.normalize("NFKC").str.to_lowercase().str.replace_all(r"\p{Cf}", "")
    return texts.str.to_lowercase().scatter(places, others)


def words(text: pl.Expr) -> pl.Expr:
    """List of a text's words in plain form; an identifier such as `max_size` is one word."""
    return plain(text).str.extract_all(WORD)


def squeezed(text: pl.Expr) -> pl.Expr:
    """The words with one space between: equal for texts that differ in case, spacing or punctuation only."""
    return words(text).list.join(" ")


def runs(texts: pl.DataFrame, column: str, length: int) -> pl.DataFrame:
    """Spread texts over their words, each with the run of words that begins there.

    Runs are hashed to 64 bits. The hash is Polars' own, so it may be compared within one process only
    and never be stored.

    Args:
        texts: has `sample_id` and `column`.
        column: the text to take.
        length: words in a run, at least 1.

    Returns:
        `sample_id`, `row` (of `texts`), `run` (null where fewer than `length` words are left in the text), in
        the order of the text. Texts without a word have no row.
    """
    spread = (
        texts.select("sample_id", words(pl.col(column)).alias("word"))
        .with_row_index("row")
        .explode("word")
        .drop_nulls("word")
        .with_columns(pl.col("word").hash())
    )
    whole = (pl.col("row") == pl.col("row").shift(1 - length)).fill_null(value=False)
    run = pl.struct(pl.col("word").shift(-k).alias(str(k)) for k in range(length)).hash()
    return spread.select("sample_id", "row", pl.when(whole).then(run).alias("run"))


def covered(hit: pl.Expr, length: int) -> pl.Expr:
    """Of a frame made by `runs`: which words lie inside a run of `length` words that is a hit."""
    return pl.any_horizontal(hit.shift(k).fill_null(value=False) for k in range(length))
