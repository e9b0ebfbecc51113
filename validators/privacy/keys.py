"""Keys: the forms in which services hand out keys and tokens, and the places where passwords are written down.

The forms are those that the services document, and that secret scanners such as gitleaks and detect-secrets know.
"""

import re
from collections.abc import Callable, Iterator

from outcross.validators.privacy.finds import Pattern
from outcross.validators.privacy.randomness import is_password, is_random

_BITS = 3.0
"""Per character, that a key of a known form holds at least: 20 random letters hold about 3.7, `aaaabbbbcccc` 1.6."""


def _is_drawn(match: re.Match[str]) -> bool:
    return is_random(match["key"], _BITS)


def _opening(text: str) -> str:
    return f"{text[:4]}…"


# The names of the keys, and their forms: what a key begins with, and the rest, which must look drawn.
_ISSUED = {
    "an AWS access key": [(r"A(?:KIA|SIA)", r"[A-Z2-7]{16}")],
    "a GitHub token": [(r"gh[opusr]_", r"[A-Za-z0-9]{36,251}"), (r"github_pat_", r"[A-Za-z0-9_]{82}")],
    "a GitLab token": [(r"gl(?:pat|dt|rt|ptt|cbt|ft|soat)-", r"[\w.-]{20,64}")],
    "a Slack token": [(r"xox[abeoprs]-", r"[A-Za-z0-9-]{20,250}"), (r"xapp-", r"[A-Za-z0-9-]{20,250}")],
    "a Slack webhook": [(r"hooks\.slack\.com/services/", r"T\w{8,12}/B\w{8,12}/\w{20,26}")],
    "a Google key": [(r"AIza", r"[\w-]{35}"), (r"GOCSPX-", r"[\w-]{28}"), (r"ya29\.", r"[\w-]{40,250}")],
    "a Stripe key": [(r"[sr]k_live_", r"[A-Za-z0-9]{20,128}"), (r"whsec_", r"[A-Za-z0-9+/]{32,64}")],
    "a model provider's key": [(r"sk-", r"(?=[\w-]{0,200}\d)(?=[\w-]{0,200}[A-Z])[\w-]{20,200}")],
    "a Hugging Face token": [(r"hf_", r"[A-Za-z0-9]{34}")],
    "a package registry's token": [(r"npm_", r"[A-Za-z0-9]{36}"), (r"pypi-AgEIcHlwaS5vcmc", r"[\w-]{50,250}")],
    "a SendGrid key": [(r"SG\.", r"[\w-]{22}\.[\w-]{43}")],
    "a DigitalOcean token": [(r"do[opr]_v1_", r"[a-f0-9]{64}")],
    "an age key": [(r"AGE-SECRET-KEY-1", r"[A-Z0-9]{58}")],
}


def _issued() -> Iterator[Pattern]:
    for name, forms in _ISSUED.items():
        for opening, rest in forms:
            shape = re.compile(rf"(?<![\w-]){opening}(?P<key>{rest})(?![\w-])")
            yield Pattern(name, "SECRET", opening, shape, _is_drawn, _opening, score=0.0)


# A header alone is what documentation shows; a key has a line of base64 below it.
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z]{2,9} ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\n){1,4}"
    r"(?:[A-Z][\w-]{1,30}: [^\n]{0,200}\n){0,4}\s{0,4}(?P<key>[A-Za-z0-9+/=]{40,})"
)
_TOKEN = re.compile(r"(?<![\w-])eyJ[\w-]{10,2000}\.eyJ(?P<key>[\w-]{10,4000}\.[\w-]{20,2000})(?![\w-])")
_INTRODUCTION = "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"  # the signature of the token that jwt.io shows
_LOGIN = re.compile(
    r"(?<![\w+.-])[a-z][a-z0-9+]{1,20}://(?P<user>[^\s:/@\"'<>]{1,64}):(?P<key>[^\s:/@\"'<>]{3,100})@(?P<host>[\w.-]{1,253})"
)
_NEARBY = re.compile(r"(?i)localhost$|^127\.|(?:^|\.)example(?:\.\w+)*$|\.test$|\.local$")
_ASSIGNED = re.compile(
    r"(?P<name>pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key|secret[_-]?key|"
    r"private[_-]?key|account[_-]?key|credentials?)[\"']?[ \t]{0,4}(?::=|=>|[:=])[ \t]{0,4}"
    r"[\"'`]?(?P<key>[^\s\"'`,;)&]{8,200})",
    re.I,
)


def _is_a_token(match: re.Match[str]) -> bool:
    return _INTRODUCTION not in match[0] and is_random(match["key"], _BITS)


def _is_a_login(match: re.Match[str]) -> bool:
    return is_password(match["key"]) and not _NEARBY.search(match["host"])


def _is_assigned(match: re.Match[str]) -> bool:
    return is_password(match["key"])


def _name(text: str) -> str:
    return f"{re.split(r'[^A-Za-z_-]', text)[0]}…"


_SUSPICIONS: tuple[tuple[str, str, re.Pattern[str], Callable[[re.Match[str]], bool], Callable[[str], str]], ...] = (
    ("a signed token (JWT)", r"eyJ[^\s]{10,}\.eyJ", _TOKEN, _is_a_token, _opening),
    ("an address with a password in it", r"://[^\s/]+:[^\s/]+@", _LOGIN, _is_a_login, _name),
    ("what looks like a password or key", r"(?i)(?:pass|pwd|secret|token|key|credential)\w{0,7}[\"']?[ \t]{0,4}[:=]",
     _ASSIGNED, _is_assigned, _name),
)  # fmt: skip

KEYS = (
    *_issued(),
    Pattern("a private key", "SECRET", "PRIVATE KEY", _PRIVATE_KEY, _is_drawn, lambda _: "-----BEGIN…", score=0.0),
    *(Pattern(name, "SECRET", gate, shape, real, veil) for name, gate, shape, real, veil in _SUSPICIONS),
)
