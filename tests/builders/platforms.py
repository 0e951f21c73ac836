"""Small umbrella charts for relman's tests, written by hand and described by a real bill of materials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helmkit.bom import (
    SCHEMA,
    BillOfMaterials,
    EnvironmentEntry,
    Migration,
    NamespaceEntry,
    ServiceEntry,
    render_bom,
)
from helmkit.charts import build_archive, content_digest, subchart, subchart_values, values_digest, write_chart
from helmkit.freeze import FreezeWindow
from helmkit.yaml import dump_yaml

_LABELS = """app: {{ .Release.Name }}"""

_SERVICE = """apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {app: {{ .Release.Name }}}
  ports: [{name: http, port: 80}]
"""

_WORKLOAD = """apiVersion: apps/v1
kind: %(kind)s
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicaCount }}
%(extra)s
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
    spec:
      containers:
        - name: main
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          env:
            - {name: LEVEL, value: "{{ .Values.level }}"}
            - {name: DB_PASSWORD, value: "{{ .Values.password }}"}
"""

_CLAIM = """
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {%saccessModes: [ReadWriteOnce], resources: {requests: {storage: %s}}}"""

_EXTERNAL = """apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  ports: [{name: http, port: 80}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: {{ .Release.Name }}-1
  labels:
    kubernetes.io/service-name: {{ .Release.Name }}
addressType: IPv4
ports: [{name: http, port: 80}]
endpoints: [{addresses: ["{{ .Values.address }}"]}]
"""


@dataclass(frozen=True)
class Service:
    """One service of a test platform."""

    key: str
    namespace: str
    tag: str = "1"
    kind: str = "Deployment"
    """`Deployment`, `StatefulSet` or `External`."""
    replicas: int = 1
    level: str = "info"
    """In the environment's values, so that it changes the values digest alone."""
    depends_on: tuple[str, ...] = ()
    release: str = ""
    since: str = ""
    """The platform version its chart has; the platform's own when empty."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """More templates, by file name."""
    rollback: str = ""
    """A limit on rolling back, as text."""
    node_ports: tuple[int, ...] = ()
    headless: str = ""
    """Of a StatefulSet: its `serviceName`; the release's name when empty."""
    claim: str = ""
    """Of a StatefulSet: the size of its claim `data`; empty: it has none."""
    storage_class: str = ""
    """Of that claim; the cluster's default when empty."""
    selector: str = ""
    """One more label of the selector and of the pods: `tier: a`."""
    migrations: tuple[Migration, ...] = ()
    image: str = "registry.example/app"
    """Without its tag."""

    @property
    def chart(self) -> str:
        """The subchart's name."""
        return f"{self.key}-external" if self.kind == "External" else self.key

    @property
    def archetype(self) -> str:
        """As chartgen calls it."""
        names = {"External": "external-endpoint", "StatefulSet": "statefulset-infra"}
        return names.get(self.kind, "spring-service")

    def chart_files(self, version: str) -> dict[str, bytes]:
        """Return the subchart."""
        return {
            "Chart.yaml": dump_yaml({"apiVersion": "v2", "name": self.chart, "version": version}).encode(),
            "values.yaml": dump_yaml(self._defaults()).encode(),
            **self._templates(),
        }

    def values(self) -> dict[str, Any]:
        """Return its part of the environment's values."""
        return {"address": "192.0.2.7"} if self.kind == "External" else {"level": self.level}

    def _defaults(self) -> dict[str, Any]:
        image = {"repository": self.image, "tag": self.tag}
        return {
            "replicaCount": self.replicas, "image": image, "level": "info", "address": "192.0.2.1",
            "password": f"hidden-{self.tag}",
        }  # fmt: skip

    def _templates(self) -> dict[str, bytes]:
        more = {f"templates/{name}": text.encode() for name, text in self.extra.items()}
        if self.kind == "External":
            return {"templates/external.yaml": _EXTERNAL.encode(), **more}
        extra = "  progressDeadlineSeconds: 600"
        if self.kind == "StatefulSet":
            place = f"storageClassName: {self.storage_class}, " if self.storage_class else ""
            claim = _CLAIM % (place, self.claim) if self.claim else ""
            extra = f"  serviceName: {self.headless or '{{ .Release.Name }}'}{claim}"
        label = f", {self.selector}" if self.selector else ""
        workload = _WORKLOAD.replace("{app: {{ .Release.Name }}}", f"{{app: {{{{ .Release.Name }}}}{label}}}")
        workload = workload % {"kind": self.kind, "extra": extra}
        return {"templates/service.yaml": _SERVICE.encode(), "templates/workload.yaml": workload.encode(), **more}


def build_umbrella(
    version: str, services: Sequence[Service], *, platform: str = "shop", environments: Sequence[str] = ("dev",),
    cluster: str = "", protected: bool = False, gates: Mapping[str, str] | None = None,
    freeze: Sequence[FreezeWindow] = (), pull_secrets: Mapping[str, str] | None = None,
) -> dict[str, bytes]:  # fmt: skip
    """Return an umbrella chart with a bill of materials, as chartgen lays it out."""
    files = {
        "Chart.yaml": dump_yaml({"apiVersion": "v2", "name": platform, "version": version}).encode(),
        "values.yaml": b"{}\n",
    }
    for service in services:
        chart = service.chart_files(service.since or version)
        files |= {f"charts/{service.chart}/{path}": content for path, content in chart.items()}
    entries = {}
    for name in environments:
        every = {"global": {"environment": name}, **{service.chart: service.values() for service in services}}
        files[f"environments/{name}.yaml"] = dump_yaml(every).encode()
        entries[name] = EnvironmentEntry(
            services={service.key: _entry(service, version, files, every) for service in services},
            namespaces={
                one: NamespaceEntry(labels={"team": "shop"}, gate=(gates or {}).get(one, ""))
                for one in sorted({service.namespace for service in services})
            },
            cluster=cluster,
            protected=protected,
            freeze=tuple(freeze),
            pull_secrets=dict(pull_secrets or {}),
        )
    bom = BillOfMaterials(
        schema=SCHEMA, platform=platform, version=version, environments=entries, default_environment=environments[0],
        home_namespace=min(service.namespace for service in services),
    )  # fmt: skip
    files["bom.json"] = render_bom(bom)
    return files


def write_umbrella(folder: Path, version: str, services: Sequence[Service], **options: Any) -> Path:
    """Write an umbrella below `folder/<version>` and return its folder."""
    target = folder / version
    write_chart(target, build_umbrella(version, services, **options))
    return target


def write_package(folder: Path, version: str, services: Sequence[Service], **options: Any) -> Path:
    """Write `<platform>-<version>.tgz` into a folder, as `chartgen build` fills dist/."""
    platform = options.get("platform", "shop")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{platform}-{version}.tgz"
    target.write_bytes(build_archive(platform, build_umbrella(version, services, **options)))
    return target


def _entry(service: Service, version: str, files: Mapping[str, bytes], every: Mapping[str, Any]) -> ServiceEntry:
    values = subchart_values(every, service.chart)
    return ServiceEntry(
        release=service.release or service.key,
        namespace=service.namespace,
        archetype=service.archetype,
        chart=service.chart,
        version=service.since or version,
        content_digest=content_digest(subchart(files, service.chart)),
        values_digest=values_digest(values),
        images=() if service.kind == "External" else (f"{service.image}:{service.tag}",),
        app_version="" if service.kind == "External" else service.tag,
        depends_on=service.depends_on,
        startup_budget=30,
        replicas=service.replicas,
        rollback=service.rollback,
        node_ports=service.node_ports,
        migrations=service.migrations,
    )
