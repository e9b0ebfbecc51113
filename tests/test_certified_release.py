"""A release holds drafts that nobody read only where a certificate vouches for them, or its recipe says otherwise."""

import json

import pytest
from typer.testing import CliRunner

from outcross.certificate.record import Certificate
from outcross.cli import app
from outcross.data.recipe_tables import Certification
from outcross.data.release.read import read
from outcross.data.release.verify import verify
from outcross.data.review.items import Item
from outcross.data.stores import vault
from outcross.tasks import release as releasing
from outcross.tasks.certifying.certify import UNCERTIFIED
from outcross.tasks.certifying.recompute import recompute
from outcross.tasks.mixing.candidates import candidates
from outcross.tasks.release import release
from tests import make
from tests.certified import accept, decide, drafts, recipe
from tests.judging import sit_down


@pytest.fixture
def asked(home):
    """A recipe whose home has 40 rows of people's and 120 accepted drafts."""
    made = recipe(home)
    people = [make.human(f"It adds {n} and {n + 1}.") for n in range(40)]
    seeds = [make.human(f"It takes {n} from {n + 3}.") for n in range(120)]
    vault.add(home, made.name, [*(("mixture", one) for one in people), *(("seed", one) for one in seeds)])
    accept(home, made, drafts(120))
    return made


def test_without_a_certificate_drafts_that_nobody_read_weigh_nothing(home, asked):
    decide(home, asked, drafts(120)[:20])
    made = release(home, asked)
    assert set(read(asked.name, home=home.root)["klass"]) == {"human", "reviewed"}
    assert {"reason": UNCERTIFIED, "rows": 100} in made.manifest()["left_out"]
    page = (made.folder / "evidence.html").read_text()
    assert "58 more audits without an error would prove 5 %, about 58 minutes" in page
    assert not (made.folder / "certificates.json").exists()


def test_a_recipe_may_say_that_they_weigh_anyway(home, asked):
    decide(home, asked, drafts(120)[:20])
    bold = asked.model_copy(update={"certificate": Certification(without="weigh anyway")})
    assert len(candidates(home, bold).rows) == 160
    assert len(candidates(home, asked).rows) == 60


def test_a_certificate_goes_with_the_rows_that_it_speaks_of_and_can_be_computed_again(home, asked):
    decide(home, asked, drafts(120)[:90])
    made = release(home, asked)
    (said,) = json.loads((made.folder / "certificates.json").read_text())
    rows = read(asked.name, home=home.root)
    assert said["rows"] == sorted(rows.filter(klass="unreviewed")["sample_id"]) != []
    certificate = Certificate.model_validate(said["certificate"])
    recompute(certificate, said["certificate_id"], home, asked)
    assert made.manifest()["certificates"][0]["certificate_id"] == said["certificate_id"]
    proven = CliRunner().invoke(app, ["verify", asked.name, "--home", str(home.root)])
    assert f"Certificate {said['certificate_id'][:12]} follows from the audits" in proven.output
    page = (made.folder / "evidence.html").read_text()
    assert "with 95 % confidence" in page
    assert said["certificate_id"] in page
    verify(home, made)
    assert release(home, asked).version == made.version


def test_each_row_keeps_its_certificate_though_a_reviewer_takes_up_audits_meanwhile(home, asked, monkeypatch):
    decide(home, asked, drafts(120)[:90])
    weighed = releasing.mix

    def then_somebody_looks(home, recipe):
        mixed = weighed(home, recipe)
        queue = sit_down(home, "ada")
        queue.enqueue(Item.of(one, recipe=asked.name, source="audit", incl_prob=1.0) for one in drafts(120)[90:])
        queue.claim("ada")
        return mixed

    monkeypatch.setattr(releasing, "mix", then_somebody_looks)
    made = releasing.release(home, asked)
    (said,) = json.loads((made.folder / "certificates.json").read_text())
    rows = read(asked.name, home=home.root)
    assert said["rows"] == sorted(rows.filter(klass="unreviewed")["sample_id"]) != []
    assert made.manifest()["certificates"][0]["certificate_id"] == said["certificate_id"]


def test_the_command_says_what_is_missing_and_then_what_is_proven(home, asked):
    runner = CliRunner()
    said = runner.invoke(app, ["certify", "mine", "--home", str(home.root)])
    assert said.exit_code == 0
    assert "78 more audits without an error" in " ".join(said.stdout.split())
    decide(home, asked, drafts(120)[:80])
    said = " ".join(runner.invoke(app, ["certify", "mine", "--home", str(home.root)]).stdout.split())
    assert "are wrong in at most" in said
    assert "80 of 120" in said
