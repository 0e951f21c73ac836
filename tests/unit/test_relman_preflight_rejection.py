"""What an API server says when it refuses, as sentences, and never with values. The texts are those of 1.36."""

from __future__ import annotations

import pytest

from relman.core.preflight.rejection import explain_rejection

RESTRICTED = (
    'pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "m"'
    ' must set securityContext.allowPrivilegeEscalation=false), runAsNonRoot != true (pod or container "m" must set'
    " securityContext.runAsNonRoot=true)"
)
IMMUTABLE = (
    'Deployment.apps "d" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"d","v":"1"}}: field is'
    " immutable"
)
SET = (
    "StatefulSet.apps \"s\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas',"
    " 'ordinals', 'template', 'updateStrategy' are forbidden"
)
MANY = (
    'Pod "p" is invalid: [spec.containers[0].image: Required value, spec.containers[0].env[0].value: Invalid value:'
    ' "hunter2: x": must be shorter, spec.volumes[0].name: Duplicate value: "hunter2", spec.dnsPolicy: Unsupported'
    ' value: "hunter2": supported values: "ClusterFirst", "Default", spec.x: Not found: "hunter2"]'
)
NODE_PORT = 'Service "s" is invalid: spec.ports[0].nodePort: Invalid value: 31999: provided port is already allocated'
QUOTA = (
    'pods "p" is forbidden: exceeded quota: q, requested: requests.cpu=2, used: requests.cpu=0, limited: requests.cpu=1'
)
ACCOUNT = 'pods "p" is forbidden: error looking up service account x/y: serviceaccount "y" not found'
TYPED = "failed to create typed patch object (x/d; apps/v1, Kind=Deployment): .spec.bogus: field not declared in schema"
POLICY = (
    "pods \"p\" is forbidden: ValidatingAdmissionPolicy 'no-latest' with binding 'b' denied request: tags must be fixed"
)


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (IMMUTABLE, "immutable", "spec.selector"),
        (SET, "immutable", "claims"),
        (RESTRICTED, "pod-security", "level restricted does not allow them: allowPrivilegeEscalation != false"),
        (QUOTA, "quota", "quota q has no room: asked for requests.cpu=2, used requests.cpu=0 of requests.cpu=1"),
        (
            'pods "p" is forbidden: failed quota: q: must specify requests.cpu for: m',
            "quota-field",
            "requests.cpu for: m",
        ),
        (NODE_PORT, "node-port", "taken"),
        (ACCOUNT, "account", "serviceaccount"),
        (TYPED, "schema", ".spec.bogus: field not declared in schema"),
        (POLICY, "webhook", "policy no-latest denies it: tags must be fixed"),
        ('admission webhook "v.kyverno" denied the request: no', "webhook", "policy v.kyverno denies it: no"),
        ('Internal error occurred: failed calling webhook "w": EOF', "webhook-silent", "webhook w does not answer"),
        (
            'pods "p" is forbidden: no PriorityClass with name nope was found',
            "other",
            "no PriorityClass with name nope",
        ),
        ("something new", "other", "something new"),
    ],
)
def test_each_refusal_is_told_in_plain_words(said: str, kind: str, words: str) -> None:
    rejection = explain_rejection(said)
    assert rejection.kind == kind
    assert words in rejection.text


def test_values_are_never_told() -> None:
    rejection = explain_rejection(MANY)
    assert "hunter2" not in rejection.text
    assert rejection.text.split("; ") == [
        "spec.containers[0].image: required value",
        "spec.containers[0].env[0].value: invalid value, must be shorter",
        "spec.volumes[0].name: duplicate value",
        'spec.dnsPolicy: unsupported value, it may be "ClusterFirst", "Default"',
        "spec.x: not found",
    ]
    typed = explain_rejection(TYPED.replace("field not declared in schema", "expected numeric, got hunter2"))
    assert "hunter2" not in typed.text


def test_what_is_said_to_be_missing_is_named() -> None:
    assert explain_rejection("no PriorityClass with name high was found").missing == "high"
    assert explain_rejection('runtimeclass "gvisor" not found').missing == "gvisor"


def test_long_texts_are_cut() -> None:
    assert len(explain_rejection("x" * 5000).text) <= 400
