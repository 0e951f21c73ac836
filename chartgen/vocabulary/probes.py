"""Probes: how a pod shows that it has started, lives and may get traffic."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from chartgen.vocabulary.scalars import AbsolutePath, Duration, Entry, PortName, Text


class Probe(Entry):
    """One probe. Exactly one of path, tcp, exec and grpc, or none to take what `probes` says for all."""

    path: AbsolutePath | None = None
    """HTTP GET on this path."""
    scheme: Literal["HTTP", "HTTPS"] | None = None
    """Default: what `probes` says."""
    tcp: bool | None = None
    """Only that the port accepts connections."""
    exec: Annotated[list[Text], Field(min_length=1)] | None = None
    """A command in the container."""
    grpc: bool | None = None
    """The gRPC health protocol."""
    port: PortName | None = None
    """Default: the first port."""
    period: Duration = 10
    """How often; the startup probe asks every 5s unless said."""
    timeout: Duration = 3
    """When an answer counts as none; not longer than the period (T062)."""
    failures: Annotated[int, Field(ge=1)] = 3
    """How many in a row count; for the startup probe it follows from `startup_budget` unless said."""

    @model_validator(mode="after")
    def _one_action(self) -> Self:
        chosen = [name for name in ("path", "tcp", "exec", "grpc") if getattr(self, name)]
        if len(chosen) > 1:
            msg = f"says {' and '.join(chosen)}; a probe does one thing"
            raise ValueError(msg)
        if self.timeout > self.period:
            msg = f"timeout {self.timeout}s is longer than period {self.period}s (T062)"
            raise ValueError(msg)
        return self


class Probes(Entry):
    """All probes of a service.

    A startup probe gives the pod `startup_budget` to start (T056, T057); liveness and readiness begin afterwards. A
    `path` given here serves startup and readiness; liveness then only asks for an open port, because a health path
    that includes other systems must not restart pods (T058). Without any path, spring-service asks Spring Boot's own
    `/actuator/health/liveness` and `/actuator/health/readiness`, and statefulset-infra for an open port.
    """

    path: AbsolutePath | None = None
    """HTTP GET on this path, for startup and readiness."""
    scheme: Literal["HTTP", "HTTPS"] = "HTTP"
    """Certificates are not checked."""
    tcp: bool = False
    """Only that the port accepts connections."""
    exec: Annotated[list[Text], Field(min_length=1)] | None = None
    """A command in the container."""
    grpc: bool = False
    """The gRPC health protocol."""
    port: PortName | None = None
    """Default: the first TCP port."""
    startup_budget: Duration = 120
    """How long a pod may take to start, written as `"300s"`."""
    startup: Probe | Literal[False] | None = None
    """What differs for the startup probe; `false` for none."""
    liveness: Probe | Literal[False] | None = None
    """What differs for the liveness probe, which restarts the container; `false` for none."""
    readiness: Probe | Literal[False] | None = None
    """What differs for the readiness probe, which gives the pod traffic; `false` for none."""
