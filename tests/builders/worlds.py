"""relman's world in memory: a cluster of dictionaries, a helm without processes, time that passes when it is slept."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from helmkit.charts import load_chart
from helmkit.console.progress import SilentProgress
from helmkit.helm import RenderError
from helmkit.helm.memory import MemoryHelm
from helmkit.kube.memory import MemoryKube
from helmkit.yaml import parse_yaml
from relman.actions.ports import World
from relman.core.health import WORKLOADS, workload_health
from relman.core.plan import Plan
from relman.core.record import Who
from relman.execute.control import Control
from relman.lock import LockSettings
from relman.observe.marks import reference
from relman.ports import KubePort

_ACTION = re.compile(r"{{\s*\.(Release|Values)\.([A-Za-z0-9_.]+)\s*}}")


class VirtualClock:
    """Time that passes only when it is slept; everybody who sleeps on it shares it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []
        self.ids = 0
        """How many ids were given out."""

    def now(self) -> str:
        """Return the time, RFC 3339."""
        whole = int(self.seconds)
        return f"2026-01-01T{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}Z"

    def monotonic(self) -> float:
        """Return seconds."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)

    def new_id(self) -> str:
        """Return ids that differ."""
        self.ids += 1
        return f"{self.ids:012x}"


class BackgroundClock(VirtualClock):
    """A clock on which nobody renews a lease in the background, so that time stands still unless somebody waits."""

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once; wait until cancelled when it is a lease's renewal."""
        if seconds == LockSettings().duration / 3:
            await asyncio.Event().wait()
        await super().sleep(seconds)


@dataclass(frozen=True)
class FakeCause:
    """A cause."""

    kind: str
    summary: str
    detail: str = ""
    objects: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True)
class FakeStatus:
    """A rollout's status."""

    state: str
    ready: int
    wanted: int
    message: str
    causes: tuple[FakeCause, ...] = ()


@dataclass(frozen=True)
class FakeOutcome:
    """How a wait ended."""

    state: Literal["ready", "failed", "timed_out"]
    status: FakeStatus
    causes: tuple[FakeCause, ...] = ()


class InstantWatcher:
    """Judges workloads at once: in memory they are ready, or never will be."""

    def __init__(self, kube: KubePort, namespace: str, gate: Callable[[str], Any] | None = None) -> None:
        self._kube = kube
        self._namespace = namespace
        self._gate = gate

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def wait_ready(
        self, objects: Sequence[Mapping[str, Any]], *, time_limit: float, report: Callable[[Any], None] | None = None
    ) -> FakeOutcome:
        """Return how the objects are."""
        for item in objects:
            if self._gate:
                await self._gate(f"{item['kind']}/{item['metadata']['name']}")
        status = await self.snapshot_once(objects)
        if report:
            report(status)
        return FakeOutcome("ready" if status.state == "ready" else "failed", status, status.causes)

    async def snapshot_once(self, objects: Sequence[Mapping[str, Any]]) -> FakeStatus:
        """Return how the objects are."""
        await asyncio.sleep(0)
        ready = wanted = 0
        causes = []
        for item in objects:
            if (item["apiVersion"], item["kind"]) not in WORKLOADS:
                continue
            live = await self._kube.get_object(
                item["apiVersion"], item["kind"], self._namespace, item["metadata"]["name"]
            )
            health = workload_health(live or {})
            ready, wanted = ready + health.ready, wanted + health.wanted
            if health.state != "healthy":
                image = item["spec"]["template"]["spec"]["containers"][0]["image"]
                causes.append(FakeCause("image-not-found", f"image {image} does not exist", objects=(reference(item),)))
        state = "doomed" if causes else "ready"
        return FakeStatus(state, ready, wanted, f"{ready} of {wanted}", tuple(causes))


class Recorder(SilentProgress):
    """Remembers what was reported."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def report(self, name: str, state: str, detail: str = "") -> None:
        """Remember it."""
        self.lines.append(f"{name}: {state} ({detail})")

    def note(self, text: str) -> None:
        """Remember it."""
        self.lines.append(text)


@dataclass
class MemoryWorld:
    """A cluster and everything around it; `world()` is what one command gets."""

    folder: Path
    kube: MemoryKube = field(default_factory=MemoryKube)
    clock: VirtualClock = field(default_factory=BackgroundClock)
    reporter: Recorder = field(default_factory=Recorder)
    control: Control = field(default_factory=Control)
    helm: MemoryHelm = field(init=False)
    gate: Callable[[str], Any] | None = None
    user: str = "anna@laptop"

    def __post_init__(self) -> None:
        self.helm = MemoryHelm(self.kube, render_plainly)

    def world(self, **changes: Any) -> World:
        """Return the world of a new command."""
        self.control = Control()
        world = World(
            kube=self.kube,
            helm=self.helm,
            clock=self.clock,
            reporter=self.reporter,
            watchers=lambda namespace: InstantWatcher(self.kube, namespace, self.gate),
            fetch=_no_registry,
            folder=self.folder / "unpacked",
            who=Who(local_user=self.user),
            control=self.control,
            lock=LockSettings(),
        )
        return replace(world, **changes)

    def done(self) -> list[str]:
        """Return what helm was asked to change, in order: `upgrade gateway`."""
        return [f"{one.name} {one.release}" for one in self.helm.operations if one.name != "template"]


async def agree(plan: Plan, *, protected: bool) -> bool:
    """Go on without asking."""
    return True


def render_plainly(chart: Path, release: str, namespace: str, values: Mapping[str, Any]) -> str:
    """Render a chart by putting values in as they are."""
    files = load_chart(chart)
    defaults = parse_yaml(files.get("values.yaml", b"{}")) or {}
    scopes = {"Release": {"Name": release, "Namespace": namespace}, "Values": {**defaults, **values}}

    def look_up(match: re.Match[str]) -> str:
        value: Any = scopes[match[1]]
        for part in match[2].split("."):
            if part not in value:
                message = f"{match[2]} is not set"
                raise RenderError(message, hint="Set it.")
            value = value[part]
        return str(value)

    texts = [_ACTION.sub(look_up, files[path].decode()) for path in sorted(files) if path.startswith("templates/")]
    return "\n---\n".join(texts)


async def _no_registry(url: str, version: str, *, plain_http: bool) -> tuple[bytes, str]:
    raise AssertionError(url)
