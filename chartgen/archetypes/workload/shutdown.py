"""How long a stopping pod goes on serving.

Whoever finds a service through a registry goes on calling it until every cache between has forgotten it, whatever
Kubernetes says about readiness (T067). The sums are of the defaults of the programs, in seconds:

    eureka  30 response cache of the server + 30 fetch of the client + 35 cache of Spring Cloud LoadBalancer = 95
    nacos   10 poll of the client when a push was lost               + 35 cache of Spring Cloud LoadBalancer = 45

Ribbon, before LoadBalancer, refreshes every 30 seconds, so the sums cover it. They count from the moment the instance
is taken out of the registry, which is what `deregister` is for.
"""

from __future__ import annotations

from collections.abc import Mapping

from chartgen.vocabulary.spring import Discovery
from chartgen.vocabulary.workload import Workload

_LOAD_BALANCER = 35
_ENDPOINTS = 10
"""Seconds until Services, Ingresses and their proxies have noticed (T066)."""
DRAIN: Mapping[Discovery, int] = {"none": _ENDPOINTS, "eureka": 30 + 30 + _LOAD_BALANCER, "nacos": 10 + _LOAD_BALANCER}


def drain_seconds(model: Workload) -> int:
    """Return how many seconds a stopping pod of this workload goes on serving."""
    return DRAIN[model.discovery] if model.drain is None else model.drain
