"""What leads to a person: found, told without being told on, masked, and left alone where it leads to nobody."""

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.validators.privacy.finds import finds
from outcross.validators.privacy.identifiers import IDENTIFIERS, luhn, mod_97
from outcross.validators.privacy.keys import KEYS
from outcross.validators.privacy.personal import Personal, masked
from outcross.validators.references import References
from outcross.validators.rules import ACCEPTED, BORDERLINE, decide
from outcross.validators.signals import run
from tests.hostile import seconds
from tests.validating import frame

FOUND = [
    ("Write to jane.roe@gmail.com today.", "EMAIL", "j…@gmail.com"),
    ("Jörg <jörg@müller.de>", "EMAIL", "j…@müller.de"),
    ("'ab@web.de'", "EMAIL", "…@web.de"),
    ("Call +44 20 7123 4569 after six.", "PHONE", "+44…69"),
    ("+1 (415) 867-5309", "PHONE", "+1 …09"),
    ("Tel. 0049 30 901820 11", "PHONE", "004…11"),
    ("ring (415) 867-5309", "PHONE", "(41…09"),
    ("415-867-5309 is mine", "PHONE", "415…09"),
    ("phone: 4158675309", "PHONE", "415…09"),
    ("his mobile is 07911 123 457", "PHONE", "079…57"),
    ("Handy: 0171 2345671", "PHONE", "017…71"),
    ("appelez le 01 42 68 53 17", "PHONE", "01 …17"),
    ("Telefon (030) 901821", "PHONE", "(03…21"),
    ("seen at 93.184.215.14 yesterday", "IP", "93…14"),
    ("2a00:1450:4001:82a::200e", "IP", "2a…0e"),
    ("2001:4860:4860:12::8888", "IP", "20…88"),
    ("card 4539 1488 0343 6467", "CARD", "45…67"),
    ("379123456789018", "CARD", "37…18"),
    ("IBAN DE44 5001 0517 5407 3249 31 BIC", "IBAN", "DE…31"),
    ("GB94BARC10201530093459", "IBAN", "GB…59"),
    ("SSN 536-90-4399.", "SSN", "…"),
]
NOBODYS = [
    "user@example.org, a@b.test, me@mail.example.co.uk, noreply@github.com, info@python.org",
    "git@github.com:owner/repository.git",
    "icon@2x.png and weights@features.shape and a @ b.T",
    "@property\n@x.setter",
    "Call (415) 555-0132 or 1-800-356-9377 or 555-867-5309.",
    "Ofcom: 020 7946 0123, 07700 900123",
    "415-867-5309 = -5761, and 800-300-2000=-1500",
    "It grew by +35236450.6, from 5 +12345678901 to 1234567890.",
    "0.0049301234567, 00000000000, 1700000000, 2024-01-02 03:04:05, 20240102T030405",
    "ISBN 978-3-16-148410-0, 0-306-40615-2, ISSN 2049-3630",
    "10.0.0.1 192.168.1.9 127.0.0.1 192.0.2.17 198.51.100.4 203.0.113.9 8.8.8.8 1.2.3.4 255.255.255.0",
    "version 93.184.216.34, v21.3.44.5, ==41.0.7.2, section 21.3.4.5",
    "2001:db8::8a2e:370:7334:1, fe80::1:2:3, ::1, x[2000::3], std::vector, 12:30:45, 3fff:1:2:3::4",
    "4539 1488 0343 6468, 4111 1111 1111 1111, 4242424242424242, 1234567890123456, 0.4539148803436467",
    "DE44 5001 0517 5407 3249 32, GB82 WEST 1234 5698 7654 32, ABCD EFGH 1234",
    "000-12-3456 666-12-3456 912-12-3456 123-00-4567 123-45-0000 078-05-1120 500-20-1000 = -520",
    "3.14159265358979, 6.02214076e23, 1,234,567,890, 2**64 = 18446744073709551616",
]


def said(text: str, field: str = "response") -> tuple[float, str]:
    (row,) = run(Personal(), frame({"response": "Yes.", field: text}), References()).rows(named=True)
    assert row["failure"] is None
    return row["score"], row["reason"]


def mask(text: str) -> str:
    return pl.select(masked(pl.lit(text))).item()


@pytest.mark.parametrize(("text", "token", "veil"), FOUND)
def test_what_leads_to_a_person_is_found_and_masked_but_never_repeated(text, token, veil):
    score, reason = said(text)
    (find,) = finds(text, IDENTIFIERS)
    assert score == 0.5
    assert f"({veil})" in reason
    assert text[find.start : find.end] not in reason
    assert mask(text) == f"{text[: find.start]}[{token}]{text[find.end :]}"


@pytest.mark.parametrize("text", NOBODYS)
def test_what_leads_to_nobody_is_left_alone(text):
    assert said(text) == (1, "")
    assert mask(text) == text


@pytest.mark.parametrize("field", ["prompt", "context", "response", "other"])
def test_every_part_of_a_sample_is_searched_and_named(field):
    score, reason = said("jane.roe@gmail.com", field)
    assert score == 0.5
    assert {"other": "rejected answer"}.get(field, field) in reason


def test_more_than_three_findings_are_counted():
    score, reason = said("a.b@web.de c.d@web.de e.f@web.de g.h@web.de i.j@web.de")
    assert reason.endswith("; and 2 more")
    assert score == 0.5


def test_a_finding_goes_to_a_person_and_rejects_nothing():
    signals = run(Personal(), frame({"response": "a.b@web.de"}, {"response": "nobody"}), References())
    assert decide(signals, {"personal": Personal.rule})["outcome"].to_list() == [BORDERLINE, ACCEPTED]


def test_masking_leaves_nulls_and_clean_rows_as_they_are():
    texts = pl.DataFrame({"t": ["no one", None, "a.b@web.de, +44 20 7123 4569", ""]})
    assert texts.select(masked(pl.col("t")))["t"].to_list() == ["no one", None, "[EMAIL], [PHONE]", ""]


PIECES = st.sampled_from(
    [text for text, *_ in FOUND]
    + NOBODYS
    + ["@", ".", "-", "+", "0", "4539", "1488", "07", "(", ")", ":", "::", "=", "eyJ", "sk-", "password=", "tel", "é"]
    + [" ", "\n", "\u200b", "\x01"]
)  # fmt: skip
TEXTS = st.lists(st.one_of(PIECES, st.text(alphabet="0123456789 .-+@aZ:/()", max_size=12)), max_size=12).map("".join)


@given(TEXTS)
def test_a_masked_text_holds_nothing_more(text):
    assert mask(mask(text)) == mask(text)
    assert said(mask(text)) == (1, "")


@given(TEXTS)
def test_the_fast_look_lets_through_all_that_the_close_look_finds(text):
    for pattern in (*IDENTIFIERS, *KEYS):
        if any(pattern.real(match) for match in pattern.shape.finditer(text)):
            assert pl.select(pl.lit(text).str.contains(pattern.gate)).item(), pattern


@given(st.integers(10**11, 10**15 - 1), st.integers(1, 9))
def test_no_wrong_digit_passes_for_a_card_or_an_account(number, change):
    good = next(f"{number}{digit}" for digit in range(10) if luhn(f"{number}{digit}"))
    assert not luhn(good[:-1] + str((int(good[-1]) + change) % 10))
    bban = f"{number:018}"
    iban = next(f"DE{check:02}{bban}" for check in range(2, 99) if mod_97(f"DE{check:02}{bban}"))
    assert not mod_97(iban[:-1] + str((int(iban[-1]) + change) % 10))


@pytest.mark.parametrize(
    "piece",
    ["a", "@", "a@", "a.", "1", "1 ", "1.", "(1", "+1", "+1(", "4539-", "GB82", "2001:", "a@a.", "-----BEGIN ", "eyJ",
     "sk-A1", "password=", "://a:", "0 1", "a@b.de "],
)  # fmt: skip
def test_hostile_texts_cost_bounded_time(piece):
    text = piece * (200_000 // len(piece))
    sample = frame({"response": text})
    assert seconds(lambda: run(Personal(), sample, References())) < 20
    assert not re.search(r"@", said(text)[1]) or "…@" in said(text)[1]
