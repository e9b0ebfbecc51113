"""What tests share: a home of their own each, and samples to put in it."""

from pathlib import Path

import pytest

from outcross.data.stores.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home(tmp_path / "home")
