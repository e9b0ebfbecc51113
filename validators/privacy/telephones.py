"""Telephones: numbers in international, North American, British, German and French notation."""

import re

from outcross.validators.privacy.finds import Pattern

# Before the number, within 40 characters: what tells it from an order, a sum or a date. The
# placeholder of another number tells nothing.
_SPOKEN = re.compile(
    r"(?<!\[)\b(?:tel|telephone|phone|phones|phoned|mobile|cell|cellphone|landline|fax|whatsapp|sms|call|calls|called|dial|"
    r"ring|rang|reach|reached|contact|text|hotline|handy|telefon|telefonnummer|rufnummer|mobil|tél|téléphone|portable|"
    r"appelez)\b",
    re.I,
)
_NEAR = 40
_OPERATORS = "=+*/<>^×·"
# ITU-T E.164: the calling codes that are in use.
_COUNTRY = (
    r"(?:1|7|20|27|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|21[1-368]|2[2-6]\d|29[0178]|35\d|37\d|38[0-35-79]|"
    r"42[013]|50\d|59\d|67\d|68\d|69[0-2]|85[02356]|88[06]|96\d|97\d|99[2-68])"
)
# Ofcom's and the American numbering plan's numbers for drama and documentation.
_DRAMA = re.compile(r"(?:44|0)(?:7700900\d{3}|2079460\d{3}|1632960\d{3}|1914980\d{3}|113496\d{4}|8081570\d{3})")
_FICTION = re.compile(r"1?(?:555\d{7}|\d{3}55501\d{2}|\d{3}5551212)")
_FREE = re.compile(r"1?8(?:00|33|44|55|66|77|88)\d{7}")
_MOBILE = re.compile(r"07\d{3} \d{3} ?\d{3}|0[67](?:[ .]\d{2}){4}|01[567]\d[ /-]\d{7,8}")


def _digits(match: re.Match[str]) -> str:
    return re.sub(r"[^0-9]", "", match[0])


def _spoken_of(match: re.Match[str]) -> bool:
    return bool(_SPOKEN.search(match.string, max(0, match.start() - _NEAR), match.start()))


def _in_a_sum(match: re.Match[str]) -> bool:
    before = match.string[max(0, match.start() - 3) : match.start()].rstrip()[-1:]
    after = match.string[match.end() : match.end() + 3].lstrip()[:1]
    return before in tuple(_OPERATORS) or after in tuple(_OPERATORS)


def _is_made_up(digits: str) -> bool:
    """Reserved, everybody's own to call for free, or 0123456789 and 1111111111."""
    plain = len(set(digits[-7:])) <= 2 or digits[-7:] in "01234567890123456789" or digits[-4:] == "0000"
    american = bool(_FICTION.fullmatch(digits) or _FREE.fullmatch(digits))
    return plain or american or bool(_DRAMA.fullmatch(digits))


def _is_international(match: re.Match[str]) -> bool:
    digits = _digits(match).removeprefix("00")
    before = match.string[max(0, match.start() - 3) : match.start()].rstrip()[-1:]
    added = before.isdigit() or before in (")", "]", "}") or _in_a_sum(match)
    grouped = any(mark in match[0] for mark in " ()/-") or match[0].count(".") > 1
    long = match[0].startswith("+") and match[0][1:].isdigit() and len(digits) >= 10
    told = grouped or long or _spoken_of(match)
    return len(digits) >= 8 and told and not added and not _is_made_up(digits)


def _is_american(match: re.Match[str]) -> bool:
    written = re.search(r"\)|\d[.-]\d{3}[.-]\d", match[0])
    return bool(written or _spoken_of(match)) and not _in_a_sum(match) and not _is_made_up(_digits(match))


def _is_national(match: re.Match[str]) -> bool:
    told = _MOBILE.fullmatch(match[0]) or _spoken_of(match)
    return bool(told) and not _in_a_sum(match) and not _is_made_up(_digits(match))


def _ends(text: str) -> str:
    return f"{text[:3]}…{text[-2:]}"


_NAME, _TOKEN = "a phone number", "PHONE"
_BEFORE = r"(?<![\w.,:/+*=<-])"
_AFTER = r"(?!\w|[.,:/-][0-9])"

TELEPHONES = (
    Pattern(
        _NAME,
        _TOKEN,
        r"(?:\+|00)[1-9](?:[ ()./-]{0,3}[0-9]){6}",
        re.compile(rf"{_BEFORE}(?:\+|00){_COUNTRY}(?:[ ()./-]{{0,3}}[0-9]){{5,13}}{_AFTER}"),
        _is_international,
        _ends,
    ),
    Pattern(
        _NAME,
        _TOKEN,
        r"[2-9][0-9]{2}\)?[ .-]{0,2}[2-9][0-9]{2}[ .-]?[0-9]{4}",
        re.compile(
            rf"{_BEFORE}(?:1[ .-])?(?:\([2-9][0-9]{{2}}\)|[2-9][0-9]{{2}})[ .-]?[2-9][0-9]{{2}}[ .-]?[0-9]{{4}}{_AFTER}"
        ),
        _is_american,
        _ends,
    ),
    Pattern(
        _NAME,
        _TOKEN,
        r"(?:^|[^0-9A-Za-z.,:/+-])\(?0[1-9](?:[ ()./-]{0,3}[0-9]){7}",
        re.compile(rf"{_BEFORE}(?:\(0|0)[1-9](?:[ ()./-]{{0,3}}[0-9]){{7,10}}{_AFTER}"),
        _is_national,
        _ends,
    ),
)
