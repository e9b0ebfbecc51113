"""Identifiers: what leads to a person, in the forms that a pattern can tell from other numbers and words.

Addresses, networks and numbers that standards reserve for documentation lead to nobody and are none.
"""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network

from outcross.validators.privacy.finds import Pattern
from outcross.validators.privacy.telephones import TELEPHONES

_GENERIC = frozenset({
    "com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "name", "pro", "app", "dev", "xyz", "online",
    "site", "tech", "store", "cloud", "club", "blog", "email", "live", "shop", "asia", "cat", "jobs", "mobi",
    "tel", "travel", "coop", "museum", "aero", "arpa", "berlin", "hamburg", "koeln", "bayern", "london", "paris",
    "nyc", "swiss", "wien", "wiki", "world", "space", "website", "work", "agency", "digital", "design", "media",
    "network", "page", "one", "top", "vip", "click", "link", "life", "news", "today", "team", "group", "company",
    "solutions", "services", "systems", "software", "science", "academy", "education", "university", "global",
    "international", "health", "care", "foundation", "ngo", "ong", "gmbh", "ltd", "inc", "llc", "law",
    "consulting", "finance", "bank", "fund", "studio", "art", "photography", "music", "games", "fun", "zone",
    "run", "codes", "support", "guru", "expert", "tools", "community", "social", "chat",
})  # fmt: skip
"""Top-level domains that people write from, beside the two letters of countries; `x@y.shape` is arithmetic."""

# RFC 2142 names the mailboxes of an organization; the others answer nobody.
_ROLES = frozenset({
    "info", "marketing", "sales", "support", "abuse", "noc", "security", "postmaster", "hostmaster", "webmaster",
    "usenet", "news", "www", "uucp", "ftp", "git", "hg", "svn", "noreply", "no-reply", "donotreply",
    "do-not-reply", "root", "admin", "user", "username", "you", "your", "name", "foo", "bar",
})  # fmt: skip
# RFC 2606 and RFC 6762; and the names that forms show where one's own goes.
_RESERVED = re.compile(
    r"(?:^|\.)(?:example|test|invalid|localhost|local|internal|(?:example|(?:my|your)?(?:domain|company|site|host|org))"
    r"\.(?:com|net|org|[a-z]{2}|co\.[a-z]{2}))$"
)
_PICTURE = re.compile(r"^[1-4]x\.")

_MAIL = re.compile(r"(?<![\w.%+@-])[\w.%+-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![\w@-])")


def _reaches_a_person(match: re.Match[str]) -> bool:
    local, _, domain = match[0].lower().rpartition("@")
    country_or_generic = domain.rpartition(".")[2]
    known = len(country_or_generic) == 2 or country_or_generic in _GENERIC
    return known and local not in _ROLES and not _RESERVED.search(domain) and not _PICTURE.match(domain)


_DOCUMENTED_6 = IPv6Network("3fff::/20")  # RFC 9637, which Python 3.11's own table lacks
_UNICAST_6 = IPv6Network("2000::/3")
_VERSION = re.compile(
    r"(?:[=<>~^]|\b(?:v|ver|versions?|release[ds]?|section|chapter|clause|table|figure|oid))[\s:.]{0,3}$", re.I
)
_LOWEST = 20
_FAMILIAR = frozenset({"123.45.67.89", "123.123.123.123", "123.4.5.6"})


def _is_a_public_ipv4(match: re.Match[str]) -> bool:
    """Four small numbers are a version, a section, or a resolver that everybody uses, such as 8.8.4.4."""
    try:
        address = IPv4Address(match[0])
    except AddressValueError:
        return False
    large = any(int(part) >= _LOWEST for part in match[0].split("."))
    before = match.string[max(0, match.start() - 12) : match.start()]
    somebodys = address.is_global and not address.is_multicast and match[0] not in _FAMILIAR
    return large and somebodys and not _VERSION.search(before)


def _is_a_public_ipv6(match: re.Match[str]) -> bool:
    """`[2000::3]` is a slice; an address has four groups or more written out."""
    try:
        address = IPv6Address(match[0])
    except AddressValueError:
        return False
    written = sum(map(bool, match[0].split(":")))
    return written >= 4 and address in _UNICAST_6 and address.is_global and address not in _DOCUMENTED_6


# Issuers' numbers by their first digits, and how long they are.
_ISSUED = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|(?:5[1-5]|2[3-6]|22[3-9]|222|27[01]|2720)\d*|3[47]\d{13}|(?:6011|65|64[4-9])\d*|"
    r"3(?:0[0-5]|[689])\d{11}|35\d{14}|62\d{14,17}"
)
# The numbers that payment services publish for trying out.
_TRIAL = frozenset({
    "4111111111111111", "4242424242424242", "4012888888881881", "4000056655665556", "4222222222222",
    "5555555555554444", "5105105105105100", "2223003122003222", "5200828282828210", "378282246310005",
    "371449635398431", "6011111111111117", "6011000990139424", "30569309025904", "38520000023237",
    "3530111333300000", "3566002020360505", "4000000000000002",
})  # fmt: skip


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _is_a_card(match: re.Match[str]) -> bool:
    digits = re.sub(r"[ -]", "", match[0])
    sixteen = len(digits) == 16 or digits.startswith(("4", "3", "62"))
    return sixteen and bool(_ISSUED.fullmatch(digits)) and digits not in _TRIAL and luhn(digits)


_LENGTHS = {
    15: "NO", 16: "BE", 18: "DK FI FO GL NL FK", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK", 21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
_LENGTH = {country: length for length, countries in _LENGTHS.items() for country in countries.split()}
"""Characters of an IBAN by its country (SWIFT's IBAN registry)."""

# What standards and banks print where they explain the number.
_PRINTED = frozenset({
    "GB82WEST12345698765432", "GB29NWBK60161331926819", "DE89370400440532013000", "DE75512108001245126199",
    "FR1420041010050500013M02606", "CH9300762011623852957", "NL91ABNA0417164300", "ES9121000418450200051332",
})  # fmt: skip


def mod_97(iban: str) -> bool:
    """Whether the two check digits of an IBAN without spaces fit the rest (ISO 13616-1, by ISO/IEC 7064 MOD 97-10)."""
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97 == 1


def _is_an_account(match: re.Match[str]) -> bool:
    iban = match[0].replace(" ", "")
    return _LENGTH.get(iban[:2]) == len(iban) and iban not in _PRINTED and mod_97(iban)


_PUBLISHED = frozenset({"078-05-1120", "219-09-9999", "123-45-6789", "111-11-1111", "111-22-3333"})


def _is_a_social_security_number(match: re.Match[str]) -> bool:
    return match[0] not in _PUBLISHED


def _ends(text: str) -> str:
    return f"{text[:2]}…{text[-2:]}"


def _mailbox(text: str) -> str:
    local, _, domain = text.rpartition("@")
    return f"{local[0] if len(local) > 2 else ''}…@{domain}"


def _nothing(text: str) -> str:  # noqa: ARG001
    return "…"


IDENTIFIERS = (
    Pattern("an e-mail address", "EMAIL", r"[^\s]@[^\s@]", _MAIL, _reaches_a_person, _mailbox),
    Pattern(
        "a bank account's number (IBAN)",
        "IBAN",
        r"[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4} ?[A-Z0-9]{4}",
        re.compile(r"(?<![\w-])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?(?=[A-Z]{0,2}[0-9])[A-Z0-9]{1,3})?(?![\w-])"),
        _is_an_account,
        _ends,
    ),
    Pattern(
        "a payment card's number",
        "CARD",
        r"[2-6][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]",
        re.compile(
            r"(?<![\w.,+-])(?:[2-6][0-9]{3}(?:[ -][0-9]{4}){3}|3[0-9]{3}[ -][0-9]{6}[ -][0-9]{4,5}|[2-6][0-9]{12,18})"
            r"(?!\w|[.,-][0-9])"
        ),
        _is_a_card,
        _ends,
    ),
    Pattern(
        "a US social security number",
        "SSN",
        r"[0-9]{3}-[0-9]{2}-[0-9]{4}",
        re.compile(
            r"(?<![\w.,+*/=<-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?!\w|[.,-][0-9]|\s{0,3}[=*/+-])"
        ),
        _is_a_social_security_number,
        _nothing,
    ),
    Pattern(
        "an IP address",
        "IP",
        r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]",
        re.compile(r"(?<![\w.+-])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w-]|\.[\w])"),
        _is_a_public_ipv4,
        _ends,
    ),
    Pattern(
        "an IP address",
        "IP",
        r"[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]{2}",
        re.compile(r"(?<![\w:.])[23][0-9A-Fa-f]{3}(?::[0-9A-Fa-f]{0,4}){3,7}(?![\w:.]\w?)"),
        _is_a_public_ipv6,
        _ends,
    ),
    *TELEPHONES,
)
