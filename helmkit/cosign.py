"""Signatures of what is in registries, made and checked by the real `cosign`.

A signature is attached to a digest after the push, so published versions stay as they are, and it goes along when they
are promoted. Harbor shows it, and admission policies in clusters check it. Keys only: nothing is sent to public
transparency logs, which would tell the world the names of private platforms.
"""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from helmkit.errors import HelmkitError, TimedOutError, UsageError
from helmkit.process import LimitReachedError, run_process

LIMIT = 120.0
"""Seconds one signature may take."""

_INSTALL = "Install it: go install github.com/sigstore/cosign/v2/cmd/cosign@v2.6.5"
_UNSIGNED = ("no signatures found", "no matching signatures")


class Credentials(Protocol):
    """A user name and a password."""

    @property
    def username(self) -> str:
        """Who."""
        ...

    @property
    def password(self) -> str:
        """The secret; never shown."""
        ...


class NotSignedError(HelmkitError):
    """Nothing that this key made is attached to the artifact."""


class Cosign:
    """Runs cosign for one registry.

    Args:
        environ: Where PATH, HOME, proxies and COSIGN_PASSWORD (of an encrypted key) come from.
        host: The registry.
        credentials: Who we are to it; nobody when None.
        plain_http: Whether it speaks HTTP without TLS.
        ca_file: A certificate authority to trust for it, PEM.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        host: str,
        credentials: Credentials | None,
        *,
        plain_http: bool = False,
        ca_file: Path | None = None,
    ) -> None:
        self._environ = environ
        self._host = host
        self._credentials = credentials
        self._options = ["--allow-http-registry=true"] if plain_http else []
        self._options += [f"--registry-cacert={ca_file}"] if ca_file else []

    async def sign(self, repository: str, digest: str, key: str) -> None:
        """Attach a signature to an artifact. Signing again adds another one, which does no harm.

        Args:
            repository: Without the host.
            digest: Of the manifest.
            key: A file with the private key, or what cosign takes for one (`awskms://…`).

        Raises:
            UsageError: There is no cosign, or no such key.
            HelmkitError: It cannot sign, or cannot push what it made.
        """
        name = f"{self._host}/{repository}@{digest}"
        _require_key(key, f"signing {name}")
        code, said = await self._run(["sign", f"--key={key}", "--tlog-upload=false", "--yes"], name, "signing")
        if code != 0:
            message = f"signing {name} failed: {said}"
            raise HelmkitError(message, hint="Is the key right, and COSIGN_PASSWORD set? It takes the right to push.")

    async def verify(self, repository: str, digest: str, key: str) -> None:
        """Make sure that an artifact carries a signature made with the private half of `key`.

        Raises:
            UsageError: There is no cosign, or no such key.
            NotSignedError: It does not.
            HelmkitError: It could not be found out.
        """
        name = f"{self._host}/{repository}@{digest}"
        _require_key(key, f"verifying the signature of {name}")
        arguments = ["verify", f"--key={key}", "--insecure-ignore-tlog=true", "--output=json"]
        code, said = await self._run(arguments, name, "verifying")
        if code == 0:
            return
        if any(words in said for words in _UNSIGNED):
            message = f"{name} carries no signature of the key {key}"
            raise NotSignedError(message, hint="Do not install it, unless you know why: `chartgen sign` signs it.")
        message = f"verifying the signature of {name} failed: {said}"
        raise HelmkitError(message, hint="Is the key a public one in PEM? It takes the right to pull.")

    async def _run(self, arguments: Sequence[str], name: str, doing: str) -> tuple[int, str]:
        binary = _find_binary(self._environ, f"{doing} {name}")
        async with self._login() as environ:
            try:
                done = await run_process([binary, *arguments, *self._options, name], environ=environ, limit=LIMIT)
            except LimitReachedError as error:
                message = f"{doing} {name} took longer than {LIMIT:g} s and was stopped"
                raise TimedOutError(message, hint="Does the registry answer? Try again.") from error
        return done.returncode, _last_lines(done.stderr.decode(errors="replace"))

    @asynccontextmanager
    async def _login(self) -> AsyncIterator[dict[str, str]]:
        """Give an environment with our credentials in a throw-away file: cosign does not read Helm's."""
        if self._credentials is None or not self._credentials.username:
            yield dict(self._environ)
            return
        with tempfile.TemporaryDirectory(prefix="cosign-") as folder:
            pair = f"{self._credentials.username}:{self._credentials.password}".encode()
            config = {"auths": {self._host: {"auth": base64.b64encode(pair).decode()}}}
            path = Path(folder) / "config.json"
            path.touch(mode=0o600)
            path.write_text(json.dumps(config))
            yield {**self._environ, "DOCKER_CONFIG": folder}


def check_signer(environ: Mapping[str, str], key: str, doing: str) -> None:
    """Make sure that there are a cosign and a key, before anything is published that would stay without a signature.

    Args:
        environ: Where PATH comes from.
        key: As for `Cosign.sign`.
        doing: What needs them, for messages.

    Raises:
        UsageError: One of them is missing.
    """
    _require_key(key, doing)
    _find_binary(environ, doing)


def _find_binary(environ: Mapping[str, str], doing: str) -> str:
    binary = shutil.which("cosign", path=environ.get("PATH", ""))
    if binary is None:
        message = f"{doing} needs cosign, which is not on the PATH"
        raise UsageError(message, hint=_INSTALL)
    return binary


def _require_key(key: str, doing: str) -> None:
    """Refuse a file that is not there, in our own words: cosign's are about anything but the file."""
    if "://" not in key and not Path(key).is_file():
        message = f"{doing} needs a key: there is no file {key}"
        raise UsageError(message, hint="`cosign generate-key-pair` makes cosign.key (sign) and cosign.pub (verify).")


def _last_lines(text: str) -> str:
    """Return what matters of cosign's output: its last words, without its usage advice."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and "WARNING" not in line]
    return " ".join(lines[-3:]) or "it said nothing"
