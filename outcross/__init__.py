"""Outcross: models draft, people decide, and every row can prove where it came from."""
