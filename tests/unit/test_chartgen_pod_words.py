"""Chart values of what a pod may have besides its own container: what the words of the release manifest become."""

from __future__ import annotations

from typing import Any

import pytest

from chartgen.build import build_platform
from chartgen.emit.scrape import build_jobs
from chartgen.manifest.archetype_models import MODELS
from chartgen.vocabulary.workload import Workload
from helmkit.errors import InputError
from helmkit.yaml import parse_yaml
from tests.builders.releases import EXTERNAL, SPRING, STATEFUL, build, resolve, values_of

IMAGE = 'image = { registry = "hub", repository = "team/side" }, version = "1"'


def spring(more: str = "") -> dict[str, Any]:
    return values_of(SPRING + more, "gateway", EXTERNAL)


def stateful(more: str = "") -> dict[str, Any]:
    return values_of(STATEFUL + more, "zk")


def test_what_is_not_said_leaves_no_trace() -> None:
    new = {"autoscaling", "tolerations", "spreadZones", "sidecars", "config", "selector", "deregister"}
    assert not new & (spring().keys() | stateful().keys())
    assert spring()["env"] == {}


def test_an_autoscaler_with_its_defaults() -> None:
    values = spring('autoscaling = { min = 2, max = 5 }\nresources.cpu = "250m"\n')
    assert values["replicaCount"] == 2
    assert values["autoscaling"] == {
        "minReplicas": 2,
        "maxReplicas": 5,
        "cpu": 70,
        "behavior": {"scaleUp": {"stabilizationWindowSeconds": 60}, "scaleDown": {"stabilizationWindowSeconds": 300}},
    }


def test_how_fast_an_autoscaler_moves() -> None:
    down = (
        'scale_down = { select = "Min", policies.slow = { pods = 1, period = "2m" }, policies.fast = { percent = 50 } }'
    )
    service = STATEFUL.replace("replicas = 3\n", "") + (
        'resources.memory = "1Gi"\n'
        f'autoscaling = {{ min = 1, max = 5, cpu = false, memory = 80, scale_up.stabilization = "0s", {down} }}\n'
    )
    found = values_of(service, "zk")["autoscaling"]
    assert "cpu" not in found
    assert found["memory"] == 80
    assert found["behavior"] == {
        "scaleUp": {"stabilizationWindowSeconds": 0},
        "scaleDown": {
            "stabilizationWindowSeconds": 300,
            "selectPolicy": "Min",
            "policies": [
                {"type": "Percent", "value": 50, "periodSeconds": 60},
                {"type": "Pods", "value": 1, "periodSeconds": 120},
            ],
        },
    }


def test_a_layer_turns_an_autoscaler_on_and_off() -> None:
    fixed = SPRING + 'replicas = 2\nresources.cpu = "1"\n'
    scaled = "services.gateway.autoscaling = { min = 3, max = 9 }\n"
    built = build(fixed, dev="", prod=scaled)
    assert built.environments["prod"]["gateway"]["autoscaling"]["maxReplicas"] == 9
    assert built.environments["prod"]["gateway"]["replicaCount"] == 3
    assert built.bom.environments["prod"].services["gateway"].replicas == 9
    back = SPRING + 'autoscaling = { min = 3, max = 9 }\nresources.cpu = "1"\n'
    built = build(back, dev="services.gateway.replicas = 1\n", prod="")
    assert built.bom.environments["dev"].services["gateway"].replicas == 1
    assert "autoscaling" not in parse_yaml(built.files["charts/gateway/values.yaml"])


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ('{ key = "gpu" }', {"key": "gpu", "operator": "Exists"}),
        ("{}", {"operator": "Exists"}),
        (
            '{ key = "team", value = "a", effect = "NoSchedule" }',
            {"key": "team", "operator": "Equal", "value": "a", "effect": "NoSchedule"},
        ),
        (
            '{ key = "away", effect = "NoExecute", seconds = 0 }',
            {"key": "away", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0},
        ),
    ],
)
def test_tolerations(stated: str, expected: dict[str, Any]) -> None:
    assert spring(f"tolerations.t = {stated}\n")["tolerations"] == {"t": expected}


def test_a_selector_of_its_own_is_frozen() -> None:
    more = 'selector = { release = "old", app = "gw" }\n'
    built = build(SPRING + more, STATEFUL.replace("zk]", 'zk]\nselector = { a = "b" }'))
    assert spring(more)["selector"] == {"app": "gw", "release": "old"}
    frozen = {name: entry.immutable["dev"] for name, entry in built.lock.charts.items()}
    assert frozen["gateway"]["Deployment/gateway spec.selector"] == "app=gw,release=old"
    assert frozen["zk"]["StatefulSet/zk spec.selector"] == "a=b"
    with pytest.raises(InputError, match="app=gw,release=old"):
        build(SPRING, STATEFUL, lock=built.lock, version="1.0.1")


def test_everybody_looks_for_pods_by_their_selector() -> None:
    more = 'selector = { release = "old" }\nnetwork = true\nmetrics = {}\n'
    platform = resolve(SPRING + more, dev="")
    values = build_platform(platform).files["charts/gateway/values.yaml"]
    assert parse_yaml(values)["networkPolicy"]["from"]["own-pods"]["pods"] == {"release": "old"}
    (job,) = build_jobs(platform.environments["dev"], ["gateway"], "pods", []).jobs
    assert job["kubernetes_sd_configs"][0]["selectors"] == [{"role": "pod", "label": "release=old"}]


def test_a_sidecar_with_everything() -> None:
    more = f"""
time_zone = "Asia/Shanghai"
volumes.logs = {{ mount = "/logs", nfs = {{ server = "n", path = "/" }}, per_pod = true }}
[services.gateway.sidecars.ship]
{IMAGE.replace(", version", chr(10) + "version")}
args = ["-e"]
before_init_containers = true
env.TARGET = {{ endpoint = "db", port = "mysql" }}
env.COPY = "$(TZ)"
env_from.all = {{ secret = "ship", prefix = "S_" }}
mounts = {{ logs = "/in" }}
ports.stats = 5066
probes = {{ startup_budget = "30s", liveness = false, readiness.exec = ["true"] }}
resources = {{ memory = "64Mi", cpu = "10m" }}
"""
    side = spring(more)["sidecars"]["ship"]
    assert side.pop("image")["repository"] == "team/side"
    assert side == {
        "args": ["-e"],
        "env": {
            "COPY": "$(TZ)",
            "POD_NAME": {"fieldRef": {"fieldPath": "metadata.name"}},
            "TARGET": "db.data.svc.cluster.local:3306",
            "TZ": "Asia/Shanghai",
        },
        "envOrder": ["TZ"],
        "envFrom": {"all": {"prefix": "S_", "secretRef": {"name": "ship"}}},
        "mounts": {"logs": "/in"},
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
        "beforeInitContainers": True,
        "ports": {"stats": 5066},
        "startupBudgetSeconds": 30,
        "startupProbe": {"tcpSocket": {"port": "stats"}, "periodSeconds": 5, "timeoutSeconds": 3},
        "readinessProbe": {
            "exec": {"command": ["true"]},
            "periodSeconds": 10,
            "timeoutSeconds": 3,
            "failureThreshold": 3,
        },
    }


def test_sidecars_count_as_what_the_service_needs() -> None:
    side = f'sidecars.ship = {{ {IMAGE.replace("hub", "company")}, env.T = {{ endpoint = "db", port = "mysql" }}, '
    side += 'ports.p = 1, probes.startup_budget = "30s" }\n'
    entry = build(STATEFUL + side, EXTERNAL).bom.environments["dev"].services["zk"]
    assert entry.depends_on == ("db",)
    assert entry.images == ("192.168.88.159:5000/team/side:1", "docker.io/library/zookeeper:3.8")
    assert entry.startup_budget == 150
    assert values_of(STATEFUL + side, "zk", EXTERNAL)["imagePullSecrets"] == [{"name": "company-pull"}]


def test_init_containers_may_have_resources_of_their_own() -> None:
    stated = f'init_containers.a = {{ {IMAGE}, resources.memory = "32Mi" }}\ninit_containers.b = {{ {IMAGE} }}\n'
    found = spring(stated)["initContainers"]
    assert found["a"]["resources"] == {"requests": {"memory": "32Mi"}, "limits": {"memory": "32Mi"}}
    assert "resources" not in found["b"]


def test_a_directory_per_pod() -> None:
    more = 'volumes.logs = { mount = "/l", sub_path = "a$(B)/", nfs = { server = "n", path = "/" }, per_pod = true }\n'
    values = spring(more)
    assert values["volumes"]["logs"]["subPathExpr"] == "a$$(B)/$(POD_NAME)"
    assert values["env"] == {"POD_NAME": {"fieldRef": {"fieldPath": "metadata.name"}}}


def test_the_time_zone_reaches_every_container_and_may_be_used() -> None:
    more = f'time_zone = "UTC"\nenv.A = "$(TZ)"\ninit_containers.i = {{ {IMAGE} }}\nsidecars.s = {{ {IMAGE} }}\n'
    values = spring(more)
    assert values["envOrder"] == ["TZ"]
    assert [values["initContainers"]["i"]["env"], values["sidecars"]["s"]["env"]] == [{"TZ": "UTC"}] * 2


def test_every_workload_has_the_same_words() -> None:
    words = Workload.model_fields.keys()
    assert all(words <= MODELS[name].model_fields.keys() for name in ("spring-service", "statefulset-infra"))
