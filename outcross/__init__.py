"""Outcross: models draft, people decide, and every row can prove where it came from."""

from outcross.data.release.read import read, read_arrow, release_path
from outcross.errors import OutcrossError

__all__ = ["OutcrossError", "read", "read_arrow", "release_path"]
