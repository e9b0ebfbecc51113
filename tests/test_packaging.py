"""What is shipped: the source distribution holds the package whole."""

import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[1]

IMPORTS = """
import outcross
import outcross.cli, outcross.data.release.verify, outcross.flows.release, outcross.tasks.release
import outcross.validators.checks.refusal
from outcross.data.stores.migrate import FOLDER
print(outcross.__file__)
print(len(list(FOLDER.rglob("*.sql"))))
"""


def test_the_source_distribution_imports_from_its_own_files(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path], cwd=ROOT, check=True, text=True
    )
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as bundle:
        names = bundle.getnames()
        bundle.extractall(tmp_path, filter="data")
    assert not [name for name in names if "__pycache__" in name or "/.venv" in name or "/.git/" in name]
    unpacked = tmp_path / archive.name.removesuffix(".tar.gz")
    # Isolated from the checkout: an editable install would otherwise answer for what is missing.
    code = f"import sys; sys.path.insert(0, {str(unpacked)!r})\n{IMPORTS}"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    place, migrations = done.stdout.split()
    assert Path(place).is_relative_to(unpacked)
    assert int(migrations) == len(list((ROOT / "data" / "stores" / "migrations").rglob("*.sql")))
    for name in ("pyproject.toml", "README.md", "LICENSE", "prefect.yaml", "tests/make.py"):
        assert (unpacked / name).is_file(), name
