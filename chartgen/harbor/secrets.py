"""Where robots' secrets go: Harbor shows each of them once, so there must be a place before one is made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from helmkit.errors import PreflightError, UsageError
from helmkit.harbor import NewSecret


class SecretsFile:
    """A JSON file that only its owner can read; every secret is on the disk before the next one is made.

    Args:
        path: It must not exist: secrets of an earlier run are never overwritten.
        host: The registry they are for.
    """

    def __init__(self, path: Path, host: str) -> None:
        self._path = path
        self._host = host
        self._robots: list[dict[str, str]] = []

    def prepare(self) -> None:
        """Make the file, so that a full disk or a wrong folder shows before anything changed.

        Raises:
            UsageError: It cannot be made.
        """
        try:
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError as error:
            message = f"{self._path} exists, and secrets are never written over others"
            raise UsageError(message, hint="Name another file, or remove it.") from error
        except OSError as error:
            message = f"the secrets cannot be written to {self._path}: {error.strerror}"
            raise UsageError(message, hint="Name a file in a folder you may write to.") from error
        self._write()

    def add(self, secret: NewSecret) -> None:
        """Write one more secret."""
        self._robots.append({"username": secret.name, "password": secret.secret})
        self._write()

    def _write(self) -> None:
        content: dict[str, Any] = {"registry": self._host, "robots": self._robots}
        with self._path.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def refuse_without_place(names: list[str]) -> PreflightError:
    """Return the error for robots whose secrets would have nowhere to go."""
    message = f"the secret of {', '.join(names)} would be shown once and lost: nothing says where to put it"
    return PreflightError(
        message, hint="Give --secrets-file FILE (written with mode 0600), or --show-secrets for stdout."
    )
