"""Prefect, set up for one process before it is imported: its own folder in the home, quiet, and telling nobody."""

import os
from pathlib import Path

DEFAULTS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # Runs log to Prefect's server; the terminal belongs to progress and to errors in a sentence.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "outcross",
    # Two slow cores need longer than Prefect's 20 s to bring its server up.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_CLI_PROMPT": "false",
}
"""Settings that stand unless the environment says otherwise."""


def prepare(home: Path) -> None:
    """Set Prefect's environment; call before anything imports Prefect.

    With `PREFECT_API_URL` set, that server keeps the runs. Otherwise a private server on the loopback address
    lives as long as the command, and keeps them in the home.
    """
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    if "PREFECT_API_URL" not in os.environ and "PREFECT_HOME" not in os.environ:
        os.environ["PREFECT_HOME"] = str(prefect_home(home))


def prefect_home(home: Path) -> Path:
    """Where a home keeps Prefect's own database."""
    return home.absolute() / "prefect"
