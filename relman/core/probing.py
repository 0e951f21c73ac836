"""What a probe saw while services moved: counted, and told per service (pure; W09, O31)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec


class ProbedService(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was seen while one service moved; what moves at the same time shares it."""

    service: str
    requests: int
    failures: int


class ProbeRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What one probe saw during a run. Times are in seconds."""

    url: str
    """Without user, password and query."""
    requests: int
    failures: int
    """Requests without an answer below status 400 in time."""
    longest_gap: float = 0.0
    """The longest stretch in which nothing but failures was seen: from the first of them to the next success."""
    worst_latency: float = 0.0
    """Of the answers that came."""
    first_failure: str = ""
    """A status, or why there was no answer."""
    down_before: bool = False
    """The very first request failed, before anything moved."""
    services: tuple[ProbedService, ...] = ()

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        if not self.requests:
            return f"{self.url}: nothing was asked"
        told = f"{self.url}: {self.failures} of {self.requests} requests failed"
        if self.failures:
            told += f", longest gap {self.longest_gap:.1f} s, first: {self.first_failure}"
        told += f", worst answer {self.worst_latency * 1000:.0f} ms"
        hit = [f"{one.service} {one.failures}" for one in self.services if one.failures]
        told += f" (while they moved: {', '.join(hit)})" if hit else ""
        return told + (" (it failed before anything moved)" if self.down_before else "")


@dataclass(frozen=True)
class Sample:
    """One request."""

    at: float
    """When it was sent, on a monotonic clock."""
    seconds: float
    """Until its answer, or until it was given up."""
    failure: str = ""
    """A status, or why there was no answer; empty when it went well."""


@dataclass(frozen=True)
class Span:
    """A time in which a service moved."""

    begun: float
    ended: float


def summarise(url: str, samples: Iterable[Sample], moved: Mapping[str, Sequence[Span]]) -> ProbeRecord:
    """Return what a probe saw.

    Args:
        url: What it asked, ready to be shown.
        samples: Its requests, in any order.
        moved: When each service moved.
    """
    ordered = sorted(samples, key=lambda one: one.at)
    failed = [one for one in ordered if one.failure]
    return ProbeRecord(
        url=url,
        requests=len(ordered),
        failures=len(failed),
        longest_gap=round(_longest_gap(ordered), 3),
        worst_latency=round(max((one.seconds for one in ordered if not one.failure), default=0.0), 4),
        first_failure=failed[0].failure if failed else "",
        down_before=bool(ordered and ordered[0].failure),
        services=tuple(_of_service(key, ordered, spans) for key, spans in sorted(moved.items())),
    )


def _of_service(key: str, samples: Sequence[Sample], spans: Sequence[Span]) -> ProbedService:
    inside = [
        one for one in samples if any(span.begun <= one.at + one.seconds and one.at <= span.ended for span in spans)
    ]
    return ProbedService(key, len(inside), sum(bool(one.failure) for one in inside))


def _longest_gap(samples: Sequence[Sample]) -> float:
    longest, since = 0.0, -1.0
    for one in samples:
        if one.failure:
            since = one.at if since < 0 else since
            longest = max(longest, one.at + one.seconds - since)
        elif since >= 0:
            longest = max(longest, one.at - since)
            since = -1.0
    return longest
