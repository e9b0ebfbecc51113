"""Where a team's stores lie, and the one secret that lies beside them."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """The folder of all stores; nothing outside it is ever written."""

    root: Path

    @property
    def vault(self) -> Path:
        return self.root / "vault.duckdb"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def queue(self) -> Path:
        return self.root / "review.sqlite"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def recipes(self) -> Path:
        """Recipes that this team wrote, or that `--human` made; they come before the built-in ones."""
        return self.root / "recipes"

    @property
    def spool(self) -> Path:
        """What drafting runs got and the warehouse hasn't taken in yet."""
        return self.root / "spool"

    def audit_key(self) -> bytes:
        """The 32 secret bytes that draw the audit slice, made on first use, readable by their owner only.

        Losing them is safe but changes which rows later audits draw; showing them lets a drafter avoid audits.
        """
        path = self.root / "audit.key"
        if not path.exists():
            self.root.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f".audit.key.{os.getpid()}")
            fresh.touch(mode=0o600)
            fresh.write_bytes(secrets.token_bytes(32))
            try:
                # A link, unlike a rename, never replaces the key that another process has just made.
                path.hardlink_to(fresh)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_bytes()
