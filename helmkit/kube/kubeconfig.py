"""Kubeconfig files, found and merged as kubectl and helm do it, so that both always mean the same cluster.

lightkube reads one file; here several (`KUBECONFIG=a:b`) become one, and only then lightkube sees them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from helmkit.errors import UsageError
from helmkit.yaml import parse_yaml

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds its own credentials."""

_SECTIONS = {"clusters": "cluster", "users": "user", "contexts": "context"}
_PATHS = {"clusters": ("certificate-authority",), "users": ("client-certificate", "client-key", "tokenFile")}
"""Fields that name files, which are relative to the kubeconfig that holds them."""


@dataclass(frozen=True)
class Settings:
    """One context of a kubeconfig, with the cluster and the user it names."""

    context: str
    namespace: str
    server: str
    user_name: str
    cluster: Mapping[str, Any]
    user: Mapping[str, Any]
    source: str
    """The files it came from, for errors."""


def load_settings(kubeconfig: Path | None, context: str | None, environ: Mapping[str, str]) -> Settings:
    """Find the cluster that helm would talk to with the same arguments.

    Raises:
        UsageError: A file or the context does not exist, or is wrong.
    """
    paths = _paths(kubeconfig, environ)
    present = [path for path in paths if path.is_file()]
    if not present and kubeconfig is None and "KUBERNETES_SERVICE_HOST" in environ:
        return _in_cluster(environ)
    source = ", ".join(str(path) for path in present or paths)
    if not present:
        message = f"no kubeconfig was found: {source} does not exist"
        raise UsageError(message, hint="Name one with --kubeconfig or KUBECONFIG.")
    merged = _merge(present)
    wanted = context or environ.get("HELM_KUBECONTEXT") or merged.get("current-context")
    return _choose(merged, wanted, source)


def _paths(kubeconfig: Path | None, environ: Mapping[str, str]) -> list[Path]:
    if kubeconfig is not None:
        return [kubeconfig]
    named = [Path(part) for part in environ.get("KUBECONFIG", "").split(":") if part]
    return named or [Path(environ.get("HOME", "/")) / ".kube" / "config"]


def _merge(paths: list[Path]) -> dict[str, Any]:
    """Merge as kubectl does: the first file to set something wins."""
    merged: dict[str, Any] = {"clusters": {}, "users": {}, "contexts": {}}
    for path in paths:
        data = _load(path)
        if data.get("current-context"):
            merged.setdefault("current-context", data["current-context"])
        for section, key in _SECTIONS.items():
            for entry in data.get(section) or ():
                content = _absolute(section, entry.get(key) or {}, path.parent)
                merged[section].setdefault(str(entry.get("name")), content)
    return merged


def _load(path: Path) -> dict[str, Any]:
    hint = "Correct it; `kubectl config view` must be able to read it."
    try:
        parsed = parse_yaml(path.read_bytes())
        data = {} if parsed is None else parsed
    except OSError as error:
        message = f"reading the kubeconfig {path} failed: {error.strerror}"
        raise UsageError(message, hint=hint) from error
    except yaml.YAMLError:
        # A YAML error quotes its line, which may hold a token.
        message = f"reading the kubeconfig {path} failed: it is not valid YAML"
        raise UsageError(message, hint=hint) from None
    sections = [data.get(section) for section in _SECTIONS] if isinstance(data, dict) else [False]
    if not all(part is None or _is_list_of_mappings(part) for part in sections):
        message = f"reading the kubeconfig {path} failed: its clusters, users and contexts are no lists of mappings"
        raise UsageError(message, hint=hint)
    return dict(data)


def _is_list_of_mappings(part: object) -> bool:
    return isinstance(part, list) and all(isinstance(entry, dict) for entry in part)


def _absolute(section: str, content: dict[str, Any], folder: Path) -> dict[str, Any]:
    fields = _PATHS.get(section, ())
    return {key: str(folder / value) if key in fields and value else value for key, value in content.items()}


def _choose(merged: Mapping[str, Any], wanted: str | None, source: str) -> Settings:
    known = ", ".join(sorted(merged["contexts"])) or "none"
    if not wanted:
        message = f"no context is chosen: {source} has no current-context"
        raise UsageError(message, hint=f"Name one with --kube-context; there are: {known}.")
    chosen = merged["contexts"].get(wanted)
    if chosen is None:
        message = f"the context {wanted} does not exist in {source}"
        raise UsageError(message, hint=f"Name another one with --kube-context; there are: {known}.")
    cluster = merged["clusters"].get(str(chosen.get("cluster")))
    user = merged["users"].get(str(chosen.get("user"))) if chosen.get("user") else {}
    for what, found in (("cluster", cluster), ("user", user)):
        if found is None:
            message = f"the context {wanted} in {source} names the {what} {chosen.get(what)}, which does not exist"
            raise UsageError(message, hint="Correct the kubeconfig.")
    return Settings(
        context=wanted,
        namespace=str(chosen.get("namespace") or "default"),
        server=str(cluster.get("server") or "http://localhost:8080"),
        user_name=str(chosen.get("user") or ""),
        cluster=cluster,
        user=user,
        source=source,
    )


def _in_cluster(environ: Mapping[str, str]) -> Settings:
    namespace = SERVICE_ACCOUNT / "namespace"
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT", "443")
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    return Settings(
        context="in-cluster",
        namespace=namespace.read_text().strip() if namespace.is_file() else "default",
        server=server,
        user_name="service account",
        cluster={"server": server, "certificate-authority": str(SERVICE_ACCOUNT / "ca.crt")},
        user={"tokenFile": str(SERVICE_ACCOUNT / "token")},
        source=str(SERVICE_ACCOUNT),
    )
