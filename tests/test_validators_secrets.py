"""Keys, passwords and ugly words: found where they are, left alone where only their names stand, and never repeated."""

import base64
import random
import string
from pathlib import Path

import pytest

from outcross.validators.checks import lexicon
from outcross.validators.checks.lexicon import INSULTS, THREATS
from outcross.validators.checks.toxicity import Toxicity
from outcross.validators.privacy.randomness import entropy
from outcross.validators.privacy.secrets import Secrets
from outcross.validators.references import References
from outcross.validators.rules import ACCEPTED, BORDERLINE, REJECTED, decide
from outcross.validators.signals import Validator, run
from tests.hostile import seconds
from tests.validating import frame

SEEDED = random.Random(5)


def drawn(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """A key as a service draws it, so that none has to stand in this file."""
    return "".join(SEEDED.choices(alphabet, k=length))


KEYS = [
    ("an AWS access key", "AKIA" + drawn(16, string.ascii_uppercase + "234567")),
    ("a GitHub token", "ghp_" + drawn(36)),
    ("a GitHub token", "github_pat_" + drawn(82)),
    ("a GitLab token", "glpat-" + drawn(20)),
    ("a Slack token", "xoxb-" + drawn(12, "0123456789") + "-" + drawn(24)),
    ("a Google key", "AIza" + drawn(35)),
    ("a Stripe key", "sk_live_" + drawn(24)),
    ("a model provider's key", "sk-" + drawn(24) + "A1" + drawn(24)),
    ("a model provider's key", "sk-proj-" + drawn(40) + "B2"),
    ("a Hugging Face token", "hf_" + drawn(34)),
    ("a package registry's token", "npm_" + drawn(36)),
    ("a SendGrid key", "SG." + drawn(22) + "." + drawn(43)),
    ("a private key", "-----BEGIN RSA PRIVATE KEY-----\n" + drawn(64) + "\n" + drawn(64)),
]
SUSPICIONS = [
    ("a signed token (JWT)", f"eyJ{drawn(20)}.eyJ{drawn(40)}.{drawn(43)}"),
    ("an address with a password in it", f"postgres://app:{drawn(6)}7x{drawn(6)}@db.acme.io/main"),
    ("what looks like a password or key", f"password = '{drawn(7)}9k{drawn(7)}'"),
    ("what looks like a password or key", f'"api_key": "{drawn(15)}4d{drawn(15)}"'),
]
NONE = [
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_" + "x" * 36,
    "sk-your-api-key-goes-here-12345A",
    "the risk-based task-oriented sk-learn-contrib-packages-here",
    "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
    "postgres://user:password@localhost:5432/db and https://user:${TOKEN}@github.com",
    "password=changeme pwd: hunter22 secret='<your secret>' token=${GITHUB_TOKEN}",
    "password = getpass.getpass('Password 1: ')\napi_key=os.environ['API_KEY2']",
    "token: Token2Type, secret_key = settings.SECRET_KEY_1, key=lambda x1: x1[0]",
    "password must be 12 characters or longer: letters and digits",
]


def said(validator: Validator, text: str, field: str = "response") -> tuple[float, str]:
    (row,) = run(validator, frame({"response": "Yes.", field: text}), References()).rows(named=True)
    assert row["failure"] is None
    return row["score"], row["reason"]


@pytest.mark.parametrize(("name", "key"), KEYS, ids=[key[:8] for _, key in KEYS])
def test_a_key_that_a_service_hands_out_rejects_and_is_not_repeated(name, key):
    score, reason = said(Secrets(), f"Set it to {key} and run.")
    assert score == 0
    assert f"the response holds {name}" in reason
    assert key[12:] not in reason


@pytest.mark.parametrize(("name", "text"), SUSPICIONS)
def test_what_only_looks_like_a_secret_goes_to_a_person(name, text):
    score, reason = said(Secrets(), text, "prompt")
    assert score == 0.5
    assert f"the prompt holds {name}" in reason
    assert not any(text[start : start + 12] in reason for start in range(10, len(text) - 12))


@pytest.mark.parametrize("text", NONE)
def test_placeholders_variables_and_documentation_are_no_secrets(text):
    assert said(Secrets(), text) == (1, "")


def test_the_worst_finding_decides():
    samples = frame(
        {"response": SUSPICIONS[2][1], "prompt": KEYS[1][1]}, {"response": SUSPICIONS[2][1]}, {"response": "a"}
    )
    signals = run(Secrets(), samples, References())
    outcomes = decide(signals, {"secrets": Secrets.rule})["outcome"]
    assert outcomes.to_list() == [REJECTED, BORDERLINE, ACCEPTED]


def test_entropy_is_that_of_the_texts_own_letters():
    assert (entropy(""), entropy("aaaa"), entropy("abab"), entropy("abcd")) == (0, 0, 1, 2)


def test_hostile_assignments_cost_bounded_time():
    sample = frame({"response": "password:" * 22_000}, {"response": "token='" + "a1B2" * 49_000})
    assert seconds(lambda: run(Secrets(), sample, References())) < 20


@pytest.mark.parametrize("listed", ["insulting", "threatening"])
def test_a_word_of_the_lexicon_goes_to_a_person_and_is_not_repeated(listed):
    phrase = {"insulting": INSULTS, "threatening": THREATS}[listed][0]
    for written in (phrase, phrase.upper(), f"({phrase})", phrase.replace(" ", "\n")):
        score, reason = said(Toxicity(), f"They wrote: {written}!", "other")
        assert score == 0.5
        assert f"1 {listed}" in reason
        assert phrase not in reason.lower()
    signals = run(Toxicity(), frame({"response": phrase}), References())
    assert decide(signals, {"toxicity": Toxicity.rule})["outcome"].to_list() == [BORDERLINE]


def test_only_whole_words_count():
    for phrase in (*INSULTS, *THREATS):
        assert said(Toxicity(), f"x{phrase}x") == (1, "")
    assert said(Toxicity(), "The flame retardant of Scunthorpe; a chink in the armour; kill the process.") == (1, "")


def test_the_lexicon_is_lower_case_without_repeats_and_not_readable_in_its_file():
    entries = [*INSULTS, *THREATS]
    assert len(set(entries)) == len(entries) > 50
    assert all(entry == entry.lower().strip() for entry in entries)

    source = Path(lexicon.__file__).read_text(encoding="utf-8")
    assert not any(entry in source for entry in entries)
    assert base64.b64encode(entries[0].encode()).decode() in source
