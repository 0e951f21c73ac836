"""Credentials from a kubeconfig's exec plugin (`aws eks get-token`, `kubelogin`, …).

lightkube knows the plugin protocol up to v1beta1, hands plugins this process's environment and does not tell them
that nobody can answer a prompt; so this is ours.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import httpx2
import msgspec

from helmkit.kube.transport import LoginFailedError
from helmkit.process import LimitReachedError, run_process

_LIMIT = 60.0
"""Seconds a plugin may take; some open a browser."""
_VERSIONS = frozenset(f"client.authentication.k8s.io/{version}" for version in ("v1", "v1beta1", "v1alpha1"))


class ExecLogin(httpx2.Auth):
    """Asks the plugin for a token, and again when the cluster no longer accepts it.

    Args:
        plugin: The `exec` of the kubeconfig's user.
        environ: What the plugin runs in, besides its own `env`.
    """

    def __init__(self, plugin: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        self._plugin = plugin
        self._environ = environ
        self._token = ""

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Send the request with a token, at most twice."""
        used = self._token = self._token or await self._ask()
        request.headers["Authorization"] = f"Bearer {used}"
        response = yield request
        if response.status_code == 401:
            # Another request may have fetched a new one meanwhile.
            if self._token == used:
                self._token = await self._ask()
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    async def _ask(self) -> str:
        version = str(self._plugin.get("apiVersion"))
        if version not in _VERSIONS:
            msg = f"the kubeconfig's exec plugin speaks {version}, which is not known"
            raise LoginFailedError(msg)
        info = {"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": False}}
        environ = {
            **self._environ,
            **{str(one["name"]): str(one["value"]) for one in self._plugin.get("env") or ()},
            "KUBERNETES_EXEC_INFO": msgspec.json.encode(info).decode(),
        }
        command = str(self._plugin.get("command"))
        # Looked up here, because the plugin's own environment is not the one this process searches programs with.
        argv = [shutil.which(command, path=environ.get("PATH")) or command, *map(str, self._plugin.get("args") or ())]
        try:
            result = await run_process(argv, environ=environ, limit=_LIMIT)
        except (OSError, LimitReachedError) as error:
            msg = f"the kubeconfig's exec plugin {command} did not answer: {error}"
            raise LoginFailedError(msg) from error
        if result.returncode != 0:
            said = result.stderr.decode(errors="replace").strip()[-500:]
            msg = f"the kubeconfig's exec plugin {command} failed: {said or f'exit code {result.returncode}'}"
            raise LoginFailedError(msg)
        return _token(result.stdout, command)


def _token(output: bytes, command: str) -> str:
    try:
        return str(msgspec.json.decode(output)["status"]["token"])
    except (msgspec.DecodeError, KeyError, TypeError):
        msg = f"the kubeconfig's exec plugin {command} gave no token (client certificates are not supported)"
        raise LoginFailedError(msg) from None
