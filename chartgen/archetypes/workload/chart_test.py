"""The pod that `helm test` runs, as chart values."""

from __future__ import annotations

from chartgen.archetypes.archetype import Surroundings, Values
from chartgen.manifest.kubernetes_services import KubernetesService, services_of
from chartgen.manifest.resolved import ResolvedService
from chartgen.vocabulary.chart_tests import ChartTest, TestsSection
from chartgen.vocabulary.connections import Published

TEST_LABEL = "relman.internal/test-of"
"""Label of the pods that `helm test` runs, with the service's name; nothing else selects them."""


def build_chart_test(service: ResolvedService, around: Surroundings) -> Values:
    """Return `test`, or nothing where no image is declared, or the service has nothing to ask.

    The pod asks the Service for clients, else the headless one, by its name in the own namespace.
    """
    model = service.model
    section = around.place.tests
    if section is None or not isinstance(model, Published) or model.test is False:
        return {}
    asked = next(services_of(model), None)
    stated = model.test or ChartTest()
    checks = _checks(asked, stated) if asked else {}
    if asked is None or not checks:
        return {}
    return {
        "test": {
            "image": _image(section, around),
            **_pull_secrets(section, service, around),
            "service": asked.name,
            "timeoutSeconds": stated.timeout,
            **checks,
        }
    }


def _checks(asked: KubernetesService, test: ChartTest) -> Values:
    ports = {name: port.number for name, port in asked.ports.items() if port.port.protocol == "TCP"}
    if test.port:
        ports = {test.port: ports[test.port]} if test.port in ports else {}
    if not ports:
        return {}
    if test.path:
        return {"path": test.path, "ports": dict([next(iter(ports.items()))])}
    return {"ports": dict(sorted(ports.items()))}


def _image(section: TestsSection, around: Surroundings) -> Values:
    registry = around.registries[section.image.registry]
    found = {
        "registry": registry.host,
        "repository": section.image.repository,
        "tag": section.version,
        "digest": section.image.digest,
        "pullPolicy": section.image.pull_policy,
    }
    return {key: value for key, value in found.items() if value is not None}


def _pull_secrets(section: TestsSection, service: ResolvedService, around: Surroundings) -> Values:
    own = around.registries[section.image.registry].pull_secret
    named = [*([own] if own else []), *around.place.namespaces[service.namespace].pull_secrets]
    return {"pullSecrets": list(dict.fromkeys(named))} if named else {}
