"""What `[namespaces]` says becomes a chart of its own that everything there waits for."""

from __future__ import annotations

from typing import Any

import pytest

from helmkit.errors import InputError
from helmkit.yaml import parse_yaml
from tests.builders.releases import EXTERNAL, SPRING, build, resolve, values_of

QUOTA = '[namespaces.apps]\nquota = { pods = 20, "requests.memory" = "8Gi" }\n'
LIMITS = '[namespaces.apps.limits]\ndefault = { memory = "512Mi" }\nmax.cpu = "2"\n'


def objects(layer: str) -> dict[str, Any]:
    found: dict[str, Any] = parse_yaml(build(SPRING, dev=layer).files["charts/namespace-apps/values.yaml"])
    return found["objects"]  # type: ignore[no-any-return]


def test_quota_and_limits() -> None:
    found = objects(QUOTA + LIMITS)
    assert found["resourcequota-namespace-objects"]["spec"] == {"hard": {"pods": "20", "requests.memory": "8Gi"}}
    limit = {"type": "Container", "default": {"memory": "512Mi"}, "max": {"cpu": "2"}}
    assert found["limitrange-namespace-objects"]["spec"] == {"limits": [limit]}


@pytest.mark.parametrize(
    ("word", "types", "among_each_other"),
    [
        ("deny", ["Ingress", "Egress"], False),
        ("deny-in", ["Ingress"], False),
        ("namespace", ["Ingress", "Egress"], True),
    ],
)
def test_network(word: str, types: list[str], among_each_other: bool) -> None:
    spec = objects(f'[namespaces.apps]\nnetwork = "{word}"\n')["networkpolicy-namespace-objects"]["spec"]
    assert spec["policyTypes"] == types
    assert ("ingress" in spec) == among_each_other
    # Without DNS, nothing that a policy of its own allows would work either.
    assert (53 in [port["port"] for rule in spec.get("egress", []) for port in rule.get("ports", [])]) == (
        "Egress" in types
    )


def test_the_services_there_wait_for_it_and_others_do_not() -> None:
    bom = build(SPRING, EXTERNAL, dev=QUOTA, prod="").bom
    dev, prod = bom.environments["dev"].services, bom.environments["prod"].services
    assert dev["gateway"].depends_on == ("namespace-apps",)
    assert dev["db"].depends_on == prod["gateway"].depends_on == ()
    assert "namespace-apps" not in prod
    own = dev["namespace-apps"]
    assert (own.release, own.namespace, own.archetype) == ("namespace-objects", "apps", "namespace-objects")


def test_pull_secrets_are_in_every_pod_of_the_namespace() -> None:
    built = build(SPRING, dev="", prod='[namespaces.apps]\npull_secrets = ["team-pull", "company-pull"]\n')
    assert values_of(SPRING, "gateway")["imagePullSecrets"] == [{"name": "company-pull"}]
    assert built.environments["prod"]["gateway"]["imagePullSecrets"] == [
        {"name": "company-pull"},
        {"name": "team-pull"},
    ]
    assert "namespace-apps" not in built.bom.environments["prod"].services


def test_annotations_are_for_relman_to_set() -> None:
    built = build(SPRING, dev='[namespaces.apps]\nannotations = { "example.com/owner" = "Team A" }\n')
    assert built.bom.environments["dev"].namespaces["apps"].annotations == {"example.com/owner": "Team A"}


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("[namespaces.apps]\nlimits = {}\n", "says nothing"),
        ('[namespaces.apps]\nquota.pods = "many"\n', "quota.pods"),
        ('[namespaces.apps]\nnetwork = "closed"\n', "network"),
        ('[namespaces.apps]\nannotations = { "a b" = "c" }\n', "is not a valid annotation key"),
    ],
)
def test_what_is_refused(layer: str, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve(SPRING, dev=layer)
    assert expected in str(caught.value)


def test_the_key_of_a_namespaces_objects_is_taken() -> None:
    with pytest.raises(InputError) as caught:
        resolve(SPRING.replace("services.gateway", "services.namespace-apps"), dev=QUOTA)
    assert "choose another key" in str(caught.value)
