"""What only events tell."""

from __future__ import annotations

from relman.core.diagnosis import diagnose
from relman.core.rollout import Snapshot
from tests.unit.relman_rollout_objects import (
    NOW,
    ago,
    applied,
    claim,
    event,
    pod,
    pod_of_set,
    running,
    statefulset,
    terminated,
    unschedulable,
    waiting,
)
from tests.unit.relman_rollout_situations import (
    BACK_OFF,
    IMAGE,
    NOT_FOUND,
    POD_SECURITY,
    judge,
    of_deployment,
)


def test_an_old_kubelets_events_tell_that_the_image_does_not_exist() -> None:
    broken = pod("web-2-a", waiting("ImagePullBackOff", BACK_OFF))
    told = event(broken, "Failed", f'Failed to pull image "{IMAGE}": {NOT_FOUND}', container="app")
    status = judge(*of_deployment(broken), events=[told])
    assert (status.state, status.causes[0].kind) == ("doomed", "image-not-found")


def test_statefulset_refusals_come_from_events() -> None:
    live = statefulset(status={"updatedReplicas": 0, "replicas": 0, "readyReplicas": 0})
    told = event(live, "FailedCreate", f"create Pod db-0 in StatefulSet db failed error: {POD_SECURITY}", seen=60)
    assert judge(live, events=[told]).causes[0].kind == "admission"
    over = event(live, "SuccessfulCreate", "create Pod db-0 in StatefulSet db successful", seen=1, kind="Normal")
    assert judge(live, events=[told, over]).state == "progressing"


def test_what_is_over_once_the_pods_are_there() -> None:
    """A refusal stays in the events for an hour; pods that exist disprove it."""
    live = statefulset(replicas=1, status={"readyReplicas": 0})
    told = event(live, "FailedCreate", "exceeded quota: q, requested: cpu=1, used: cpu=4", seen=600)
    assert judge(live, pod_of_set(0, running()), events=[told]).causes == ()


def test_provisioning_failures_of_a_claim_come_from_events() -> None:
    live = claim(phase="Pending", storage_class="fast")
    live["metadata"]["creationTimestamp"] = ago(40)
    told = event(live, "ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found', seen=5)
    status = judge(live, events=[told])
    assert (status.state, status.causes[0].kind) == ("doomed", "claim-unbound")
    assert "StorageClass fast" in status.causes[0].detail
    later = event(live, "Provisioning", "External provisioner is provisioning volume", seen=1, kind="Normal")
    assert judge(live, events=[told, later]).state == "doomed"


def test_an_unscheduled_pod_with_an_unbound_claim_leads_to_the_claim() -> None:
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    message = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    broken = pod_of_set(0, conditions=[unschedulable(message, since=90)], volumes=[volume])
    pending = claim(phase="Pending", storage_class=None)
    pending["metadata"]["creationTimestamp"] = ago(90)
    told = event(pending, "FailedBinding", "no persistent volumes available for this claim and no storage class is set")
    live = statefulset(status={"updatedReplicas": 1, "readyReplicas": 0})
    status = judge(live, broken, pending, events=[told])
    assert status.state == "doomed"
    assert [cause.kind for cause in status.causes] == ["claim-unbound"]


def test_a_node_that_an_autoscaler_announced_is_waited_for() -> None:
    broken = pod("web-2-a", conditions=[unschedulable("0/3 nodes are available: 3 Insufficient cpu.", since=120)])
    told = event(broken, "TriggeredScaleUp", "pod triggered scale-up: [{pool 3->4 (max: 9)}]", kind="Normal")
    assert judge(*of_deployment(broken)).state == "doomed"
    assert judge(*of_deployment(broken), events=[told]).state == "progressing"


def test_a_volume_whose_secret_is_missing() -> None:
    broken = pod("web-2-a", waiting("ContainerCreating"), age=40)
    told = event(broken, "FailedMount", 'MountVolume.SetUp failed for volume "tls" : secret "web-tls" not found')
    status = judge(*of_deployment(broken), events=[told])
    assert status.state == "doomed"
    assert status.causes[0].summary == "Secret web-tls does not exist"


def test_killed_by_its_startup_probe_twice() -> None:
    """It had its whole startup budget twice: the probe is the reason, not the exit code of the kill."""
    broken = pod("web-2-a", running(restarts=2, last=terminated(143)), phase="Running", age=700)
    events = [
        event(
            broken, "Unhealthy", "Startup probe failed: HTTP probe failed with statuscode: 503", container="app", seen=3
        ),
        event(broken, "Killing", "Container app failed startup probe, will be restarted", container="app", seen=2),
    ]
    status = judge(*of_deployment(broken), events=events)
    assert (status.state, status.causes[0].kind) == ("doomed", "probe-failed")
    assert status.causes[0].summary == "startup probe of container app fails: HTTP status 503"
    once = pod("web-2-a", running(restarts=1, last=terminated(143)), phase="Running", age=400)
    assert judge(*of_deployment(once), events=events).state == "progressing"


def test_a_failing_readiness_probe_is_told_while_waiting() -> None:
    slow = pod("web-2-a", running(), phase="Running")
    text = 'Readiness probe failed: Get "http://10.1.2.3:80/": dial tcp 10.1.2.3:80: connect: connection refused'
    status = judge(*of_deployment(slow), events=[event(slow, "Unhealthy", text, container="app")])
    assert status.state == "progressing"
    assert status.causes[0].summary == "readiness probe of container app fails: connection refused"


def test_a_failing_startup_probe_is_normal_until_the_time_is_over() -> None:
    slow = pod("web-2-a", running(), phase="Running")
    text = "Startup probe failed: HTTP probe failed with statuscode: 503"
    live, told = of_deployment(slow), [event(slow, "Unhealthy", text, container="app")]
    assert judge(*live, events=told).causes == ()
    causes = diagnose([applied(live[0])], Snapshot.of(live, events=told), now=NOW)
    assert [cause.summary for cause in causes] == ["startup probe of container app fails: HTTP status 503"]


def test_pods_that_their_node_stops_are_told() -> None:
    evicted = pod("web-2-a", phase="Failed", reason="Evicted")
    status = judge(*of_deployment(evicted, pod("web-2-b", running(), phase="Running")))
    assert status.state == "progressing"
    assert status.causes[0].summary == "pods are stopped by their node (Evicted): The node was low on resource: memory."


def test_a_closed_readiness_gate_is_told_when_the_time_is_over() -> None:
    gated = pod("web-2-a", running(ready=True), phase="Running", readinessGates=[{"conditionType": "example/lb"}])
    live = of_deployment(gated)
    assert judge(*live).causes == ()
    (cause,) = diagnose([applied(live[0])], Snapshot.of(live), now=NOW)
    assert cause.summary == "readiness gate example/lb is not open"
