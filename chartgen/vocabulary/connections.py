"""What stands around the pods of a service: how it is reached, by whom, and what it may do in the cluster."""

from __future__ import annotations

from typing import Literal

from chartgen.vocabulary.account import Account, Rule
from chartgen.vocabulary.chart_tests import ChartTest
from chartgen.vocabulary.exposure import Ingresses
from chartgen.vocabulary.metrics import Metrics
from chartgen.vocabulary.network import ServiceNetwork
from chartgen.vocabulary.routes import Routes
from chartgen.vocabulary.scalars import DnsLabel, Entry, ServiceName
from chartgen.vocabulary.service_options import ExposedService


class Published(Entry):
    """What everything with a Service may have, outside the cluster or inside."""

    ingress: Ingresses = {}
    routes: Routes = {}
    """HTTPRoutes of the Gateway API by name."""
    test: ChartTest | Literal[False] | None = None
    """What `helm test` checks, where `[tests]` names an image."""


class Connections(Published):
    """What everything with pods may have."""

    expose: dict[ServiceName, ExposedService] = {}
    """More Services over the same pods, by name."""
    metrics: Metrics | Literal[False] | None = None
    account: Account | None = None
    """A ServiceAccount of its own; also made when `rbac` says something."""
    rbac: dict[DnsLabel, Rule] = {}
    """What the account may do, by a free key."""
    network: ServiceNetwork | bool | None = None
    """Its NetworkPolicy. Default: what `[network]` says; `false` for none."""
