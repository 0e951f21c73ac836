"""The file that `chartgen harbor ensure --secrets-file` writes: accounts of robots and their secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from helmkit.errors import UsageError


@dataclass(frozen=True)
class Robot:
    """One account; its password is in no repr."""

    registry: str
    username: str
    password: str = field(repr=False)


class _Entry(msgspec.Struct):
    username: str
    password: str


class _File(msgspec.Struct):
    registry: str
    robots: tuple[_Entry, ...] = ()


def load_robot(path: Path, name: str = "") -> Robot:
    """Return one account of the file.

    Args:
        path: JSON: `{"registry": host, "robots": [{"username": …, "password": …}]}`.
        name: Its user name, or what follows the plus sign in it; empty: the only one.

    Raises:
        UsageError: The file cannot be read, or it does not hold exactly one that is meant.
    """
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except (OSError, msgspec.MsgspecError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no JSON with a registry and robots"
        message = f"--secrets-file {path} cannot be used: {why}"
        raise UsageError(message, hint="`chartgen harbor ensure --secrets-file FILE` writes one.") from error
    fitting = [one for one in file.robots if name in ("", one.username, one.username.rpartition("+")[2])]
    if len(fitting) != 1:
        listed = ", ".join(one.username for one in file.robots) or "none"
        message = f"--secrets-file {path}: {len(fitting)} accounts fit {name or 'no name'}"
        raise UsageError(message, hint=f"Name one with --robot. It holds: {listed}.")
    return Robot(file.registry, fitting[0].username, fitting[0].password)
