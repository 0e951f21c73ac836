"""Spring and the JVM as chart values: probes, variables, options, agents and the time to drain."""

from __future__ import annotations

from typing import Any

import pytest

from chartgen.archetypes.workload.derived_env import complete_env, jvm_options
from chartgen.manifest.env_order import uses
from chartgen.manifest.resolved import ResolvedEnvValue
from chartgen.vocabulary.env import SecretReference
from chartgen.vocabulary.workload import Workload
from tests.builders.releases import EXTERNAL, SPRING, STATEFUL, build, resolve, values_of


def spring(more: str = "") -> dict[str, Any]:
    return values_of(SPRING + more, "gateway", EXTERNAL)


def model(more: str) -> Workload:
    stated = resolve(SPRING, more, EXTERNAL).environments["dev"].services["gateway"].model
    assert isinstance(stated, Workload)
    return stated


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ('jvm = {}\nresources.memory = "1Gi"', ["-XX:MaxRAMPercentage=75.0"]),
        ('jvm.heap = "100%"\nresources.memory = "1Gi"', ["-XX:MaxRAMPercentage=100.0"]),
        ('jvm = { heap_option = "Xmx" }\nresources.memory = "1Gi"', ["-Xmx768m"]),
        ('jvm = { heap = "50%", heap_option = "Xmx" }\nresources.memory = "1500M"', ["-Xmx715m"]),
        ('jvm = { heap = "1%", heap_option = "Xmx" }\nresources.memory = "1Mi"', ["-Xmx1m"]),
        ('jvm = { heap = false, options = ["-Da=b", "-XX:+UseG1GC"] }', ["-Da=b", "-XX:+UseG1GC"]),
        ("", []),
    ],
)
def test_options_of_the_jvm(stated: str, expected: list[str]) -> None:
    assert jvm_options(model(stated + "\n")) == expected


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (None, {"JAVA_TOOL_OPTIONS": "-Da=b"}),
        ("", {"JAVA_TOOL_OPTIONS": "-Da=b"}),
        ("-Da=c", {"JAVA_TOOL_OPTIONS": "-Da=b -Da=c"}),
        (
            SecretReference(secret="s", key="k"),
            {
                "JAVA_TOOL_OPTIONS_OF_SERVICE": SecretReference(secret="s", key="k"),
                "JAVA_TOOL_OPTIONS": "-Da=b $(JAVA_TOOL_OPTIONS_OF_SERVICE)",
            },
        ),
    ],
)
def test_options_that_the_service_states_stand_last(stated: ResolvedEnvValue | None, expected: dict[str, Any]) -> None:
    env = {} if stated is None else {"JAVA_TOOL_OPTIONS": stated}
    found = complete_env(env, model('jvm = { heap = false, options = ["-Da=b"] }\n'))
    assert found == expected
    names = list(found)
    assert all(names.index(used) < names.index(name) for name in found for used in uses(str(found[name])))


GROUPS = ("/actuator/health/liveness", "/actuator/health/liveness", "/actuator/health/readiness")


@pytest.mark.parametrize(
    ("version", "paths", "variables"),
    [
        (None, GROUPS, False),
        ("1.5", ("/health", None, "/health"), False),
        ("2.1.6.RELEASE", ("/actuator/health", None, "/actuator/health"), False),
        ("2.3", GROUPS, True),
        ("3.4.2", GROUPS, True),
    ],
)
def test_spring_boot_before_and_after_2_3(version: str | None, paths: tuple[str | None, ...], variables: bool) -> None:
    stated = f'spring_boot = "{version}"\n' if version else ""
    values = spring(stated)
    kinds = ("startupProbe", "livenessProbe", "readinessProbe")
    assert tuple(values[kind].get("httpGet", {}).get("path") for kind in kinds) == paths
    assert "tcpSocket" in values["livenessProbe"] or paths[1]
    told = {
        "MANAGEMENT_ENDPOINT_HEALTH_PROBES_ENABLED": "true",
        "SERVER_SHUTDOWN": "graceful",
        "SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE": "30s",
    }
    assert values["env"] == (told if variables else {})
    if version:
        infra = values_of(STATEFUL + stated, "zk")
        assert tuple(infra[kind].get("httpGet", {}).get("path") for kind in kinds) == paths


def test_what_the_service_states_of_spring_wins_however_it_is_written() -> None:
    more = """
spring_boot = "2.7"
graceful = "45s"
env."server.shutdown" = "immediate"
env.SPRING_LIFECYCLE_TIMEOUTPERSHUTDOWNPHASE = "5s"
"""
    assert spring(more)["env"] == {
        "MANAGEMENT_ENDPOINT_HEALTH_PROBES_ENABLED": "true",
        "SPRING_LIFECYCLE_TIMEOUTPERSHUTDOWNPHASE": "5s",
        "server.shutdown": "immediate",
    }


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [("", 10), ('discovery = "eureka"', 95), ('discovery = "nacos"', 45), ('discovery = "eureka"\ndrain = "20s"', 20)],
)
def test_the_drain_covers_the_caches_of_the_registry(stated: str, seconds: int) -> None:
    assert spring(stated + "\n")["drainSeconds"] == seconds


def test_profiles_are_a_variable_that_others_may_use() -> None:
    values = spring('profiles = ["dev", "k8s"]\nenv.CHANNEL = "$(SPRING_PROFILES_ACTIVE)"\n')
    assert values["env"] == {"CHANNEL": "$(SPRING_PROFILES_ACTIVE)", "SPRING_PROFILES_ACTIVE": "dev,k8s"}
    assert values["envOrder"] == ["SPRING_PROFILES_ACTIVE"]


def test_an_agent_that_an_init_container_brings() -> None:
    more = """
env.SW_AGENT_NAMESPACE = "mine"
[services.gateway.skywalking]
collector = { endpoint = "db", port = "mysql", form = "namespace" }
namespace = "shop"
image = { registry = "company", repository = "skywalking-java-agent" }
version = "9.3.0-java17"
"""
    values = spring(more)
    assert values["env"] == {
        "JAVA_TOOL_OPTIONS": "-javaagent:/skywalking/agent/skywalking-agent.jar",
        "SW_AGENT_COLLECTOR_BACKEND_SERVICES": "db.data:3306",
        "SW_AGENT_NAME": "gateway",
        "SW_AGENT_NAMESPACE": "mine",
    }
    assert values["volumes"]["skywalking-agent"] == {"mountPath": "/skywalking", "source": {"emptyDir": {}}}
    init = values["initContainers"]["skywalking-agent"]
    assert (init["image"]["tag"], init["mounts"]) == ("9.3.0-java17", {"skywalking-agent": "/skywalking-agent"})
    entry = build(SPRING + more, EXTERNAL).bom.environments["dev"].services["gateway"]
    assert entry.depends_on == ("db",)
    assert "192.168.88.159:5000/skywalking-java-agent:9.3.0-java17" in entry.images


def test_an_agent_in_the_services_own_image() -> None:
    values = spring('skywalking = { collector = "oap:11800", service_name = "web", path = "/agent.jar" }\n')
    assert values["env"]["JAVA_TOOL_OPTIONS"] == "-javaagent:/agent.jar"
    assert values["env"]["SW_AGENT_NAME"] == "web"
    assert values["initContainers"] == {}
