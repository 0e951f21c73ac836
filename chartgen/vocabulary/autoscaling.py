"""Automatic scaling: how many pods run follows what they use."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from chartgen.vocabulary.scalars import Duration, Entry, Key

_LONGEST_WINDOW = 3600
_LONGEST_PERIOD = 1800


class ScalePolicy(Entry):
    """How fast the number of pods may change. Exactly one of pods and percent."""

    pods: Annotated[int, Field(ge=1)] | None = None
    """So many pods in one period."""
    percent: Annotated[int, Field(ge=1)] | None = None
    """So many percent of the pods in one period."""
    period: Duration = 60
    """At most 30 minutes."""

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.pods is None) == (self.percent is None):
            msg = "needs exactly one of pods and percent"
            raise ValueError(msg)
        if not 1 <= self.period <= _LONGEST_PERIOD:
            msg = f"period {self.period}s is not between 1s and 30m"
            raise ValueError(msg)
        return self


class ScaleRule(Entry):
    """What holds in one direction."""

    stabilization: Duration | None = None
    """How far to look back for the calmer answer, at most one hour. Default: 60s up, 300s down."""
    policies: dict[Key, ScalePolicy] = {}
    """By a free key. Default: Kubernetes' own (up: the greater of 4 pods and 100 % in 15 s; down: 100 % in 15 s)."""
    select: Literal["Max", "Min", "Disabled"] = "Max"
    """Which policy counts when there are several; `Disabled` never scales in this direction."""

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        if self.stabilization is not None and self.stabilization > _LONGEST_WINDOW:
            msg = f"stabilization {self.stabilization}s is longer than one hour"
            raise ValueError(msg)
        return self


class Autoscaling(Entry):
    """A HorizontalPodAutoscaler (autoscaling/v2) instead of `replicas`; whoever says one of them takes the other away.

    Targets are percentages of what the service's own container requests, sidecars left out, so the requests must be
    stated (T051). Turning it on for a service that runs already lets Kubernetes fall back to one pod until the
    autoscaler has looked, about 15 seconds: nobody says `replicas` any more.
    """

    min: Annotated[int, Field(ge=1)]
    """Pods that run at least."""
    max: Annotated[int, Field(ge=1)]
    """Pods that run at most; not more than `max_replicas`."""
    cpu: Annotated[int, Field(ge=1)] | Literal[False] = 70
    """Percent of the CPU request that pods should use on average; `false` looks at memory alone."""
    memory: Annotated[int, Field(ge=1)] | None = None
    """Percent of the memory request. A JVM rarely gives memory back, so it scales up and stays there."""
    scale_up: ScaleRule = ScaleRule()
    """How more pods are started."""
    scale_down: ScaleRule = ScaleRule()
    """How pods are taken away."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.min > self.max:
            msg = f"min {self.min} is more than max {self.max}"
            raise ValueError(msg)
        if self.cpu is False and self.memory is None:
            msg = "needs cpu or memory to follow"
            raise ValueError(msg)
        return self
