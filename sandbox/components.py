"""The programs of a running sandbox: arguments, ports and health checks. Pure.

Every program works in the sandbox's state folder, so paths here are relative to it. That keeps etcd's socket path
short (a socket's path has 108 bytes) and the folder free of paths that point out of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.ports import LOOPBACK, Ports

KUBECONFIG = "kubeconfig"
CERTIFICATE = "certificates/apiserver.crt"
_KEY = "certificates/apiserver.key"
TOKENS = "tokens.csv"
SERVICE_ACCOUNT_KEY = "service-account.key"
STAGES = "stages.yaml"
REGISTRY_CONFIG = "registry.yaml"


@dataclass(frozen=True, kw_only=True)
class Component:
    """One program of the sandbox."""

    name: str
    part: str
    """The part it is built with."""
    program: str
    arguments: tuple[str, ...]
    listens: int | None
    """Its port; None for etcd, which listens on a socket in the state folder."""
    probe_port: int
    """Where its health is asked."""
    probe_path: str
    tls: bool = True


def build_components(ports: Ports) -> tuple[Component, ...]:
    """Return the components in the order they start; etcd and the API server come first and end last."""
    return (_etcd(ports), _apiserver(ports), _registry(ports), _controllers(ports), _scheduler(ports), _kwok(ports))


def render_registry_config(ports: Ports, secret: str) -> str:
    """Return the registry's configuration: files in the state folder, deletion allowed, no telemetry."""
    return f"""\
version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: registry}}
  delete: {{enabled: true}}
  maintenance: {{uploadpurging: {{enabled: false}}}}
http:
  addr: {LOOPBACK}:{ports.registry}
  secret: {secret}
"""


def _etcd(ports: Ports) -> Component:
    return Component(
        name="etcd",
        part="etcd",
        program="etcd",
        # A socket in a folder of mode 0700, because etcd asks nobody who he is. What it advertises must be a URL with
        # a port; a single member never dials it.
        arguments=(
            "--data-dir=etcd",
            "--listen-client-urls=unix://etcd.socket",
            "--advertise-client-urls=http://127.0.0.1:2379",
            "--listen-peer-urls=unix://peer.socket",
            "--initial-advertise-peer-urls=http://127.0.0.1:2380",
            "--initial-cluster=default=http://127.0.0.1:2380",
            "--unsafe-no-fsync",
            # A single member has no rivals to wait a second for before it elects itself.
            "--heartbeat-interval=20",
            "--election-timeout=100",
            "--log-level=warn",
        ),
        listens=None,
        probe_port=ports.api,
        probe_path="/readyz/etcd",
    )


def _apiserver(ports: Ports) -> Component:
    return Component(
        name="kube-apiserver",
        part="kubernetes",
        program="kube-apiserver",
        arguments=(
            f"--bind-address={LOOPBACK}",
            f"--secure-port={ports.api}",
            "--cert-dir=certificates",
            "--etcd-servers=unix://etcd.socket",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={SERVICE_ACCOUNT_KEY}",
            f"--service-account-signing-key-file={SERVICE_ACCOUNT_KEY}",
            f"--token-auth-file={TOKENS}",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.96.0.0/16",
            # There is no second API server to find, and pods cannot reach this one.
            "--endpoint-reconciler-type=none",
            # As on most real clusters; Pod Security still decides per namespace.
            "--allow-privileged=true",
        ),
        listens=ports.api,
        probe_port=ports.api,
        probe_path="/readyz",
    )


def _controllers(ports: Ports) -> Component:
    # node-lifecycle must stay: without it new nodes keep their not-ready taint, and nothing is scheduled.
    absent = (
        "node-ipam-controller",
        "node-route-controller",
        "service-lb-controller",
        "cloud-node-lifecycle-controller",
    )
    return Component(
        name="kube-controller-manager",
        part="kubernetes",
        program="kube-controller-manager",
        arguments=(
            *_served(ports.controllers),
            f"--controllers=*,{','.join(f'-{name}' for name in absent)}",
            f"--root-ca-file={CERTIFICATE}",
            f"--service-account-private-key-file={SERVICE_ACCOUNT_KEY}",
        ),
        listens=ports.controllers,
        probe_port=ports.controllers,
        probe_path="/healthz",
    )


def _scheduler(ports: Ports) -> Component:
    return Component(
        name="kube-scheduler",
        part="kubernetes",
        program="kube-scheduler",
        arguments=_served(ports.scheduler),
        listens=ports.scheduler,
        probe_port=ports.scheduler,
        probe_path="/readyz",
    )


def _served(port: int) -> tuple[str, ...]:
    return (
        f"--kubeconfig={KUBECONFIG}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={port}",
        # The API server's own certificate is good for this address too, and spares making another.
        f"--tls-cert-file={CERTIFICATE}",
        f"--tls-private-key-file={_KEY}",
        # There is one of each; electing it would cost seconds.
        "--leader-elect=false",
        # The defaults spare a real cluster; here they would make 300 pods wait a quarter of a minute.
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    )


def _kwok(ports: Ports) -> Component:
    return Component(
        name="kwok",
        part="kwok",
        program="kwok",
        arguments=(
            f"--kubeconfig={KUBECONFIG}",
            f"--config={STAGES}",
            "--manage-all-nodes",
            f"--server-address={LOOPBACK}:{ports.kwok}",
        ),
        listens=ports.kwok,
        probe_port=ports.kwok,
        probe_path="/healthz",
        tls=False,
    )


def _registry(ports: Ports) -> Component:
    return Component(
        name="registry",
        part="registry",
        program="registry",
        arguments=("serve", REGISTRY_CONFIG),
        listens=ports.registry,
        probe_port=ports.registry,
        probe_path="/v2/",
        tls=False,
    )
