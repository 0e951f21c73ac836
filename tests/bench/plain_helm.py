"""The same work done by plain helm, one command after the other, as a script would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from helmkit.bom import EnvironmentEntry, ServiceEntry, parse_bom
from helmkit.yaml import dump_yaml, parse_yaml
from tests.bench.measure import NOTHING, Cost, run


@dataclass(frozen=True)
class PlainHelm:
    """helm on the subcharts of one umbrella, in one environment."""

    helm: Path
    umbrella: Path
    environment: str
    work: Path
    """A folder for values files and archives."""
    environ: Mapping[str, str]

    def _bom(self) -> EnvironmentEntry:
        bom = parse_bom((self.umbrella / "bom.json").read_bytes(), "bom.json")
        return bom.environments[self.environment]

    def services(self) -> Iterator[tuple[str, ServiceEntry]]:
        """Yield every service after those it depends on."""
        waiting = dict(self._bom().services)
        while waiting:
            ready = [key for key, entry in waiting.items() if not waiting.keys() & set(entry.depends_on)]
            for key in sorted(ready):
                yield key, waiting.pop(key)

    def _values(self, entry: ServiceEntry) -> Path:
        everything = parse_yaml((self.umbrella / "environments" / f"{self.environment}.yaml").read_text())
        values = {**everything.get(entry.chart, {}), "global": everything.get("global", {})}
        values.pop("enabled", None)
        path = self.work / f"{entry.chart}.yaml"
        path.write_text(dump_yaml(values))
        return path

    def upgrade(self, key: str, *, wait: bool) -> Cost:
        """Install or upgrade one service."""
        entry = self._bom().services[key]
        values = self._values(entry)
        chart = self.umbrella / "charts" / entry.chart
        argv: list[str | Path] = [
            self.helm,
            "upgrade",
            "--install",
            entry.release,
            chart,
            "-n",
            entry.namespace,
            "-f",
            values,
        ]
        argv += ["--create-namespace", *(["--wait"] if wait else [])]
        return run(argv, cwd=self.work, environ=self.environ)

    def upgrade_all(self, *, wait: bool) -> Cost:
        """Install or upgrade every service, one after the other."""
        return sum((self.upgrade(key, wait=wait) for key, _ in self.services()), NOTHING)

    def uninstall_all(self) -> Cost:
        """Uninstall every service."""
        total = NOTHING
        for _, entry in self.services():
            argv: list[str | Path] = [
                self.helm,
                "uninstall",
                entry.release,
                "-n",
                entry.namespace,
                "--ignore-not-found",
                "--wait",
            ]
            total += run(argv, cwd=self.work, environ=self.environ)
        return total

    def package_all(self, limit: int | None = None) -> tuple[Cost, int]:
        """Package the subcharts one by one; returns the cost and how many there were."""
        charts = sorted((self.umbrella / "charts").iterdir())[:limit]
        total = NOTHING
        for chart in charts:
            total += run([self.helm, "package", chart, "-d", self.work], cwd=self.work, environ=self.environ)
        return total, len(charts)

    def push_all(self, repository: str) -> Cost:
        """Push the packaged subcharts one by one to another repository."""
        total = NOTHING
        for archive in sorted(self.work.glob("*.tgz")):
            total += run([self.helm, "push", archive, repository, "--plain-http"], cwd=self.work, environ=self.environ)
        return total

    def list_all(self) -> Cost:
        """List the releases of all namespaces."""
        return run([self.helm, "list", "-A", "-o", "json"], cwd=self.work, environ=self.environ)
