"""Secrets in configuration files (T152): they would stand in the chart, in the ConfigMap and in every history.

Found is what `secrets` finds in texts, and settings of YAML and properties files whose name ends like a secret's. A
message names the file and the line, never what stands there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from chartgen.manifest.checked import View
from chartgen.manifest.config_content import ConfigContent
from chartgen.manifest.findings import Finding
from chartgen.manifest.rules.secrets import find_secret, is_secret
from chartgen.vocabulary.workload import Workload

_SETTING = re.compile(r"^\s*(?:-\s+)?[\"']?([\w.-]+)[\"']?\s*[:=]\s*[\"']?([^\"'\s#,][^\"'#,]*)[\"']?,?\s*$")
_HINT = "keep it in a Secret: volumes.NAME.secret mounts one, and env takes single keys"


def check(views: Iterable[View], contents: Mapping[str, ConfigContent]) -> Iterator[Finding]:
    """Find secrets in the files that services name; those of `contents` that no service names are left out."""
    found = {path: list(_in_content(path, content)) for path, content in contents.items()}
    for view in views:
        for service in view.services.values():
            if isinstance(service.model, Workload):
                for key, stated in service.model.config.items():
                    for message in found.get(stated.from_, ()):
                        yield from view.here(iter([service.finding(("config", key, "from"), message, _HINT)]))


def _in_content(path: str, content: ConfigContent) -> Iterator[str]:
    for name, data in content.files.items():
        try:
            lines = data.decode().splitlines()
        except UnicodeDecodeError:
            continue
        shown = path if content.is_file else f"{path}/{name}"
        for number, line in enumerate(lines, 1):
            fault = _in_line(line)
            if fault:
                yield f"{shown}, line {number}: {fault}"


def _in_line(line: str) -> str | None:
    setting = _SETTING.match(line)
    # Of a dotted name the last part decides: login.password.label is no secret.
    if setting and is_secret(setting[1].rpartition(".")[2], setting[2].strip()):
        return "looks like a secret in clear text"
    return find_secret(line)
