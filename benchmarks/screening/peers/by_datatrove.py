"""datatrove: Gopher's quality and repetition filters, and the signatures of its MinHash deduplication."""

import tempfile

import meter
from datatrove.data import Document
from datatrove.pipeline.dedup.minhash import MinhashDedupSignature
from datatrove.pipeline.filters import GopherQualityFilter, GopherRepetitionFilter
from datatrove.utils.logging import logger
from datatrove.utils.typeshelper import Languages
from datatrove.utils.word_tokenizers import WordTokenizer

ENGLISH = Languages.english
"""By which datatrove takes spaCy's tokenizer."""


class Split(WordTokenizer):
    """The cheapest tokenizer there is, so that the filters themselves are compared."""

    def word_tokenize(self, text: str) -> list[str]:
        return text.split()

    def sent_tokenize(self, text: str) -> list[str]:
        return [text]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]


def default(texts: list[str]) -> None:
    """As its pipelines do: what quality drops, repetition doesn't see."""
    quality, repetition = GopherQualityFilter(), GopherRepetitionFilter()
    documents = (Document(text=text, id="") for text in texts)
    for _ in repetition.run(quality.run(documents)):
        pass


def split(texts: list[str]) -> None:
    """With words between spaces, and both filters on every text."""
    words = Split()
    filters = GopherQualityFilter(language=words), GopherRepetitionFilter(language=words)
    for text in texts:
        document = Document(text=text, id="")
        for one in filters:
            one.filter(document)


def signatures(texts: list[str], language: str | WordTokenizer = ENGLISH) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stage = MinhashDedupSignature(folder, language=language)
        stage.run(Document(text=text, id="") for text in texts)


def split_signatures(texts: list[str]) -> None:
    signatures(texts, Split())


def verdicts(texts: list[str], **limits: int) -> list[str]:
    """Why each text is dropped; empty where it is kept."""
    filters = GopherQualityFilter(**limits), GopherRepetitionFilter()
    documents = (Document(text=text, id="") for text in texts)
    said = ([one.filter(document) for one in filters] for document in documents)
    return [", ".join(answer[1] for answer in answers if answer is not True) for answers in said]


def any_length(texts: list[str]) -> list[str]:
    return verdicts(texts, min_doc_words=1)


if __name__ == "__main__":
    logger.remove()
    meter.main({work.__name__: work for work in (default, split, signatures, split_signatures, verdicts, any_length)})
